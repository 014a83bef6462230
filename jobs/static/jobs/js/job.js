// The page of one job: facts come by socket, HTML by HTTP; without a socket it asks.

import { keepNewest, keepRunning, showProgress } from "./gauge.js";
import { tellStatus } from "./live.js";
import { Log } from "./log.js";
import { attach } from "./logbar.js";
import { Gone, html, oneAtATime, swap } from "./parts.js";
import { say } from "./say.js";
import { subscribe } from "./socket.js";

const ASK_EVERY = 2000;
const LOOK_EVERY = 5000;
const ROW_WRITTEN = 1500; // what was told just before we listened is in the row by then
const ALL = ["head", "gauge", "error", "stack", "result", "errors", "artifacts", "params", "attempts", "side", "nav"];
const job = document.querySelector("#job");
const pill = () => document.querySelector("#part-head .pill").textContent.trim();
const log = new Log(document.querySelector("#lines"), job.dataset.logUrl);
let leave = () => {};
let asking = 0;
let told = pill();

const refresh = oneAtATime(() => update(ALL));
const look = oneAtATime(() => update(["gauge", "stack", "errors", "artifacts"]));

async function update(parts) {
  try {
    swap(await html(`${job.dataset.url}?${parts.map((part) => `part=${part}`).join("&")}`));
    await log.catchUp();
  } catch (error) {
    if (error instanceof Gone) return gone();
    throw error;
  }
  const { state, seq } = document.querySelector("#part-head").dataset;
  Object.assign(job.dataset, { state, seq });
  if (state === "running") document.querySelector("#log").hidden = false;
  document.title = document.title.replace(/^[^:]*/, pill());
  if (pill() !== told) say((told = pill()));
  if (!document.querySelector("#live")) end();
}

function hear(message) {
  if (message.type === "progress") showProgress(message);
  else if (message.type === "log") log.take(message);
  else if (["state", "snapshot"].includes(message.type)) refresh();
}

function follow(status) {
  tellStatus(status);
  clearInterval(asking);
  if (status === "offline") asking = setInterval(refresh, ASK_EVERY);
  if (status === "live") log.catchUp(), setTimeout(refresh, ROW_WRITTEN);
  if (/^closed:(4403|4404)$/.test(status)) gone();
}

function gone() {
  end();
  const words = Object.assign(document.createElement("p"), { className: "empty", textContent: job.dataset.gone });
  job.replaceChildren(words);
}

function end() {
  clearInterval(asking);
  leave();
  leave = () => {};
}

attach(log);
keepNewest();
keepRunning();
if ("live" in job.dataset) {
  leave = subscribe(`job:${job.dataset.job}`, { after: Number(job.dataset.seq), logAfter: log.last, message: hear, status: follow });
  setInterval(() => document.querySelector("#gauge, .why") && !document.hidden && look(), LOOK_EVERY);
}
