// How the search could go on: a list below the field, chosen with the arrows and Enter.

import { html, oneAtATime } from "./parts.js";

const PAUSE = 120;
const field = document.querySelector("#q[data-suggest]");
const list = document.querySelector("#suggestions");
let waiting = 0;

// The word before the cursor: quotes hold spaces together.
function begun() {
  const text = field.value.slice(0, field.selectionStart);
  let [start, isQuoted] = [0, false];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') isQuoted = !isQuoted;
    if (text[at] === " " && !isQuoted) start = at + 1;
  }
  return { start, word: text.slice(start) };
}

const ask = oneAtATime(async () => {
  const { word } = begun();
  if (document.activeElement !== field) return close();
  const found = await html(`${field.dataset.suggest}?word=${encodeURIComponent(word)}`);
  if (begun().word !== word) return askSoon();
  list.replaceChildren(...found.querySelectorAll("li"));
  show(list.children.length > 0 && document.activeElement === field);
});

function askSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE);
}

function show(isOpen) {
  clearTimeout(waiting);
  list.hidden = !isOpen;
  field.setAttribute("aria-expanded", isOpen);
  mark(null);
}

const close = () => show(false);

const marked = () => list.querySelector("[aria-selected=true]");

function mark(option) {
  marked()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", option?.id ?? "");
}

function take(option) {
  const { start } = begun();
  const text = option.dataset.text;
  const goesOn = /[:.]$/.test(text);
  field.setRangeText(goesOn ? text : `${text} `, start, field.selectionStart, "end");
  (goesOn ? ask : close)();
}

const accept = () => marked() && (take(marked()), true);
const steps = {
  ArrowDown: () => mark(marked()?.nextElementSibling ?? list.firstElementChild),
  ArrowUp: () => mark(marked()?.previousElementSibling ?? list.lastElementChild),
  Enter: accept,
  Tab: accept,
  Escape: () => (close(), true),
};

field.addEventListener("input", askSoon);
field.addEventListener("focus", askSoon);
field.addEventListener("blur", close);
field.addEventListener("keydown", (event) => {
  if (!list.hidden && steps[event.key] && steps[event.key]() !== null) event.preventDefault();
});
list.addEventListener("pointerdown", (event) => {
  event.preventDefault(); // the field keeps the focus
  const option = event.target.closest("li");
  if (option) take(option);
});
