// The Live tab: the camera's video stays in the browser; small pictures of it go over a connection, to the server or to a
// worker on this device, and what is read in them is drawn over the video.
import { Camera } from "../camera.js";
import { Device, ServerChosen } from "../device.js";
import { carryAlong } from "../handover.js";
import { Place, choose } from "../place.js";
import { save } from "../shared.js";
import { Connection } from "./connection.js";
import { DeviceConnection } from "./device.js";
import { showSummary } from "./summary.js";
import { AHEAD, LiveView } from "./view.js";

const INTERVAL = 0.055; // seconds between two frames at least: no more than 18 per second
const CAMERA = { width: 640, height: 480, facingMode: "user" };

export default ({ element, props }) => new LiveTab(element.querySelector(".live"), props.settings);

class LiveTab {
  constructor(root, settings) {
    const buttons = [...root.querySelectorAll("[data-do]")].map((button) => [button.dataset.do, button]);
    Object.assign(this, { root, settings, buttons: Object.fromEntries(buttons), video: root.querySelector("video") });
    this.view = new LiveView(root, settings);
    this.device = settings.device && new Device(settings.device, root);
    this.place = settings.text_by_place && new Place(root, (onDevice) => this.speak(onDevice));
    this.canvas = document.createElement("canvas");
    this.pen = this.canvas.getContext("2d", { alpha: false });
    this.camera = new Camera(root, this.buttons.start, CAMERA, (why) => this.closed(why));
    this.connection = null;
    this.restart();
    this.listen();
    carryAlong("live", () => this.summary && { summary: this.summary, csv: this.csv }, (message) => this.hear(message));
    this.show();
  }

  // The session's time, in milliseconds of the browser's clock, stands still while the session is paused.
  restart() {
    Object.assign(this, { started: performance.now(), pausedAt: 0, lastSent: -1, drawn: [], rateShown: 0 });
    Object.assign(this, { summary: null, csv: null }); // of the session
    this.showBaseline(null);
  }

  listen() {
    const { buttons, video } = this;
    buttons.start.addEventListener("click", () => this.start());
    buttons.pause.addEventListener("click", () => this.pause());
    buttons.stop.addEventListener("click", () => this.camera.close("stopped"));
    buttons.reset.addEventListener("click", () => this.reset());
    buttons.baseline.addEventListener("click", () => this.connection.command("baseline"));
    buttons.forget_baseline.addEventListener("click", () => this.connection.command("forget_baseline"));
    buttons.csv.addEventListener("click", () => (this.on ? this.connection.command("csv") : this.download()));
    this.part("mirror").addEventListener("change", ({ target }) => {
      this.root.classList.toggle("mirrored", target.checked);
      this.placeBoxes();
    });
    video.addEventListener("resize", () =>
      this.part("stage").style.setProperty("--ratio", video.videoWidth / video.videoHeight),
    );
    setInterval(() => this.on && !this.pausedAt && !document.hidden && this.connection?.command("summary"), 5000);
  }

  part(name) {
    return this.root.querySelector(`.live-${name}`);
  }

  say(key) {
    this.part("status").textContent = key && this.view.text(key);
  }

  sessionTime(milliseconds) {
    return (milliseconds - this.started) / 1000;
  }

  get on() {
    return this.camera.stream !== null;
  }

  // Some words are other ones where no server reads.
  speak(onDevice) {
    Object.assign(this.settings.text, this.settings.text_by_place[onDevice ? "device" : "server"]);
  }

  show() {
    const { buttons, on, root } = this;
    root.classList.toggle("on", on);
    root.classList.toggle("paused", this.pausedAt > 0);
    buttons.start.hidden = on;
    for (const name of ["pause", "reset", "stop"]) buttons[name].hidden = !on;
    buttons.pause.textContent = this.view.text(this.pausedAt ? "resume" : "pause");
    buttons.baseline.hidden = !on || !this.settings.baseline || this.baseline === "taking";
    buttons.baseline.disabled = this.pausedAt > 0;
    buttons.forget_baseline.hidden = !on || this.baseline !== "taken";
    buttons.csv.disabled = !on && this.csv === null;
  }

  async start() {
    if (!this.video.requestVideoFrameCallback) return this.say("absent");
    this.buttons.start.disabled = true; // the model may take its time to come
    const connect = await this.prepare();
    this.buttons.start.disabled = false;
    if (!connect) return;
    this.say("asking");
    if (!(await this.camera.open())) return;
    this.view.clear();
    showSummary(this.root, this.view, null);
    this.restart();
    this.say("connecting");
    this.connection?.ignore();
    this.connection = connect((message) => this.hear(message), (state) => this.follow(state));
    this.video.requestVideoFrameCallback((...frame) => this.frame(...frame));
    this.show();
    this.buttons.pause.focus();
  }

  // What makes the session's connection; nothing, after a message, where that cannot be.
  async prepare() {
    const { device, place } = this;
    const toServer = (...hear) => new Connection(liveAddress(), ...hear);
    if (!device || place?.onDevice === false) return toServer;
    try {
      await device.open();
      return (...hear) => new DeviceConnection(device, ...hear);
    } catch (problem) {
      if (!(problem instanceof ServerChosen)) return void (this.part("status").textContent = problem.message);
      choose("server");
      return toServer;
    }
  }

  // The camera's light goes out at once; the server still answers with the summary and the table.
  closed(why) {
    const focused = this.root.contains(document.activeElement);
    this.connection?.end();
    this.pausedAt = 0;
    this.showBaseline(null);
    this.view.clear();
    this.say(why);
    this.part("rate").textContent = "";
    this.show();
    if (focused) this.buttons.start.focus();
  }

  pause() {
    if (this.pausedAt) {
      this.started += performance.now() - this.pausedAt;
      this.pausedAt = 0;
      this.video.play();
    } else {
      this.pausedAt = performance.now();
      this.video.pause();
      this.placeBoxes();
      this.connection.command("summary");
      this.part("rate").textContent = "";
    }
    this.say(this.pausedAt ? "paused" : "");
    this.show();
  }

  // A resting face that is being taken, was taken, or could not be; null: one can be taken.
  showBaseline(baseline) {
    const { state = "offered", share = 0, why } = baseline ?? {};
    const bar = this.part("taking");
    const note = this.part("note");
    const focused = document.activeElement;
    this.baseline = state;
    bar.hidden = state !== "taking";
    bar.value = share;
    this.show();
    const key = state === "failed" ? why : `baseline_${state}`;
    const words = this.on && this.settings.baseline ? this.view.text(key) : "";
    if (note.textContent !== words) {
      note.textContent = words;
      note.scrollIntoView({ block: "nearest" }); // with the bar above it
    }
    const { baseline: take, forget_baseline: forget } = this.buttons;
    if (focused === take && take.hidden) this.buttons.pause.focus();
    if (focused === forget && forget.hidden) take.focus();
  }

  reset() {
    this.connection.command("reset");
    this.view.clear();
    showSummary(this.root, this.view, null);
  }

  // Called for each picture of the camera: the boxes move along, and if the server has time, the picture is sent.
  frame(now, { captureTime = now }) {
    if (!this.on) return;
    this.video.requestVideoFrameCallback((...frame) => this.frame(...frame));
    const time = this.sessionTime(captureTime);
    if (this.pausedAt || time < 0) return;
    this.view.place(time);
    if (this.connection.ready && time - this.lastSent >= INTERVAL) this.send(time, captureTime);
  }

  // For when no picture comes that would move the boxes: in a pause, and when the video is mirrored.
  placeBoxes() {
    const { answer } = this.view;
    const time = this.sessionTime(this.pausedAt || performance.now());
    if (answer) this.view.place(Math.min(time, answer.sent + AHEAD));
  }

  send(time, captured) {
    const { canvas, connection, video } = this;
    const scale = Math.min(this.settings.side / Math.max(video.videoWidth, video.videoHeight), 1);
    const [width, height] = [video.videoWidth, video.videoHeight].map((side) => Math.round(side * scale));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    this.pen.drawImage(video, 0, 0, width, height);
    this.lastSent = time;
    connection.reserve(time, captured);
    connection.send(time, canvas);
  }

  hear(message) {
    if (message.summary) showSummary(this.root, this.view, (this.summary = message.summary));
    if (message.csv !== undefined) this.csv = message.csv;
    if (message.done === "reset") this.view.clear();
    if (message.done === "reset" || message.done === "forget_baseline") this.showBaseline(null);
    if (message.done === "baseline") this.showBaseline({ state: "taking" });
    if (message.done === "csv") this.download();
    if (message.done === "end") this.show();
    if (!message.faces || !this.on || this.pausedAt) return;
    if (message.baseline) this.showBaseline(message.baseline);
    this.view.update(message);
    const drawn = performance.now();
    this.measure(drawn, drawn - message.marks.captured);
    const detail = { ...message, marks: { ...message.marks, drawn } };
    this.root.dispatchEvent(new CustomEvent("live:drawn", { detail }));
  }

  follow(state) {
    if (state === "open") return this.say("");
    if (state === "lost") return this.say("lost");
    if (this.on) this.camera.close(`error_${state}`);
  }

  // Shows the frames per second over the last answers, and the median age of a frame when its boxes are drawn.
  measure(now, age) {
    this.drawn = [...this.drawn, [now, age]].filter(([time]) => now - time < 2000);
    if (now - this.rateShown < 1000) return;
    this.rateShown = now;
    const ages = this.drawn.map(([, each]) => each).sort((a, b) => a - b);
    const values = { frames: Math.round(ages.length / 2), delay: Math.round(ages[ages.length >> 1]) };
    this.part("rate").textContent = this.view.text("rate", values);
  }

  download() {
    save(new Blob([this.csv], { type: "text/csv" }), "live.csv");
  }
}

// Beside the page, wherever a proxy has put it.
function liveAddress() {
  const url = new URL("live", document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  return url;
}
