// Where the socket of this site is: `/ws`, unless the page's head says otherwise.

export function address() {
  const path = document.querySelector("meta[name=jobs-socket]")?.content || "/ws";
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}
