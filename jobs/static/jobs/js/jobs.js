// The list of jobs: rows change in place, new ones are announced and enter when asked.
import { tellStatus } from "./live.js";
import { lookSoon } from "./news.js";
import { Gone, html, oneAtATime } from "./parts.js";
import { showProgress } from "./row.js";
import { subscribe } from "./socket.js";
import { tellAll } from "./times.js";

const MOST = 40; // topics; a socket takes 50
const WITHOUT_SOCKET = 2000;
const ROW_WRITTEN = 1500; // what was told just before we listened is in the row by then
const rows = document.querySelector("#rows");
const find = (job) => rows.querySelector(`[data-job="${CSS.escape(job)}"]`);
const address = () => `${location.pathname}${location.search ? `${location.search}&` : "?"}`;
let asking = 0;

function listen(row) {
  const { job, seq } = row.dataset;
  const leave = subscribe(`job:${job}`, {
    after: Number(seq),
    message: (message) => hear(job, message),
    status: (text) => (text.startsWith("closed") ? leave() : follow(text)),
  });
}

function hear(job, message) {
  if (message.type === "progress") showProgress(find(job), message);
  else if (message.type === "state") renew(job);
  else if (message.type === "snapshot" && message.seq !== Number(find(job)?.dataset.seq)) renew(job);
}

async function renew(job) {
  const row = find(job);
  if (!row) return;
  try {
    replace(row, (await html(`${row.querySelector("a.tn").getAttribute("href")}?part=row`)).querySelector("tr"));
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    row.remove();
  }
}

function replace(old, row) {
  if (!row || Number(row.dataset.seq) < Number(old.dataset.seq)) return;
  tellAll(row);
  if (row.dataset.state !== old.dataset.state) lookSoon();
  row.classList.toggle("cursor", old.classList.contains("cursor"));
  row.querySelector("[name=job]").checked = old.querySelector("[name=job]").checked;
  const focused = old.contains(document.activeElement) && document.activeElement.localName;
  old.replaceWith(row);
  if (focused) row.querySelector(focused === "input" ? "input" : "a.tn").focus();
}

function follow(status) {
  if (!tellStatus(status)) return; // each row hears it
  clearInterval(asking);
  if (status === "live") setTimeout(renewAll, ROW_WRITTEN);
  if (status === "offline") asking = setInterval(renewAll, WITHOUT_SOCKET);
}

const renewAll = oneAtATime(async () => {
  const content = await html(`${address()}part=rows`);
  for (const row of content.querySelectorAll("tr")) {
    if (find(row.dataset.job)?.matches("[data-live]")) replace(find(row.dataset.job), row);
  }
});

if (rows) [...rows.querySelectorAll("tr[data-live]")].slice(0, MOST).forEach(listen);
