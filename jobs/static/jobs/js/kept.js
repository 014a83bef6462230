// What a person is doing in a part of the page outlives its replacement by a fresh one: open
// menus, what is typed, where the cursor is. What is to be kept has an id.

const FIELDS = "input[id]:not([type=hidden]), textarea[id], select[id]";
const TOKEN = "[name=csrfmiddlewaretoken]";

export function keep(old, fresh) {
  for (const menu of old.querySelectorAll("details[id][open]")) {
    const twin = within(fresh, menu.id);
    if (twin) twin.open = true;
  }
  for (const field of old.querySelectorAll(FIELDS)) {
    if (field.closest("details:not([open])")) continue; // nobody is writing there
    const twin = within(fresh, field.id);
    if (twin) Object.assign(twin, { value: field.value, checked: field.checked });
  }
  // Each answer masks the same token anew: nothing would ever be unchanged.
  const token = old.querySelector(TOKEN);
  if (token) fresh.querySelectorAll(TOKEN).forEach((each) => each.setAttribute("value", token.value));
}

// A call that gives the focus back to the twin of what has it now, cursor and all.
export function focusOf(old) {
  const { activeElement: focused } = document;
  if (!focused?.id || !old.contains(focused)) return () => {};
  const { id, selectionStart: start, selectionEnd: end } = focused;
  return () => {
    const twin = document.getElementById(id);
    twin?.focus();
    if (typeof start === "number") twin?.setSelectionRange?.(start, end);
  };
}

function within(fresh, id) {
  return fresh.querySelector(`#${CSS.escape(id)}`);
}
