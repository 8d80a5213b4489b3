// Shows the webcam and sends one picture when asked. The stream stays in the browser and ends when the tab is left.
const camera = element.querySelector(".camera");
const video = camera.querySelector("video");
const status = camera.querySelector(".status");
const mirror = camera.querySelector("input[type=checkbox]");
const [start, take, stop] = ["start", "take", "stop"].map((name) => camera.querySelector(`[data-do=${name}]`));
let stream = null;

function show(on) {
  camera.classList.toggle("on", on);
  start.hidden = on;
  take.hidden = stop.hidden = !on;
  status.textContent = on ? "" : camera.dataset.idle;
}

function end() {
  if (!stream) return;
  stream.getTracks().forEach((track) => track.stop());
  video.srcObject = stream = null;
  show(false);
}

async function begin() {
  if (!navigator.mediaDevices) {
    status.textContent = camera.dataset.absent;
    return;
  }
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, facingMode: "user" } });
  } catch {
    status.textContent = camera.dataset.denied;
    return;
  }
  video.srcObject = stream;
  await video.play();
  show(true);
  take.focus();
}

function snap() {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext("2d");
  if (mirror.checked) context.setTransform(-1, 0, 0, 1, canvas.width, 0);
  context.drawImage(video, 0, 0);
  trigger("upload", { name: camera.dataset.photo, data: canvas.toDataURL("image/jpeg", 0.92) });
}

start.addEventListener("click", begin);
take.addEventListener("click", snap);
stop.addEventListener("click", () => {
  end();
  start.focus();
});
mirror.addEventListener("change", () => video.classList.toggle("mirrored", mirror.checked));
new IntersectionObserver(() => camera.offsetParent || end()).observe(camera);
