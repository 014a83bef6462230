// What a person does to a log: levels, finding, following, links to lines.

const BESIDE_END = 24; // pixels from the end that still count as being there

export function attach(log) {
  const level = document.querySelector("#log-level");
  const words = document.querySelector("#log-words");
  const follow = document.querySelector("#log-follow");
  document.querySelectorAll("[data-js]").forEach((control) => (control.hidden = false));

  log.isFollowing = () => follow.checked;
  log.matches = (item) => !words.value || item.textContent.toLowerCase().includes(words.value.toLowerCase());
  level.addEventListener("change", () => (log.list.dataset.level = level.value));
  words.addEventListener("input", () => [...log.list.children].forEach((item) => (item.hidden = !log.matches(item))));
  follow.addEventListener("change", () => follow.checked && log.end());
  log.list.addEventListener("scroll", () => {
    if (!log.list.offsetHeight || log.last < log.total) return;
    follow.checked = log.list.scrollHeight - log.list.scrollTop - log.list.clientHeight < BESIDE_END;
  });
  act("#log-earlier a", () => ((follow.checked = false), log.earlier()));
  act("#log-later a", () => ((follow.checked = true), log.end()));
  log.list.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    location.hash = new URL(link.href).hash;
  });
  addEventListener("hashchange", () => show(log, follow));
  log.list.scrollTop = log.list.scrollHeight;
  show(log, follow);
}

function act(selector, work) {
  document.querySelector(selector).addEventListener("click", (event) => {
    event.preventDefault();
    work();
  });
}

async function show(log, follow) {
  const number = Number(/^#L(\d+)$/.exec(location.hash)?.[1]);
  if (!number) return;
  follow.checked = false;
  await log.around(number);
  log.list.querySelector(".at")?.classList.remove("at");
  document.getElementById(`L${number}`)?.classList.add("at");
}
