// The window of lines that a page holds of a log, and how more of it is asked for.

import { rowOf, tellWindow } from "./logrow.js";
import { fetched } from "./parts.js";

export class LogWindow {
  constructor(list, url) {
    this.list = list;
    this.url = url;
    this.isFollowing = () => true;
    this.matches = () => true;
  }

  get first() { return Number(this.list.dataset.first); }
  get last() { return Number(this.list.dataset.last); }
  get total() { return Number(this.list.dataset.total); }

  // Show other lines instead of these.
  async show(query) {
    const { lines } = await this.ask(query);
    this.list.replaceChildren(...lines.map((line) => this.row(line)));
    this.tell({});
  }

  async ask(query) {
    const response = await fetched(`${this.url}?${query}`);
    const found = response ? await response.json() : { lines: [], total: 0 };
    this.tell({ total: Math.max(this.total, found.total) });
    return found;
  }

  row(line) {
    const item = rowOf(line);
    item.hidden = !this.matches(item);
    return item;
  }

  tell({ total = this.total }) {
    tellWindow(this.list, total);
  }
}
