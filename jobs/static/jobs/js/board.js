// A page that tells of many jobs in parts ([data-part]). Bars move with the messages; a part
// is fetched again once one of its jobs moves, and every so often for those that came.
import { tellStatus } from "./live.js";
import { html, oneAtATime, swap } from "./parts.js";
import { showProgress } from "./row.js";
import { subscribe } from "./socket.js";

const MOST = 40; // topics; a socket takes 50
const TOGETHER = 1000; // changes this near to each other are one
const WITHOUT_SOCKET = 2000;
const heard = new Map(); // job -> { leave, seq }
const parts = () => [...document.querySelectorAll("[data-part]")];
const row = (job) => document.querySelector(`[data-part] [data-job="${CSS.escape(job)}"]`);
let coming = 0;
let asking = 0;

const look = oneAtATime(async () => {
  if (document.hidden) return;
  const query = new URLSearchParams(location.search);
  for (const { dataset } of parts()) query.append("part", dataset.part);
  swap(await html(`${location.pathname}?${query}`));
  listen();
});

function lookSoon() {
  coming ||= setTimeout(() => {
    coming = 0;
    look();
  }, TOGETHER);
}

function listen() {
  const shown = [...document.querySelectorAll("[data-part] [data-job][data-live]")].slice(0, MOST);
  const jobs = new Set(shown.map(({ dataset }) => dataset.job));
  for (const [job, leave] of heard) if (!jobs.has(job)) (leave(), heard.delete(job));
  for (const { dataset } of shown) if (!heard.has(dataset.job)) heard.set(dataset.job, follow(dataset));
}

function follow({ job, seq }) {
  return subscribe(`job:${job}`, {
    after: Number(seq),
    message: (message) => hear(job, message),
    status,
  });
}

function hear(job, message) {
  if (message.type === "progress") showProgress(row(job), message);
  else if (message.type === "state") lookSoon();
  else if (message.type === "snapshot" && message.seq !== Number(row(job)?.dataset.seq)) lookSoon();
}

function status(text) {
  if (!tellStatus(text)) return; // each row hears it
  clearInterval(asking);
  if (text === "offline") asking = setInterval(look, WITHOUT_SOCKET);
  if (text === "live") lookSoon();
}

listen();
const every = Math.min(...parts().map(({ dataset }) => Number(dataset.every)));
if (Number.isFinite(every)) setInterval(look, every * 1000);
document.addEventListener("visibilitychange", look);
