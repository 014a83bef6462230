// The run form: sent once, chosen files named, files dropped where they belong.

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  const button = form.querySelector("[data-sending]");
  button.setAttribute("aria-disabled", "true");
  button.querySelector("span").textContent = button.dataset.sending;
});
// Back from the job's page, out of the browser's memory: the form may be sent again.
addEventListener("pageshow", (event) => event.persisted && location.reload());
document.querySelector("#form-errors")?.focus();

for (const list of document.querySelectorAll("[data-chosen]")) {
  const input = document.getElementById(list.dataset.chosen);
  const drop = input.closest(".drop");
  input.addEventListener("change", () => name(list, input.files));
  name(list, input.files); // chosen before this script was there
  for (const kind of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragover");
    });
  }
  drop.addEventListener("drop", (event) => {
    input.files = input.multiple ? event.dataTransfer.files : first(event.dataTransfer.files);
    name(list, input.files);
  });
}

function first(files) {
  const one = new DataTransfer();
  if (files[0]) one.items.add(files[0]);
  return one.files;
}

function name(list, files) {
  list.replaceChildren(...[...files].map((file) => {
    const item = document.createElement("li");
    item.append(file.name, Object.assign(document.createElement("small"), { textContent: size(file.size) }));
    return item;
  }));
}

function size(bytes) {
  const units = ["B", "KB", "MB", "GB"];
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** step).toFixed(step ? 1 : 0)} ${units[step]}`;
}
