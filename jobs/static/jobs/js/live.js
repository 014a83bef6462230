// The chip that says whether this page is live, and what it does when it is not.

let status = "";

// Show it; whether it is news.
export function tellStatus(text) {
  const isNews = text !== status;
  status = text;
  show();
  return isNews;
}

function show() {
  const chip = document.querySelector("#live");
  if (!chip || !status) return;
  const [word, code] = status.split(":");
  const key = code === "4401" ? "ended" : word;
  chip.hidden = false;
  chip.classList.toggle("off", word !== "live");
  chip.textContent = chip.dataset[key] ?? "";
}

// The chip may have come anew with its part of the page.
document.addEventListener("parts", show);
