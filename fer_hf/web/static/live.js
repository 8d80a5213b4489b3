// The Live tab: the camera's own video stays here; small pictures of it go to the server, and what it reads is drawn
// over the video. Runs after live_link.js and live_view.js with Gradio's `element`.
const GAP = 0.055; // seconds between two frames at least: no more than 18 a second
const root = element.querySelector(".live");
const settings = JSON.parse(root.dataset.settings);
const view = new LiveView(root, settings);
const part = (name) => root.querySelector(`.live-${name}`);
const button = Object.fromEntries([...root.querySelectorAll("[data-do]")].map((each) => [each.dataset.do, each]));
const video = root.querySelector("video");
const canvas = document.createElement("canvas");
const pen = canvas.getContext("2d", { alpha: false });
let stream = null;
let link = null;
let clock = { start: 0, paused: 0 }; // milliseconds; the session's time stands still in a pause
let sent = -1;
let table = null; // the last session's CSV
let rhythm = []; // when the last answers came, and how old their frames were

const say = (key, values) => (part("status").textContent = key ? view.text(key, values) : "");
const sessionTime = (milliseconds) => (milliseconds - clock.start) / 1000;

function show() {
  root.classList.toggle("on", stream !== null);
  root.classList.toggle("paused", clock.paused > 0);
  button.start.hidden = stream !== null;
  for (const name of ["pause", "reset", "stop"]) button[name].hidden = stream === null;
  button.pause.textContent = view.text(clock.paused ? "resume" : "pause");
  button.csv.disabled = stream === null && table === null;
}

async function start() {
  if (!navigator.mediaDevices || !video.requestVideoFrameCallback) return say("absent");
  say("asking");
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480, facingMode: "user" } });
  } catch (error) {
    return say(error.name === "NotFoundError" ? "absent" : "denied");
  }
  view.clear();
  summarise(null);
  [clock, sent, table, rhythm] = [{ start: performance.now(), paused: 0 }, -1, null, []];
  stream.getVideoTracks()[0].addEventListener("ended", () => stop("gone"));
  video.srcObject = stream;
  await video.play();
  say("connecting");
  link = new LiveLink(address(), hear, heard);
  video.requestVideoFrameCallback(frame);
  show();
  button.pause.focus();
}

// Beside the page, wherever a proxy has put it.
function address() {
  const url = new URL(`${(window.gradio_config?.root ?? location.origin).replace(/\/$/, "")}/live`, location);
  url.protocol = url.protocol.replace("http", "ws");
  return url;
}

// The camera's light goes out at once; the server still answers with the summary and the table.
function stop(why) {
  if (!stream) return;
  const focused = root.contains(document.activeElement);
  stream.getTracks().forEach((track) => track.stop());
  video.srcObject = stream = null;
  link.end();
  clock.paused = 0;
  view.clear();
  say(why);
  part("rate").textContent = "";
  show();
  if (focused) button.start.focus();
}

function pause() {
  if (clock.paused) {
    clock.start += performance.now() - clock.paused;
    clock.paused = 0;
    video.play();
  } else {
    clock.paused = performance.now();
    video.pause();
    placeNow();
    link.do("summary");
    part("rate").textContent = "";
  }
  say(clock.paused ? "paused" : "");
  show();
}

// Each picture that the camera shows: the boxes move along, and where the server has time it is sent.
function frame(now, { captureTime = now }) {
  if (!stream) return;
  video.requestVideoFrameCallback(frame);
  const at = sessionTime(captureTime);
  if (clock.paused || at < 0) return;
  view.place(at);
  if (link.free && at - sent >= GAP) send(at, captureTime);
}

// Where no picture comes that would move the boxes: in a pause, and when the video is turned.
function placeNow() {
  if (view.answer) view.place(Math.min(sessionTime(clock.paused || performance.now()), view.answer.sent + AHEAD));
}

function send(at, captured) {
  const scale = Math.min(settings.side / Math.max(video.videoWidth, video.videoHeight), 1);
  const size = { width: Math.round(video.videoWidth * scale), height: Math.round(video.videoHeight * scale) };
  if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
  pen.drawImage(video, 0, 0, canvas.width, canvas.height);
  sent = at;
  const to = link;
  to.claim(at, captured);
  canvas.toBlob((blob) => to.send(at, blob), "image/jpeg", 0.8);
}

function hear(message, from) {
  if (from !== link) return; // the end of a session after which another has begun
  if (message.summary) summarise(message.summary);
  if (message.csv !== undefined) table = message.csv;
  if (message.done === "end") show();
  if (message.done === "reset") view.clear();
  if (message.done === "csv") download();
  if (message.done === "end" && stream) stop("");
  if (!message.faces || !stream || clock.paused) return;
  view.update(message);
  const drawn = performance.now();
  measure(drawn, drawn - message.marks.captured);
  root.dispatchEvent(new CustomEvent("live:drawn", { detail: { ...message, marks: { ...message.marks, drawn } } }));
}

function heard(state, from) {
  if (from !== link) return;
  if (state === "open") return say("");
  if (state === "lost") return say("lost");
  stop("");
  say(`error_${state}`);
}

// Frames a second over the last answers, and the median of how old a frame is when its boxes are drawn.
function measure(now, age) {
  rhythm = [...rhythm, [now, age]].filter(([time]) => now - time < 2000);
  const ages = rhythm.map(([, each]) => each).sort((a, b) => a - b);
  const values = { frames: Math.round(rhythm.length / 2), delay: Math.round(ages[ages.length >> 1]) };
  if (now - (measure.shown ?? 0) < 1000) return;
  measure.shown = now;
  part("rate").textContent = view.text("rate", values);
}

function summarise(summary) {
  root.classList.toggle("summarised", summary !== null);
  if (!summary) return;
  const { seconds, frames, faces } = summary;
  part("totals").textContent = view.text("totals", { seconds: Math.round(seconds), frames, faces: faces.length });
  part("rows").replaceChildren(...faces.map(row));
}

function row(face) {
  const shares = Object.entries(face.share).filter(([, share]) => share >= 0.005).sort((a, b) => b[1] - a[1]);
  const line = document.createElement("tr");
  const cells = [
    face.face,
    view.text("span", { from: Math.round(face.first), to: Math.round(face.last) }),
    view.expressions[face.dominant].word,
    shares.map(([label, share]) => `${view.expressions[label].word} ${percent(share)}`).join(", "),
  ];
  for (const text of cells) line.insertCell().textContent = text;
  return line;
}

function download() {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([table], { type: "text/csv" }));
  anchor.download = "live.csv";
  anchor.click();
  URL.revokeObjectURL(anchor.href);
}

video.addEventListener("resize", () => part("stage").style.setProperty("--ratio", video.videoWidth / video.videoHeight));
button.start.addEventListener("click", start);
button.pause.addEventListener("click", pause);
button.stop.addEventListener("click", () => stop("stopped"));
button.reset.addEventListener("click", () => {
  link.do("reset");
  view.clear();
  summarise(null);
});
button.csv.addEventListener("click", () => (stream ? link.do("csv") : download()));
part("mirror").addEventListener("change", (event) => {
  root.classList.toggle("mirrored", event.target.checked);
  placeNow();
});
setInterval(() => stream && !clock.paused && !document.hidden && link.do("summary"), 5000);
new IntersectionObserver(() => root.offsetParent || stop("")).observe(root);
show();
