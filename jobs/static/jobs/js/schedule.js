// The form of a schedule, on our pages and in the admin: its next moments follow what is typed,
// another task brings its own fields, and only what says when is shown.

import { content, oneAtATime, swap } from "./parts.js";

const SETTLED = 400;
const LOOK = "form-look";
const KINDS = { cron: ["cron"], every: ["every"], at: ["at"], solar: ["event", "latitude"] };
const place = document.querySelector("[data-schedule]");
const form = place.closest("form");
let typed = 0;

async function posted(url, extra = {}) {
  const data = new FormData(form);
  for (const { name } of form.querySelectorAll("[type=password]")) data.set(name, "");
  for (const [name, value] of Object.entries(extra)) data.set(name, value);
  const response = await fetch(url, { method: "POST", body: data }).catch(() => null);
  // Without an answer it stays as it was: what is typed is worth more than what is shown.
  return response?.ok && !response.redirected ? content(await response.text()) : null;
}

const look = oneAtATime(async () => {
  // A site without our pages has no such address; an empty one would save what is typed.
  if (!place.dataset.schedule) return;
  const fresh = await posted(place.dataset.schedule);
  if (fresh) swap(fresh);
});

const ask = oneAtATime(async () => {
  const page = await posted(location.href, { [LOOK]: "1" });
  const fresh = page?.querySelector("#given");
  if (fresh) document.querySelector("#given").replaceWith(fresh);
  look();
});

function showKind() {
  const chosen = form.querySelector("[name=timing]:checked")?.value;
  for (const [kind, names] of Object.entries(KINDS)) {
    for (const name of names) row(form.elements[name]).hidden = kind !== chosen;
  }
}

const row = (input) => input.closest("[data-row], .form-row");

form.addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(look, SETTLED);
});
form.addEventListener("change", ({ target }) => {
  if (target.name === "task") ask();
  if (target.name === "timing") showKind();
});
for (const each of form.querySelectorAll("[data-without-script]")) each.hidden = true;
showKind();
if (!document.querySelector("#ahead table")) look();
