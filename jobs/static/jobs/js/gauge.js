// The gauge of a running job: numbers and bar follow the messages, the clock runs here.

import { isNewest, newerThan } from "./newest.js";
import { say } from "./say.js";
import { duration, quantity } from "./times.js";

let saidTenth = 0;

export function showProgress(message) {
  const gauge = document.querySelector("#gauge");
  if (isNewest(message) && gauge) draw(gauge, message);
}

// The gauge came from the server: it may be behind what was shown already.
export function keepNewest() {
  const gauge = document.querySelector("#gauge");
  const newer = gauge && newerThan(gauge.dataset);
  if (newer) draw(gauge, newer);
}

document.addEventListener("parts", keepNewest);

function draw(gauge, message) {
  const { progress: percent, current, total, rate } = message;
  const isKnown = percent !== null && percent !== undefined;
  const put = (name, ...parts) => gauge.querySelector(`[data-p=${name}]`).replaceChildren(...parts);
  const words = gauge.dataset;
  if (isKnown) put("percent", String(whole(percent)), small(" %"));
  else if (current != null) put("percent", quantity(current));
  if (total != null && current != null) put("count", bold(quantity(current)), " ", words.of.replace("{n}", quantity(total)));
  put("rate", rate != null ? `· ${words.rate.replace("{n}", quantity(Math.round(rate * 10) / 10))}` : "");
  put("step", message.step ?? "");
  put("message", message.message ?? "");
  put("eta", message.eta_seconds != null ? words.left.replace("{time}", duration(message.eta_seconds)) : "");
  if (isKnown) bar(gauge.querySelector("[data-bar]"), percent);
  if (isKnown) sayTenth(percent);
}

const whole = (percent) => (percent < 100 ? Math.floor(percent) : 100);

export function bar(svg, percent) {
  if (!svg) return;
  const rect = svg.querySelector("rect");
  rect.classList.remove("sway");
  rect.setAttribute("x", 0);
  rect.setAttribute("width", `${percent}%`);
  if (svg.dataset.known) svg.setAttribute("aria-label", svg.dataset.known);
  for (const [name, value] of [["valuemin", 0], ["valuemax", 100], ["valuenow", whole(percent)]]) {
    svg.setAttribute(`aria-${name}`, value);
  }
}

function small(text) {
  return Object.assign(document.createElement("small"), { textContent: text });
}

function bold(text) {
  return Object.assign(document.createElement("b"), { textContent: text });
}

function sayTenth(percent) {
  const tenth = Math.floor(percent / 10);
  if (tenth === saidTenth) return;
  saidTenth = tenth;
  say(document.querySelector("#job").dataset.percent.replace("{n}", tenth * 10));
}

export function keepRunning() {
  setInterval(() => {
    for (const span of document.querySelectorAll("span[data-since]")) {
      span.textContent = duration(Math.floor((Date.now() - new Date(span.dataset.since)) / 1000));
    }
    const pace = document.querySelector(".pace[data-full]");
    if (!pace) return;
    const now = Math.min((Date.now() - new Date(pace.dataset.since)) / 10 / Number(pace.dataset.full), 100);
    for (const mark of pace.querySelectorAll("[data-now]")) mark.setAttribute(mark.dataset.now, `${now.toFixed(1)}%`);
  }, 1000);
}
