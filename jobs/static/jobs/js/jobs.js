// The list of jobs: rows change in place, new ones are announced and enter when asked.
import { Feed } from "./feed.js";
import { tellStatus } from "./live.js";
import { look } from "./news.js";
import { html, oneAtATime } from "./parts.js";
import { tellAll } from "./times.js";

const PAUSE = 2000; // between two fetches of rows
const WITHOUT_SOCKET = 2000;
const ROW_WRITTEN = 1500; // what was told just before we listened is in the row by then
const rows = () => [...document.querySelectorAll("#rows [data-job]")];
const find = (job) => rows().find(({ dataset }) => dataset.job === job);
const changed = new Set();
let asking = 0;

const feed = new Feed({
  rows,
  changed: (jobs, many) => {
    jobs.forEach((job) => changed.add(job));
    if (jobs.length) renew();
    if (many) look();
  },
  status: follow,
});

const renew = oneAtATime(async () => {
  const query = new URLSearchParams(location.search);
  query.set("part", "rows");
  for (const job of changed) query.append("job", job);
  const jobs = [...changed];
  changed.clear();
  if (!jobs.length) return;
  const content = await html(`${location.pathname}?${query}`);
  for (const job of jobs) replace(find(job), content.querySelector(`[data-job="${CSS.escape(job)}"]`));
  feed.follow();
}, PAUSE);

function replace(old, row) {
  if (!row) return old?.remove(); // gone, or no longer to be seen
  if (!old || Number(row.dataset.seq) < Number(old.dataset.seq)) return;
  tellAll(row);
  if (row.dataset.state !== old.dataset.state) look();
  row.classList.toggle("cursor", old.classList.contains("cursor"));
  row.querySelector("[name=job]").checked = old.querySelector("[name=job]").checked;
  const focused = old.contains(document.activeElement) && document.activeElement.localName;
  old.replaceWith(row);
  if (focused) row.querySelector(focused === "input" ? "input" : "a.tn").focus();
}

function follow(status) {
  if (!tellStatus(status)) return;
  clearInterval(asking);
  if (status === "live") setTimeout(renewAll, ROW_WRITTEN);
  if (status === "offline") asking = setInterval(renewAll, WITHOUT_SOCKET);
}

function renewAll() {
  for (const { dataset } of rows()) if ("live" in dataset) changed.add(dataset.job);
  renew();
}

feed.follow();
