// Finding words in the whole log: the server looks, this page goes from hit to hit.

import { quantity } from "./times.js";

const PAUSE = 300; // of typing
const QUIET = 2000; // between two words on hits that came by themselves
const COLOUR = /\x1b\[[0-9;]*m/g;

export function attachFind(log, field, status) {
  let numbers = [];
  let at = -1;
  let typing = 0;
  let telling = 0;

  log.list.addEventListener("lines", ({ detail }) => hear(detail));
  field.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(find, PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    go(event.shiftKey ? -1 : 1);
  });
  status.querySelector("[data-go='1']").addEventListener("click", () => go(1));
  status.querySelector("[data-go='-1']").addEventListener("click", () => go(-1));

  async function find() {
    const words = field.value.trim();
    if (words.toLowerCase() === log.words) return;
    log.words = words.toLowerCase();
    const found = words ? await log.lines.ask({ hits: "", find: words, level: log.lines.level }) : { numbers: [] };
    if (words !== field.value.trim()) return; // typed on meanwhile
    numbers = found.numbers;
    const last = numbers.at(-1) ?? 0;
    // What has come in the last second is not stored yet: the server cannot know it.
    if (!found.is_more) numbers.push(...holding([...log.lines.kept.values()].filter(([number]) => number > last)));
    at = -1;
    status.hidden = !words;
    log.view.redraw();
    tell(found.is_more);
    go(1);
  }

  // Lines that came since: those that hold the words are hits, too. A later attempt may write
  // the last ones anew.
  function hear(lines) {
    if (!log.words || status.dataset.more) return;
    numbers = [...numbers.filter((number) => number < lines[0][0]), ...holding(lines)];
    telling ||= setTimeout(() => tell(void (telling = 0)), QUIET);
  }

  function holding(lines) {
    const holds = ([number, , , text]) =>
      log.lines.isChosen(number) && text.replace(COLOUR, "").toLowerCase().includes(log.words);
    return log.words ? lines.filter(holds).map(([number]) => number).sort((one, other) => one - other) : [];
  }

  // To the next hit, or the one before; from the last one on to the first.
  async function go(by) {
    if (!numbers.length) return;
    at = (at + by + numbers.length) % numbers.length;
    log.stopFollowing();
    tell();
    await log.goTo(numbers[at]);
    log.list.querySelector(".hit")?.classList.remove("hit");
    document.getElementById(`L${numbers[at]}`)?.classList.add("hit");
  }

  function tell(isMore = status.dataset.more === "yes") {
    status.dataset.more = isMore ? "yes" : "";
    const told = numbers.length ? status.dataset.words : status.dataset.none;
    const all = `${quantity(numbers.length)}${isMore ? "+" : ""}`;
    status.querySelector("[role=status]").textContent = told.replace("{n}", quantity(at + 1)).replace("{all}", all);
  }

  return find;
}
