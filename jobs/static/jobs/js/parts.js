// Parts of a page, fetched again from the server: the same HTML as at the first paint,
// with permission checked again.

import { focusOf, keep } from "./kept.js";
import { tellUpdate } from "./live.js";
import { tellAll } from "./times.js";

export class Gone extends Error {}

const PAUSE = 2000;

// The answer, however long the server is away; undefined where the page goes to the door.
export async function fetched(url) {
  const response = await fetch(url, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (!response) return new Promise((later) => setTimeout(() => later(fetched(url)), PAUSE));
  if (response.redirected) return void location.reload(); // signed out: to the login page
  if (response.status === 403 || response.status === 404) throw new Gone(url);
  if (!response.ok) throw new Error(`${response.status} ${url}`);
  tellUpdate();
  return response;
}

export async function html(url) {
  const response = await fetched(url);
  return content(response ? await response.text() : "");
}

export function content(text) {
  const template = document.createElement("template");
  template.innerHTML = text;
  return template.content;
}

// Put elements with an id in the place of those that have it now; what is unchanged stays.
export function swap(content) {
  for (const fresh of [...content.children]) {
    const old = fresh.id && document.getElementById(fresh.id);
    if (!old || old.contains(document.getSelection()?.anchorNode) && !document.getSelection().isCollapsed) continue;
    [old, fresh].forEach(tellAll);
    keep(old, fresh);
    if (old.isEqualNode(fresh)) continue;
    const focusAgain = focusOf(old);
    old.replaceWith(fresh);
    fresh.dispatchEvent(new CustomEvent("parts", { bubbles: true }));
    focusAgain();
  }
}

// At most one fetch at a time, and `pause` ms between two; those asked for meanwhile become one.
export function oneAtATime(work, pause = 0) {
  let running = false;
  let again = false;
  return async function run() {
    if (running) return void (again = true);
    running = true;
    try {
      await work();
    } finally {
      if (pause) await new Promise((later) => setTimeout(later, pause));
      running = false;
      if (again) ((again = false), run());
    }
  };
}
