// Whether the reader is still signed in; where not, the page gives way to the door.
export async function isSignedIn() {
  const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" }).catch(() => null);
  if (answer?.type !== "opaqueredirect") return true; // or the server is away: it will tell
  location.reload();
  return false;
}
