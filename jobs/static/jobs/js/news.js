// What stands around the rows of the list: how many jobs came, how many are in each state.

import { html, oneAtATime, swap } from "./parts.js";

const EVERY = 10_000;
const TOGETHER = 500; // changes this near to each other are one

let coming = 0;

const look = oneAtATime(async () => {
  if (document.hidden) return;
  const { drawn } = document.querySelector("#fresh").dataset;
  const query = new URLSearchParams(location.search);
  query.set("part", "fresh");
  query.set("drawn", drawn);
  swap(await html(`${location.pathname}?${query}`));
});

// A row has changed its state: so have the counts.
export function lookSoon() {
  coming ||= setTimeout(() => {
    coming = 0;
    look();
  }, TOGETHER);
}

setInterval(look, EVERY);
