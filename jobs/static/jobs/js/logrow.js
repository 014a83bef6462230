// One line of a log as the server writes it too.

import { ansi } from "./ansi.js";
import { tell } from "./times.js";

export function rowOf([number, at, level, text]) {
  const [item, link, time, name, code] = ["li", "a", "time", "b", "code"].map((tag) => document.createElement(tag));
  Object.assign(item, { id: `L${number}`, className: level });
  Object.assign(link, { href: `?line=${number}#L${number}`, textContent: number, tabIndex: -1 });
  if (at) {
    time.dateTime = at;
    time.dataset.form = "log";
    tell(time);
    name.textContent = level;
  }
  code.append(ansi(text));
  item.append(link, time, name, code);
  return item;
}

// Mark where a line says what was looked for.
export function mark(element, words) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) found.push(walker.currentNode);
  for (let node of found) {
    for (let at; (at = node.data.toLowerCase().indexOf(words)) >= 0 && node.data; ) {
      const hit = node.splitText(at);
      node = hit.splitText(words.length);
      hit.replaceWith(Object.assign(document.createElement("mark"), { textContent: hit.data }));
    }
  }
}
