// The switch between light, dark and the system's theme.

const root = document.documentElement;

export function offerThemes(fieldset) {
  if (!fieldset) return;
  fieldset.hidden = false;
  for (const radio of fieldset.querySelectorAll("input")) {
    radio.checked = radio.value === (root.dataset.theme ?? "");
    radio.addEventListener("change", () => choose(radio.value));
  }
}

function choose(theme) {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // Storage is forbidden here: the choice holds for this page only.
  }
}
