// A page that tells of many jobs in parts ([data-part]). Bars move with the messages; all parts
// are fetched again once something changed, and every so often, for clocks change things too.
import { Feed } from "./feed.js";
import { tellStatus, tellUpdate } from "./live.js";
import { html, oneAtATime, swap } from "./parts.js";
import { subscribe } from "./socket.js";

const TOGETHER = 1000; // changes this near to each other are one
const SHARE = 10; // a page takes at most that part of a server's time,
const LONGEST = 4000; // but is not further behind than that
const WITHOUT_SOCKET = 2000;
const parts = () => [...document.querySelectorAll("[data-part]")];
const topic = document.querySelector("[data-topic]")?.dataset.topic;
const schedule = document.querySelector("[data-part][data-schedule]")?.dataset.schedule;
let pause = TOGETHER;
let coming = 0;
let asking = 0;

const feed = new Feed({
  rows: () => [...document.querySelectorAll(".main [data-job]")],
  changed: (jobs, many) => (jobs.length || (many && !schedule)) && lookSoon(),
  status: follow,
});

const look = oneAtATime(async () => {
  if (document.hidden) return;
  const query = new URLSearchParams(location.search);
  for (const { dataset } of parts()) query.append("part", dataset.part);
  const began = Date.now();
  swap(await html(`${location.pathname}?${query}`));
  pause = Math.min(Math.max(TOGETHER, SHARE * (Date.now() - began)), LONGEST);
  tellUpdate();
  feed.follow();
});

function lookSoon() {
  coming ||= setTimeout(() => {
    coming = 0;
    look();
  }, pause);
}

function follow(status) {
  if (!tellStatus(status)) return;
  clearInterval(asking);
  if (status === "offline") asking = setInterval(look, WITHOUT_SOCKET);
  if (status === "live") lookSoon();
}

feed.follow();
// The page of one schedule hears of all its jobs by that, and heeds no others.
if (schedule) subscribe("schedules", { only: [schedule], message: ({ schedules }) => schedules.length && lookSoon() });
if (topic) subscribe(topic, { message: lookSoon });
setInterval(look, 1000 * Math.min(...parts().map(({ dataset }) => Number(dataset.every))));
document.addEventListener("visibilitychange", look);
