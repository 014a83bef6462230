// Finding words in the whole log: the server looks, this page goes from hit to hit.

import { quantity } from "./times.js";

const PAUSE = 300; // of typing

export function attachFind(log, field, status) {
  let numbers = [];
  let at = -1;
  let typing = 0;

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
    at = -1;
    status.hidden = !words;
    log.view.redraw();
    tell(found.is_more);
    go(1);
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
