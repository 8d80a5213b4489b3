// The webcam of the Photo tab. Its stream stays in the browser, ends when the tab is left, and sends one picture when
// asked.
export function startCamera(picker, words, send) {
  const camera = picker.querySelector(".camera");
  const video = camera.querySelector("video");
  const mirror = camera.querySelector("input[type=checkbox]");
  const [open, take, stop] = ["open", "take", "stop"].map((name) => picker.querySelector(`[data-do=${name}]`));
  const shown = () => picker.offsetParent !== null;
  let stream = null;

  function show(on, message) {
    camera.classList.toggle("on", on);
    open.hidden = on;
    camera.querySelector(".status").textContent = message;
  }

  function end(message = "") {
    stream?.getTracks().forEach((track) => track.stop());
    video.srcObject = stream = null;
    show(false, message);
  }

  async function begin() {
    open.disabled = true; // one stream at a time, also while permission is asked
    show(false, words.camera_asking);
    try {
      const wanted = { video: { width: { ideal: 1280 }, facingMode: "user" } };
      stream = await navigator.mediaDevices.getUserMedia(wanted);
      if (!shown()) return end(); // the tab was left meanwhile
      video.srcObject = stream;
      await video.play();
      show(true, words.camera_on);
      take.focus();
    } catch (error) {
      const absent = !navigator.mediaDevices || error.name === "NotFoundError";
      end(absent ? words.camera_absent : words.camera_denied);
    } finally {
      open.disabled = false;
    }
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
    end();
    open.focus();
  });
  mirror.addEventListener("change", () => video.classList.toggle("mirrored", mirror.checked));
  new IntersectionObserver(() => shown() || !stream || end()).observe(picker);
}
