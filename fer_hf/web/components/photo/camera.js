// The webcam of the Photo tab, which sends one picture when asked.
import { Camera } from "../camera.js";

const WANTED = { width: { ideal: 1280 }, facingMode: "user" };

export function startCamera(picker, words, send) {
  const panel = picker.querySelector(".camera");
  const video = panel.querySelector("video");
  const mirror = panel.querySelector("input[type=checkbox]");
  const [open, take, stop] = ["open", "take", "stop"].map((name) => picker.querySelector(`[data-do=${name}]`));
  const camera = new Camera(picker, open, WANTED, show);

  function show(state) {
    const on = state === "on";
    panel.classList.toggle("on", on);
    open.hidden = on;
    panel.querySelector(".status").textContent = words[`camera_${state}`] ?? "";
  }

  async function begin() {
    show("asking");
    if (!(await camera.open())) return;
    show("on");
    take.focus();
  }

  function snap() {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext("2d");
    if (mirror.checked) context.setTransform(-1, 0, 0, 1, canvas.width, 0);
    context.drawImage(video, 0, 0);
    send({ name: words.camera_name, data: canvas.toDataURL("image/jpeg", 0.92) });
  }

  open.addEventListener("click", begin);
  take.addEventListener("click", snap);
  stop.addEventListener("click", () => {
    camera.close("stopped");
    open.focus();
  });
  mirror.addEventListener("change", () => video.classList.toggle("mirrored", mirror.checked));
}
