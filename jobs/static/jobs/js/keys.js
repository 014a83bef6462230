// Keys: / search, j k move, x tick, Enter open, g h, g j, g t and g s go, ? help.

const steps = {
  "/": () => focus(document.querySelector("#q") ?? document.querySelector("#log-words")) || follow("[data-find]"),
  "?": () => document.querySelector("#keys").showModal(),
  j: () => move(1),
  k: () => move(-1),
  x: () => document.querySelector("tr.cursor [form=bulk]")?.click(),
  Enter: () => document.querySelector("tr.cursor a.tn")?.click(),
};
const places = { h: ".nav a:nth-of-type(1)", j: ".nav a:nth-of-type(2)", t: ".nav a:nth-of-type(3)", s: ".nav a:nth-of-type(4)" };
let going = 0;

export function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "g") return void (going = Date.now());
    const place = Date.now() - going < 1000 && places[event.key];
    if (!place && (!steps[event.key] || (event.key === "Enter" && event.target !== document.body))) return;
    event.preventDefault();
    if (place) follow(place);
    else steps[event.key]();
  });
}

function isTyping(element) {
  return element.closest("input:not([type=checkbox], [type=radio]), textarea, select, dialog[open], [contenteditable]");
}

function focus(field) {
  field?.focus();
  field?.select?.();
  return field;
}

function follow(selector) {
  document.querySelector(selector)?.click();
}

function move(by) {
  const log = document.activeElement?.closest(".log");
  const rows = [...(log ?? document).querySelectorAll(log ? "li:not([hidden])" : ".tbl.rows tbody tr:not(.note)")];
  if (!rows.length) return;
  const name = log ? "at" : "cursor";
  const old = rows.findIndex((row) => row.classList.contains(name));
  const next = rows[Math.min(Math.max(old + by, 0), rows.length - 1)];
  rows[old]?.classList.remove(name);
  next.classList.add(name);
  next.scrollIntoView({ block: "nearest" });
  if (!log) next.querySelector("a.tn")?.focus({ preventScroll: true });
}
