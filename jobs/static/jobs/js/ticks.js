// Ticked rows of the list: all of the page at once, and how many there are.

const page = document.querySelector("[data-tick-all]");
const told = document.querySelector("[data-ticked]");
const boxes = () => [...document.querySelectorAll("#rows [form=bulk]")];

function tell() {
  const ticked = boxes().filter((box) => box.checked).length;
  told.hidden = !ticked;
  told.textContent = told.dataset.ticked.replace("{n}", ticked);
  page.checked = ticked > 0 && ticked === boxes().length;
  page.indeterminate = ticked > 0 && !page.checked;
}

if (page) {
  page.hidden = false;
  page.addEventListener("change", () => {
    for (const box of boxes()) box.checked = page.checked;
  });
  document.addEventListener("change", tell);
  addEventListener("pageshow", tell); // what the browser remembers of a form
  tell();
}
