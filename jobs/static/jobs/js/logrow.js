// One line of a log as the server writes it too, and the words around a window of lines.

import { ansi } from "./ansi.js";
import { quantity, tell } from "./times.js";

export function rowOf([number, at, level, text]) {
  const [item, link, time, name, code] = ["li", "a", "time", "b", "code"].map((tag) => document.createElement(tag));
  Object.assign(item, { id: `L${number}`, className: level });
  Object.assign(link, { href: `?line=${number}#L${number}`, textContent: number, tabIndex: -1 });
  time.dateTime = at;
  time.dataset.form = "log";
  tell(time);
  name.textContent = level;
  code.append(ansi(text));
  item.append(link, time, name, code);
  return item;
}

// Say which lines are here, and that there are `total`.
export function tellWindow(list, total) {
  const number = (item) => Number(item?.id.slice(1) ?? 0);
  const data = list.dataset;
  data.first = number(list.firstElementChild) || 1;
  data.last = number(list.lastElementChild);
  data.total = Math.max(total, data.last);
  const earlier = document.getElementById("log-earlier");
  const words = earlier.querySelector("[data-words]");
  earlier.hidden = data.first < 2;
  words.textContent = words.dataset.words.replace("{n}", quantity(data.first - 1));
  document.getElementById("log-later").hidden = Number(data.last) >= Number(data.total);
  if (list.firstElementChild) document.getElementById("log-none")?.remove();
  const told = Number(data.total) === 1 ? data.word : data.words;
  document.querySelector("[data-log=total]").textContent = told.replace("{n}", quantity(Number(data.total)));
}
