// The jobs that a page shows: a feed says which of them changed, and the bars of those that
// run move with their own messages.
import { showProgress } from "./row.js";
import { subscribe } from "./socket.js";

const MOST = 40; // topics; a socket takes 50

export class Feed {
  // `rows()` are the elements now; `changed(ids, many)` and `status(text)` are told.
  constructor({ rows, changed, status }) {
    Object.assign(this, { rows, changed, status });
    this.running = new Map(); // job -> leave
    this.named = null;
  }

  // The page shows other rows than before, or in other states.
  follow() {
    const rows = this.rows();
    this.name(rows.map(({ dataset }) => dataset.job));
    const barred = rows.filter((row) => row.querySelector("[data-bar]")).slice(0, MOST);
    const jobs = new Set(barred.map(({ dataset }) => dataset.job));
    for (const [job, leave] of this.running) if (!jobs.has(job)) (leave(), this.running.delete(job));
    for (const job of jobs) if (!this.running.has(job)) this.running.set(job, this.watch(job));
  }

  name(only) {
    if (this.named === String(only)) return;
    this.named = String(only);
    const leave = this.leave;
    this.leave = subscribe("jobs", { only, message: (news) => this.hear(news), status: this.status });
    leave?.();
  }

  hear({ jobs, many }) {
    const news = jobs.filter(({ id, seq }) => seq > Number(this.find(id)?.dataset.seq));
    this.changed(news.map(({ id }) => id), many);
  }

  find(id) {
    return this.rows().find(({ dataset }) => dataset.job === id);
  }

  watch(job) {
    const message = (news) => "progress" in news && showProgress(this.find(job), news);
    return subscribe(`job:${job}`, { message });
  }
}
