// A page that tells of many jobs in parts ([data-part]). Bars move with the messages; the parts
// are fetched again once a job changes, and every so often for what no job tells.
import { Feed } from "./feed.js";
import { tellStatus } from "./live.js";
import { html, oneAtATime, swap } from "./parts.js";

const PAUSE = 2000;
const WITHOUT_SOCKET = 2000;
const parts = () => [...document.querySelectorAll("[data-part]")];
let asking = 0;

const look = oneAtATime(async () => {
  if (document.hidden) return;
  const query = new URLSearchParams(location.search);
  for (const { dataset } of parts()) query.append("part", dataset.part);
  swap(await html(`${location.pathname}?${query}`));
  feed.follow();
}, PAUSE);

const feed = new Feed({
  rows: () => [...document.querySelectorAll("#main [data-job]")],
  changed: look,
  status(text) {
    if (!tellStatus(text)) return;
    clearInterval(asking);
    if (text === "offline") asking = setInterval(look, WITHOUT_SOCKET);
    if (text === "live") look();
  },
});

feed.follow();
const every = Math.min(...parts().map(({ dataset }) => Number(dataset.every)));
if (Number.isFinite(every)) setInterval(look, every * 1000);
document.addEventListener("visibilitychange", look);
