// The latest progress that this tab showed of its job. What the server draws comes from the
// job's row, which is up to a second behind: no reload and no fresh part may go back to that.

const KEY = "progress";
let newest = null;

// Whether `message` is no older than all before it; then it is the newest.
export function isNewest(message) {
  if (newest && isBefore(message, newest)) return false;
  newest = message;
  return true;
}

// The newest message, if it is newer than what the server drew.
export function newerThan({ attempt, n }) {
  newest ??= kept();
  return newest && isBefore({ attempt: Number(attempt), n: Number(n) }, newest) ? newest : null;
}

const isBefore = (one, other) => one.attempt < other.attempt || (one.attempt === other.attempt && one.n < other.n);

function kept() {
  try {
    const message = JSON.parse(sessionStorage.getItem(KEY));
    return message?.task_id === document.querySelector("#job").dataset.job ? message : null;
  } catch {
    return null; // storage is forbidden here
  }
}

addEventListener("pagehide", () => {
  try {
    if (newest) sessionStorage.setItem(KEY, JSON.stringify(newest));
  } catch {
    // Storage is forbidden here: a reload shows the row.
  }
});
