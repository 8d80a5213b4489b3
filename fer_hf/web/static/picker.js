// Takes a photo by choosing, dropping, pasting, from the webcam or an example, and sends it as data: no file is written.
// Runs with Gradio's `element` and `trigger`; limits and messages come as data attributes.
const picker = element.querySelector(".picker");
const input = picker.querySelector("input[type=file]");
const limit = Number(picker.dataset.bytes);

const failed = picker.querySelector(".failed");

// Sends a photo, or says that nobody is there to read it: Gradio would wait without a word of ours.
async function send(sent) {
  const there = await fetch("gradio_api/queue/status").catch(() => null);
  failed.textContent = there ? "" : failed.dataset.words;
  if (there) trigger("upload", sent);
}

function read(file) {
  if (!file) return;
  if (file.size > limit) {
    send({ name: file.name, size: file.size });
    return;
  }
  const reader = new FileReader();
  reader.onload = () => send({ name: file.name, data: reader.result });
  reader.readAsDataURL(file);
}

input.addEventListener("change", () => {
  read(input.files[0]);
  input.value = ""; // so that the same file can be chosen again
});

picker.addEventListener("click", (event) => {
  const example = event.target.closest("button.example");
  if (example) send({ name: example.title, data: example.querySelector("img").src });
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

// The webcam's stream stays in the browser, ends when the tab is left, and sends one picture when asked.
const camera = picker.querySelector(".camera");
const video = camera.querySelector("video");
const status = camera.querySelector(".status");
const mirror = camera.querySelector("input[type=checkbox]");
const [open, take, stop] = ["open", "take", "stop"].map((name) => picker.querySelector(`[data-do=${name}]`));
let stream = null;

function show(on, message) {
  camera.classList.toggle("on", on);
  open.hidden = on;
  status.textContent = message;
}

function end() {
  if (!stream) return;
  stream.getTracks().forEach((track) => track.stop());
  video.srcObject = stream = null;
  show(false, "");
}

async function begin() {
  if (!navigator.mediaDevices) return show(false, camera.dataset.absent);
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, facingMode: "user" } });
  } catch {
    return show(false, camera.dataset.denied);
  }
  video.srcObject = stream;
  await video.play();
  show(true, camera.dataset.on);
  take.focus();
}

function snap() {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext("2d");
  if (mirror.checked) context.setTransform(-1, 0, 0, 1, canvas.width, 0);
  context.drawImage(video, 0, 0);
  send({ name: camera.dataset.name, data: canvas.toDataURL("image/jpeg", 0.92) });
}

open.addEventListener("click", begin);
take.addEventListener("click", snap);
stop.addEventListener("click", () => {
  end();
  open.focus();
});
mirror.addEventListener("change", () => video.classList.toggle("mirrored", mirror.checked));
new IntersectionObserver(() => picker.offsetParent || end()).observe(picker);
