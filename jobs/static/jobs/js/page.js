// What every page can do with scripts: fresh times, keys, themes, copying.

import { offerThemes } from "./choice.js";
import { listen } from "./keys.js";
import { say } from "./say.js";
import { keepTelling } from "./times.js";

keepTelling();
listen();
offerThemes(document.querySelector(".theme"));
offerCopies(document);
document.addEventListener("parts", (event) => offerCopies(event.target));
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-of]");
  if (button) copy(button);
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

function offerCopies(within) {
  if (!navigator.clipboard) return; // plain http from another machine: no clipboard
  within.querySelectorAll("[data-copy], [data-copy-of]").forEach((button) => (button.hidden = false));
}

async function copy(button) {
  const source = button.dataset.copyOf && document.getElementById(button.dataset.copyOf);
  await navigator.clipboard.writeText(source ? textOf(source) : button.dataset.copy);
  say(button.dataset.done);
}

function textOf(element) {
  return [...element.querySelectorAll("pre")].map((pre) => pre.textContent).join("\n");
}
