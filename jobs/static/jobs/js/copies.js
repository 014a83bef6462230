// The same job from elsewhere: what stands beside the form follows what is typed. Secrets and
// files are not sent for that.

import { content, oneAtATime, swap } from "./parts.js";

const SETTLED = 400;
const form = document.querySelector("[data-copies]");
let typed = 0;

function held() {
  const data = new FormData(form);
  for (const { name, value } of form.querySelectorAll("[type=password]")) data.set(name, value ? "SECRET" : "");
  for (const { name } of form.querySelectorAll("[type=file]")) data.delete(name);
  return data;
}

const follow = oneAtATime(async () => {
  const response = await fetch(form.dataset.copies, { method: "POST", body: held() }).catch(() => null);
  // Without an answer it stays as it was: what is typed is worth more than what is copied.
  if (response?.ok && !response.redirected) swap(content(await response.text()));
});

form?.addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(follow, SETTLED);
});
