// Parts of a page, fetched again from the server: the same HTML as at the first paint,
// with permission checked again.

import { focusOf, keep } from "./kept.js";
import { tellUpdate } from "./live.js";
import { tellAll } from "./times.js";

export class Gone extends Error {}

const PAUSE = 2000;
const SHARE = 20; // a page takes at most that part of a server's time

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

// At most one fetch at a time, and about `pause` ms between two, or up to `longest` where the
// server is busy; those asked for meanwhile become one. No two pages keep the same beat.
export function oneAtATime(work, pause = 0, longest = pause) {
  let running = false;
  let again = false;
  return async function run() {
    if (running) return void (again = true);
    running = true;
    const began = Date.now();
    try {
      await work();
    } finally {
      const wait = Math.min(Math.max(pause, SHARE * (Date.now() - began)), longest);
      if (wait) await new Promise((later) => setTimeout(later, wait * (0.8 + Math.random() / 5)));
      running = false;
      if (again) ((again = false), run());
    }
  };
}
