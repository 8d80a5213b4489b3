// Takes a photo by choosing, dropping, pasting or an example, and sends it to the server as data: no file is written.
// Runs with Gradio's `element` and `trigger`; limits and messages come as data attributes.
const picker = element.querySelector(".picker");
const input = picker.querySelector("input[type=file]");
const limit = Number(picker.dataset.bytes);

const send = (name, data) => trigger("upload", { name, data });

function read(file) {
  if (!file) return;
  if (file.size > limit) {
    trigger("upload", { name: file.name, size: file.size });
    return;
  }
  const reader = new FileReader();
  reader.onload = () => send(file.name, reader.result);
  reader.readAsDataURL(file);
}

input.addEventListener("change", () => {
  read(input.files[0]);
  input.value = ""; // so that the same file can be chosen again
});

picker.addEventListener("click", (event) => {
  const example = event.target.closest("button.example");
  if (example) send(example.title, example.querySelector("img").src);
});

for (const kind of ["dragenter", "dragover"]) {
  picker.addEventListener(kind, (event) => {
    event.preventDefault();
    picker.classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) {
  picker.addEventListener(kind, () => picker.classList.remove("over"));
}
picker.addEventListener("drop", (event) => {
  event.preventDefault();
  read(event.dataTransfer.files[0]);
});

// Pasting works anywhere while this tab is shown.
document.addEventListener("paste", (event) => {
  if (picker.offsetParent) read(event.clipboardData.files[0]);
});
