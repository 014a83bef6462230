// A job as a row: its bar, and in the fewest words how long it still takes.

import { bar } from "./gauge.js";
import { duration } from "./times.js";

export function showProgress(row, { progress, eta_seconds: left }) {
  if (!row || progress == null) return;
  bar(row.querySelector("[data-bar]"), progress);
  const short = row.querySelector("[data-short]");
  if (short) short.textContent = left != null ? duration(left) : `${Math.floor(progress)} %`;
}
