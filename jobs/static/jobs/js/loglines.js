// The lines of a log that this page has at hand; others are fetched, a block at a time.

import { fetched } from "./parts.js";
const BLOCK = 500;
const BEFORE = 150;
const PAUSE = 100; // between two questions, however fast the bar is pulled
const MOST = 20_000; // lines in memory
const RANKS = ["debug", "info", "warning", "error", "critical"];

export class LogLines {
  constructor(url, total) {
    Object.assign(this, { url, total, level: "", numbers: null, kept: new Map(), isAsking: false });
  }

  // How many there are to show: all, or those that a level chose.
  get count() { return this.numbers ? this.numbers.length : this.total; }
  numberAt(place) { return this.numbers ? this.numbers[place] : place + 1; }
  at(place) { return this.kept.get(this.numberAt(place)); }
  // The place of a line, or of the first one shown after it.
  placeOf(number) {
    if (!this.numbers) return number - 1;
    const place = this.numbers.findIndex((each) => each >= number);
    return place < 0 ? this.numbers.length - 1 : place;
  }

  put(lines) {
    for (const line of lines) this.kept.set(line[0], line);
    for (const number of this.kept.keys()) {
      if (this.kept.size <= MOST) break;
      this.kept.delete(number);
    }
    const fresh = lines.map(([number]) => number).filter((number) => number > this.total);
    this.numbers?.push(...fresh.filter((number) => this.isChosen(number)));
    this.total = Math.max(this.total, ...fresh);
  }

  isChosen(number) {
    return !this.level || RANKS.indexOf(this.kept.get(number)[2]) >= RANKS.indexOf(this.level);
  }

  // A later attempt writes anew from a line on that a lost worker told and never stored.
  forget(first) {
    for (const number of [...this.kept.keys()]) if (number >= first) this.kept.delete(number);
    if (this.numbers) this.numbers = this.numbers.filter((number) => number < first);
    this.total = first - 1;
  }

  async choose(level) {
    const hits = level ? await this.ask({ hits: "", level }) : null;
    Object.assign(this, { level, numbers: hits?.numbers ?? null });
    return Boolean(hits?.is_more);
  }

  // Fetch what is missing between two places; whether anything came, null for not now.
  async want(from, to) {
    let place = from;
    while (place < to && this.at(place)) place += 1;
    if (place >= to) return false;
    if (this.isAsking) return null;
    this.isAsking = true;
    await this.load(place).finally(() => setTimeout(() => (this.isAsking = false), PAUSE));
    return true;
  }

  // Have the lines around a place at hand.
  async load(place) {
    const start = Math.max(place - BEFORE, 0);
    const end = Math.min(start + BLOCK, this.count);
    const { lines } = await this.ask({ after: this.numberAt(start) - 1, limit: BLOCK, level: this.level });
    this.put(lines);
    for (let each = start; each < end; each += 1) {
      if (!this.at(each)) this.kept.set(this.numberAt(each), [this.numberAt(each), "", "", ""]);
    }
  }

  async ask(query) {
    const response = await fetched(`${this.url}?${new URLSearchParams(query)}`);
    return response ? response.json() : { lines: [], numbers: [], total: 0 };
  }
}
