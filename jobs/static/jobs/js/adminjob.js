// The page of one job in the admin: its news fetch again what changes, as it was first painted.

import { bar } from "./gauge.js";
import { tellStatus } from "./live.js";
import { Gone, html, oneAtATime, swap } from "./parts.js";
import { subscribe } from "./socket.js";

const PAUSE = 1000;
const ASK_EVERY = 5000;
const now = () => document.querySelector("#batuta-now");
let asking = 0;
let leave = () => {};

const refresh = oneAtATime(async () => {
  try {
    const page = await html(location.href);
    swap({ children: page.querySelectorAll("[data-part]") });
  } catch (error) {
    if (error instanceof Gone) return location.reload();
    throw error;
  }
  if (!("live" in now().dataset)) end();
  await new Promise((later) => setTimeout(later, PAUSE));
});

function hear(message) {
  if (message.type === "progress") showProgress(message.progress);
  else refresh();
}

function showProgress(percent) {
  const shown = now().querySelector("[data-percent]");
  if (percent === null || percent === undefined || !shown) return refresh();
  shown.textContent = `${percent < 100 ? Math.floor(percent) : 100} %`;
  bar(now().querySelector("[data-bar]"), percent);
}

function follow(status) {
  tellStatus(status);
  clearInterval(asking);
  if (status === "offline") asking = setInterval(refresh, ASK_EVERY);
  if (/^closed:(4403|4404)$/.test(status)) location.reload();
}

function end() {
  clearInterval(asking);
  leave();
}

if ("live" in now().dataset) {
  const { job, seq } = now().dataset;
  leave = subscribe(`job:${job}`, { after: Number(seq), message: hear, status: follow });
}
