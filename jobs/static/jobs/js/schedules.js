// The list of schedules: a row changes in place when its schedule fires, ends a job or is edited.
import { tellStatus } from "./live.js";
import { html, oneAtATime, swap } from "./parts.js";
import { subscribe } from "./socket.js";

const PAUSE = 1000; // between two fetches of rows
const AROUND = 15_000; // what stands around them costs more
const WITHOUT_SOCKET = 2000;
const rows = () => [...document.querySelectorAll("#rows [data-schedule]")].map(({ dataset }) => dataset.schedule);
const row = (key) => document.getElementById(`schedule-${key}`);
const changed = new Set();
let asking = 0;

const renew = oneAtATime(async () => {
  const keys = [...changed].filter(row);
  changed.clear();
  if (!keys.length) return;
  const query = new URLSearchParams(location.search);
  query.set("part", "rows");
  for (const key of keys) query.append("schedule", key);
  const content = await html(`${location.pathname}?${query}`);
  for (const key of keys) {
    const fresh = content.getElementById(`schedule-${key}`);
    if (!fresh) row(key).remove(); // gone, or no longer to be seen
    else if (row(key).querySelector(".cursor")) fresh.querySelector("tr").classList.add("cursor");
  }
  swap(content);
}, PAUSE);

const lookAround = oneAtATime(async () => {
  if (document.hidden) return;
  const query = new URLSearchParams(location.search);
  query.set("part", "around");
  swap(await html(`${location.pathname}?${query}`));
}, PAUSE);

function follow(status) {
  if (!tellStatus(status)) return;
  clearInterval(asking);
  if (status === "live") renewAll();
  if (status === "offline") asking = setInterval(renewAll, WITHOUT_SOCKET);
}

function renewAll() {
  rows().forEach((key) => changed.add(key));
  renew();
}

subscribe("schedules", {
  only: rows(),
  status: follow,
  message({ schedules, many }) {
    schedules.forEach(({ id }) => changed.add(id));
    renew();
    if (many) lookAround();
  },
});
setInterval(lookAround, AROUND);
document.addEventListener("visibilitychange", () => !document.hidden && renewAll());
