// Sends a photo and shows its answer. What is asked of the server is sent as data, and the newest photo wins.
import { Device } from "../device.js";
import { carryAlong } from "../handover.js";
import { Place, choose } from "../place.js";
import { bringIntoView, save, takeFiles } from "../shared.js";
import { startCamera } from "./camera.js";
import { photoServer } from "./device.js";
import { startFaces } from "./faces.js";

export default function ({ element, props, server }) {
  const analyze = reading(element, props.device, server);
  const { words, largest } = props;
  const picker = element.querySelector(".picker");
  const answer = element.querySelector(".answer");
  const waiting = element.querySelector(".waiting");
  const faces = startFaces(answer, words, server);
  let newest = null; // what was sent last
  faces.choose("1"); // of the example

  function say(text, failed = false) {
    waiting.classList.toggle("failed", failed);
    waiting.textContent = text;
    if (text) waiting.scrollIntoView({ block: "nearest" }); // on a phone it is below the fold
  }

  async function send(sent) {
    newest = sent;
    say(words.reading);
    const html = await analyze(sent).catch(() => null);
    if (newest !== sent) return;
    if (typeof html !== "string") return say(words.no_answer, true);
    say("");
    answer.innerHTML = html;
    faces.choose("1");
    await answer.querySelector(".photo img")?.decode().catch(() => {}); // before that it has no height
    bringIntoView(answer);
  }

  function read(file) {
    if (!file) return;
    if (file.size > largest) return send({ name: file.name, size: file.size });
    const reader = new FileReader();
    reader.onload = () => send({ name: file.name, data: reader.result });
    reader.readAsDataURL(file);
  }

  takeFiles(picker, (files) => {
    if (files.length > 1) say(words.too_many, true);
    else read(files[0]);
  });
  document.addEventListener("paste", (event) => {
    if (picker.offsetParent) read(event.clipboardData.files[0]); // anywhere while this tab is shown
  });
  startCamera(picker, words, send);
  carryAlong("photo", () => newest, send); // the photo, to be read again

  element.addEventListener("click", async ({ target }) => {
    const example = target.closest(".example");
    if (example) send({ name: example.title, data: example.querySelector("img").src });
    if (target.closest("[data-do=whole]")) send({ ...newest, whole: true });
    const file = target.closest("[data-save]")?.dataset;
    if (file) save(await (await fetch(file.file)).blob(), file.save); // a `data:` link may be too long to follow
  });
}

// What reads a photo: this device, the server, or the one of them that the visitor chooses.
function reading(element, settings, server) {
  if (!settings) return server.analyze;
  const device = new Device(settings.text, element);
  if (!server) return photoServer(device, settings).analyze;
  const place = new Place(element);
  const here = photoServer(device, settings, (sent) => {
    choose("server");
    return server.analyze(sent);
  });
  return (sent) => (place.onDevice ? here : server).analyze(sent);
}
