// Of all lines only those in view, and some around them, are in the page. What is above and
// below is empty room of the same height, so that the bar scrolls as if all were there.

import { rowOf } from "./logrow.js";

const AROUND = 20;
const STEP = 10; // a new window only every so many lines
const PAD = 8;

export class LogView {
  constructor(list, lines, dress) {
    Object.assign(this, { list, lines, dress, rows: new Map(), wraps: false, drawn: "" });
    for (const row of list.children) this.rows.set(lines.placeOf(Number(row.id.slice(1))), row);
    list.addEventListener("scroll", () => this.drawSoon());
    new ResizeObserver(() => this.measure()).observe(list);
    this.measure();
  }

  measure() {
    this.height = parseFloat(getComputedStyle(this.list).lineHeight);
    this.seen = Math.ceil(this.list.clientHeight / this.height);
    this.drawSoon(true);
  }

  drawSoon(anew) {
    if (anew) this.drawn = "";
    this.soon ||= requestAnimationFrame(() => this.draw());
  }

  drawLater() {
    this.later ||= setTimeout(() => this.drawSoon((this.later = 0)), 120);
  }

  // All anew: other lines are shown, or they look different.
  redraw() {
    this.rows.clear();
    this.list.replaceChildren();
    this.drawn = "";
    this.draw();
  }

  draw() {
    this.soon = 0;
    const { list, lines, rows, height } = this;
    const first = (this.wraps && this.firstSeen()) || Math.floor(list.scrollTop / height);
    const from = Math.max(Math.floor((Math.min(first, lines.count - this.seen) - AROUND) / STEP) * STEP, 0);
    const to = Math.min(from + this.seen + 2 * AROUND + STEP, lines.count);
    const old = this.wraps && rows.get(first)?.offsetTop;
    if (this.drawn !== (this.drawn = `${from} ${to} ${lines.count}`)) this.fill(from, to);
    const now = this.wraps && rows.get(first)?.offsetTop;
    if (old && now && now !== old) list.scrollTop += now - old;
    lines.want(from, to).then((came) => (came ? this.drawSoon(true) : came === null && this.drawLater()));
  }

  fill(from, to) {
    for (const [place, row] of this.rows) {
      if (place >= from && place < to) continue;
      row.remove();
      this.rows.delete(place);
    }
    let next = null;
    for (let place = to - 1; place >= from; place -= 1) {
      let row = this.rows.get(place);
      if (!row || (row.className === "blank" && this.lines.at(place))) {
        const fresh = this.dress(rowOf(this.lines.at(place) ?? [this.lines.numberAt(place), "", "blank", ""]));
        row ? row.replaceWith(fresh) : this.list.insertBefore(fresh, next);
        this.rows.set(place, (row = fresh));
      }
      next = row;
    }
    this.list.style.setProperty("--above", `${from * this.height}px`);
    this.list.style.setProperty("--below", `${(this.lines.count - to) * this.height}px`);
  }

  // The place of the first line in view, if it is one of those that are here.
  firstSeen() {
    const inView = (row, top = this.list.scrollTop) => row.offsetTop <= top + PAD && row.offsetTop + row.offsetHeight > top;
    return [...this.rows].find(([, row]) => inView(row))?.[0];
  }
}
