// What stands around the rows of the list: how many jobs came, how many are in each state.

import { html, oneAtATime, swap } from "./parts.js";
import { saySometimes } from "./say.js";

const EVERY = 10_000;
const PAUSE = 5000; // they cost more than the rows
const LONGEST = 30_000;

// To be called when a job has changed its state, or come: so have the counts.
export const look = oneAtATime(async () => {
  if (document.hidden) return;
  const { drawn } = document.querySelector("#fresh").dataset;
  const query = new URLSearchParams(location.search);
  query.set("part", "fresh");
  query.set("drawn", drawn);
  swap(await html(`${location.pathname}?${query}`));
}, PAUSE, LONGEST);

setInterval(look, EVERY);

document.addEventListener("parts", ({ target }) => {
  if (target.id === "fresh" && target.textContent) saySometimes(target.textContent);
});
