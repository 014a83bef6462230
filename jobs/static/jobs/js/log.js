// The lines of a log on the page: a window of at most 2000 that can move.

import { LogWindow } from "./logwindow.js";

const MOST = 2000;
const SOME = 200;

export class Log extends LogWindow {
  // Lines as the socket sends them; a gap is filled from the server, known ones are dropped.
  // Those of a later attempt replace what a lost worker told and never stored.
  async take({ attempt, first, lines }) {
    if (attempt > Number(this.list.dataset.attempt)) this.forget(attempt, first);
    const total = Math.max(this.total, lines.at(-1)?.[0] ?? 0);
    const atEnd = this.last >= this.total;
    this.tell({ total });
    if (!atEnd) return; // the window is elsewhere: the end is one click away
    if (lines.length && lines[0][0] > this.last + 1) return this.catchUp();
    this.append(lines);
  }

  async catchUp() {
    if (this.last < this.total && !this.isFollowing()) return;
    let found;
    do {
      found = await this.ask(`after=${this.last}&limit=${SOME * 5}`);
      this.append(found.lines);
    } while (found.lines.length === SOME * 5 && this.isFollowing());
  }

  // Two ways bring lines, the socket and the server: what is here already stays once.
  append(found) {
    const lines = found.filter(([number]) => number > this.last);
    if (!lines.length) return;
    if (!this.isFollowing() && this.list.children.length >= MOST) return this.tell({});
    this.list.append(...lines.map((line) => this.row(line)));
    while (this.list.children.length > MOST) this.list.firstElementChild.remove();
    this.tell({ total: Math.max(this.total, lines.at(-1)[0]) });
    if (this.isFollowing()) this.list.scrollTop = this.list.scrollHeight;
  }

  forget(attempt, first) {
    this.list.dataset.attempt = attempt;
    [...this.list.children].filter((item) => Number(item.id.slice(1)) >= first).forEach((item) => item.remove());
    this.list.dataset.total = first - 1;
    this.tell({});
  }

  async earlier() {
    const { lines } = await this.ask(`before=${this.first}&limit=${SOME}`);
    const below = this.list.scrollHeight - this.list.scrollTop;
    this.list.prepend(...lines.map((line) => this.row(line)));
    while (this.list.children.length > MOST) this.list.lastElementChild.remove();
    this.tell({});
    this.list.scrollTop = this.list.scrollHeight - below;
  }

  async around(number) {
    if (!document.getElementById(`L${number}`)) {
      await this.show(`after=${Math.max(number - SOME / 2, 0)}&limit=${SOME}`);
    }
    document.getElementById(`L${number}`)?.scrollIntoView({ block: "center" });
  }

  async end() {
    await this.show(`before=${this.total + 1}&limit=${SOME}`);
    this.list.scrollTop = this.list.scrollHeight;
    return this.catchUp();
  }
}
