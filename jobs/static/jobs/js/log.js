// The log on the page of a job: what comes live, the end that is followed, one line or some.

import { LogLines } from "./loglines.js";
import { mark } from "./logrow.js";
import { LogView } from "./logview.js";
import { quantity } from "./times.js";

const CATCH_UP = 1000;

export class Log {
  constructor(list, url) {
    this.list = list;
    this.words = "";
    this.chosen = [0, 0]; // the first and the last line that a link means
    this.isFollowing = false;
    this.lines = new LogLines(url, Number(list.dataset.total));
    this.view = new LogView(list, this.lines, (row) => this.dressed(row));
    document.querySelectorAll("#log-earlier, #log-later").forEach((note) => note.remove());
  }

  get last() { return this.lines.total; }

  // Lines as the socket sends them; those of a later attempt replace what was never stored.
  take({ attempt, first, lines }) {
    const { dataset } = this.list;
    if (attempt > Number(dataset.attempt)) {
      dataset.attempt = attempt;
      this.lines.forget(first);
      this.view.redraw();
    }
    this.add(lines);
  }

  async catchUp() {
    let found;
    do {
      found = await this.lines.ask({ after: this.last, limit: CATCH_UP });
      this.add(found.lines);
    } while (found.lines.length === CATCH_UP);
  }

  add(lines) {
    if (!lines.length) return;
    this.lines.put(lines);
    this.tell();
    this.list.dispatchEvent(new CustomEvent("lines", { detail: lines }));
    this.isFollowing ? this.end() : this.view.drawSoon();
  }

  tell() {
    const { word, words } = this.list.dataset;
    document.querySelector("#log-none")?.remove();
    document.querySelector("[data-log=total]").textContent = (this.last === 1 ? word : words).replace("{n}", quantity(this.last));
  }

  end() {
    this.view.draw();
    this.list.scrollTop = this.list.scrollHeight;
    this.view.drawSoon();
  }

  // Bring a line into the middle of the view.
  async goTo(number) {
    const { list, view } = this;
    const place = this.lines.placeOf(number);
    if (!this.lines.at(place)) await this.lines.load(place);
    list.scrollTop = Math.max(place * view.height - list.clientHeight / 2, 0);
    view.draw();
    const row = view.rows.get(place);
    row?.scrollIntoView({ block: "center" });
  }

  dressed(row) {
    const number = Number(row.id.slice(1));
    row.classList.toggle("at", number >= this.chosen[0] && number <= this.chosen[1]);
    if (this.words) mark(row.lastElementChild, this.words);
    return row;
  }
}
