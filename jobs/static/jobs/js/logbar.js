// What a person does to a log: levels, finding, following, links to a line or to some.

import { attachFind } from "./logfind.js";

const BESIDE_END = 24; // pixels from the end that still count as being there
const LINES = /^#L(\d+)(?:-L(\d+))?$/;

export function attach(log) {
  const { list } = log;
  const [level, words, follow, download] = ["level", "words", "follow", "download"].map((name) => document.querySelector(`#log-${name}`));
  document.querySelectorAll("[data-js]").forEach((control) => (control.hidden = false));
  document.querySelectorAll("[data-no-js]").forEach((control) => (control.hidden = true));
  const find = attachFind(log, words, document.querySelector("#log-hits"));

  log.stopFollowing = () => (log.isFollowing = follow.checked = false);
  follow.addEventListener("change", () => ((log.isFollowing = follow.checked) ? log.end() : 0));
  list.addEventListener("wheel", () => list.scrollHeight - list.scrollTop - list.clientHeight > BESIDE_END && log.stopFollowing());
  list.addEventListener("scroll", () => {
    if (!list.offsetHeight || !list.matches(":hover, :focus-within")) return;
    log.isFollowing = follow.checked = list.scrollHeight - list.scrollTop - list.clientHeight < BESIDE_END;
  });
  level.addEventListener("change", async () => {
    await log.lines.choose(level.value);
    log.view.redraw();
    log.end();
    [words.value, log.words] = [words.value, ""];
    find();
    link(download, level, words);
  });
  words.addEventListener("input", () => link(download, level, words));
  words.form.addEventListener("submit", (event) => event.preventDefault());
  const wrap = list.parentElement.querySelector("[name=wrap]");
  wrap.addEventListener("change", () => ((log.view.wraps = wrap.checked), log.view.redraw()));
  log.view.wraps = wrap.checked; // the browser may remember it
  list.addEventListener("click", (event) => choose(event, log));
  addEventListener("hashchange", () => show(log));
  log.isFollowing = follow.checked;
  if (level.value) level.dispatchEvent(new Event("change"));
  else log.isFollowing ? log.end() : log.view.draw();
  if (words.value) find();
  show(log);
}

// A click on a number is a link to that line; with Shift, to all from the one before.
function choose(event, log) {
  const number = Number(event.target.closest("a")?.textContent);
  if (!number) return;
  event.preventDefault();
  const [first, last] = event.shiftKey && log.chosen[0] ? [log.chosen[0], number].sort((one, other) => one - other) : [number, number];
  location.hash = first === last ? `L${first}` : `L${first}-L${last}`;
}

function show(log) {
  const found = LINES.exec(location.hash);
  log.chosen = found ? [Number(found[1]), Number(found[2] ?? found[1])] : [0, 0];
  for (const row of log.view.rows.values()) log.dressed(row);
  if (!found) return;
  log.stopFollowing();
  log.goTo(log.chosen[0]);
}

function link(download, level, words) {
  if (!download) return;
  const query = new URLSearchParams({ level: level.value, find: words.value.trim() });
  for (const [name, value] of [...query]) if (!value) query.delete(name);
  download.search = query;
}
