// Takes files by choosing or dropping them, sends them to the server and says which they are.
// Runs with Gradio's `element` and `trigger`; limits and messages come as data attributes.
const sender = element.querySelector(".sender");
const { bytes, files: most, large, many, sending, lost } = sender.dataset;
const input = sender.querySelector("input[type=file]");
const status = sender.querySelector(".status");
const bar = sender.querySelector("progress");
let request = null;

const refuse = (words) => trigger("upload", { problem: words });

function show(fraction) {
  bar.hidden = fraction === null;
  bar.value = fraction ?? 0;
  status.textContent = fraction === null ? "" : sending.replace("{percent}", Math.round(100 * fraction));
}

function send(files) {
  if (!files.length) return;
  if (files.length > Number(most)) return refuse(many);
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size > Number(bytes)) return refuse(large.replace("{name}", files[0].name));
  const form = new FormData();
  for (const file of files) form.append("files", file);
  request?.abort(); // other files have been chosen meanwhile
  const mine = (request = new XMLHttpRequest());
  mine.open("POST", `${window.gradio_config.root}/gradio_api/upload`);
  mine.upload.onprogress = (event) => show(event.loaded / event.total);
  mine.onerror = () => done(() => refuse(lost));
  mine.onload = () =>
    done(() => {
      if (mine.status !== 200) return refuse(lost);
      trigger("upload", { paths: JSON.parse(mine.responseText), names: files.map((file) => file.name) });
    });
  show(0);
  mine.send(form);

  function done(say) {
    request = null;
    show(null);
    say();
  }
}

input.addEventListener("change", () => {
  send([...input.files]);
  input.value = ""; // so that the same files can be chosen again
});

for (const kind of ["dragenter", "dragover"]) {
  sender.addEventListener(kind, (event) => {
    event.preventDefault();
    sender.classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) {
  sender.addEventListener(kind, () => sender.classList.remove("over"));
}
sender.addEventListener("drop", (event) => {
  event.preventDefault();
  send([...event.dataTransfer.files]);
});
