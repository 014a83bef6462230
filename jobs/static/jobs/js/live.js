// The chip that says whether this page is live, and how old what it shows is when it is not.
import { forms } from "./times.js";

const STALE = 5000; // older than that, and it is said how old
let status = "";
let updatedAt = Date.now();
let counting = 0;

// Show it; whether it is news.
export function tellStatus(text) {
  const isNews = text !== status;
  if (isNews && (text === "live" || status === "live")) updatedAt = Date.now();
  status = text;
  show();
  clearInterval(counting);
  if (text !== "live") counting = setInterval(show, 1000);
  return isNews;
}

// What the page shows was true just now.
export function tellUpdate() {
  updatedAt = Date.now();
  show();
}

function show() {
  const chip = document.querySelector("#live");
  if (!chip || !status) return;
  chip.hidden = false;
  chip.classList.toggle("off", status !== "live");
  const words = chip.dataset[key()] ?? "";
  chip.textContent = words.replace("{time}", forms.age(updatedAt));
}

function key() {
  const [word, code] = status.split(":");
  if (code) return code === "4401" ? "ended" : word;
  return word !== "live" && Date.now() - updatedAt > STALE ? "stale" : word;
}

// The chip may have come anew with its part of the page.
document.addEventListener("parts", show);
