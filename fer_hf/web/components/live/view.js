// What Live shows: boxes over the video, the list of faces, and the bars and timeline of the chosen face.
import { clearedPen, drawAreas, splitRuns } from "../areas.js";

const AWAY = 3; // seconds after which a face that has gone leaves the list
export const AHEAD = 0.3; // seconds that a box moves on by itself at most
const STALE = 1; // seconds after which a box is hidden: it would lie beside its face
const SPAN = 30; // seconds of the timeline
const WORDS = 20; // pixels above its areas

export const percent = (share) => `${Math.round(100 * share)} %`;

export class LiveView {
  constructor(root, settings) {
    Object.assign(this, { root, settings, faces: new Map(), chosen: null, picked: false, announced: "", announcedAt: 0, drawnAt: 0 });
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.expressions = Object.fromEntries(settings.expressions.map((each) => [each.name, each]));
    this.bars = [...root.querySelectorAll(".live-bars li")];
    this.part("list").addEventListener("click", (event) => this.clicked(event));
    this.part("boxes").addEventListener("click", (event) => this.clicked(event));
    root.addEventListener("keydown", (event) => this.pressed(event));
    this.clear();
  }

  part(name) {
    return this.root.querySelector(`.live-${name}`);
  }

  text(key, values = {}) {
    return this.settings.text[key].replace(/{(\w+)}/g, (_, name) => values[name]);
  }

  // An expression in words; "unsure" stands among them in summaries.
  word(label) {
    return this.expressions[label]?.word ?? this.text(label);
  }

  clear() {
    for (const face of this.faces.values()) this.remove(face);
    this.picked = false;
    this.choose(null);
    this.count();
  }

  // Takes an answer of the server: its faces are there now.
  update(answer) {
    this.answer = answer;
    for (const data of answer.faces) {
      const face = this.faces.get(data.number) ?? this.add(data.number);
      Object.assign(face, { data, seen: answer.sent });
      const word = data.unsure.length ? "unsure" : data.label;
      face.history.push({ time: answer.sent, scores: Object.values(data.scores), word });
      while (face.history[0].time < answer.sent - SPAN) face.history.shift();
      this.show(face);
    }
    for (const face of this.faces.values()) {
      const away = answer.sent - face.seen;
      face.item.classList.toggle("away", away > 0);
      if (away > AWAY) this.remove(face);
    }
    const chosen = this.picked && this.faces.has(this.chosen) ? this.chosen : this.largest();
    if (chosen !== this.chosen) this.choose(chosen);
    this.count();
    this.place(answer.sent);
    this.fillBars();
    if (performance.now() - this.drawnAt > 250) this.drawTimeline();
    this.announce();
  }

  add(number) {
    const item = this.root.querySelector(".live-item").content.firstElementChild.cloneNode(true);
    const box = document.createElement("span");
    box.append(document.createElement("b"));
    box.dataset.face = item.dataset.face = number;
    this.part("boxes").append(box);
    this.part("list").append(item);
    const face = { number, box, item, history: [] };
    this.faces.set(number, face);
    return face;
  }

  remove(face) {
    face.box.remove();
    face.item.remove();
    this.faces.delete(face.number);
    if (this.chosen === face.number) this.picked = false;
  }

  // What a face shows, in words; where the server is unsure, its two best guesses and why.
  words(data, unsure = "either") {
    const [label, a, b] = [data.label, ...data.unsure].map((each) => this.word(each));
    const words = b ? this.text(unsure, { a, b }) : label;
    if (!data.unsure_because.length || unsure === "either_short") return words; // no room over the video
    const reasons = data.unsure_because.map((reason) => this.text(reason)).join(", ");
    return this.text("with_reasons", { words, reasons });
  }

  show(face) {
    const { data } = face;
    for (const part of [face.box, face.item]) {
      part.style.setProperty("--tint", this.expressions[data.label].colour);
      part.style.setProperty("--ink", this.expressions[data.label].ink);
    }
    face.box.classList.toggle("unsure", data.unsure.length > 0);
    face.box.firstChild.textContent = `${data.number} ${this.words(data, "either_short")}${data.adjusted ? " *" : ""}`;
    const label = data.adjusted ? this.text("adjusted", { words: this.words(data) }) : this.words(data);
    const values = { number: data.number, label, share: percent(data.confidence) };
    for (const [name, value] of Object.entries(values)) face.item.querySelector(`.${name}`).textContent = value;
  }

  // Puts the boxes where the faces are at a time, moved on by their velocity since the answer.
  place(time) {
    if (!this.answer) return;
    const { width, height } = this.answer;
    const mirrored = this.root.classList.contains("mirrored");
    for (const { box, data, seen } of this.faces.values()) {
      box.hidden = this.answer.sent - seen > AHEAD || time - seen > STALE;
      const ahead = this.still ? 0 : Math.min(Math.max(time - seen, 0), AHEAD);
      const [x1, y1, x2, y2] = data.box.map((edge, i) => edge + ahead * data.velocity[i % 2]);
      const left = mirrored ? width - x2 : x1;
      box.style.left = `${(100 * left) / width}%`;
      box.style.top = `${(100 * y1) / height}%`;
      box.style.width = `${(100 * (x2 - x1)) / width}%`;
      box.style.height = `${(100 * (y2 - y1)) / height}%`;
      box.classList.toggle("low", y1 < 0.08 * height); // no room for the words above the box
      box.classList.toggle("right", 2 * left + x2 - x1 > width);
    }
  }

  here() {
    return [...this.faces.values()].filter((face) => face.seen === this.answer.sent);
  }

  // The largest face, but the chosen one for as long as it is there.
  largest() {
    const area = ({ data: { box } }) => (box[2] - box[0]) * (box[3] - box[1]);
    const here = this.here();
    if (here.some((face) => face.number === this.chosen)) return this.chosen;
    return here.sort((a, b) => area(b) - area(a))[0]?.number ?? this.chosen;
  }

  choose(number) {
    this.chosen = this.faces.has(number) ? number : null;
    for (const face of this.faces.values()) {
      const chosen = face.number === this.chosen;
      face.box.classList.toggle("chosen", chosen);
      face.item.querySelector("button").setAttribute("aria-pressed", chosen);
    }
    this.root.classList.toggle("empty", this.chosen === null);
    this.fillBars();
    this.drawTimeline();
  }

  clicked(event) {
    const number = Number(event.target.closest("[data-face]")?.dataset.face);
    if (!this.faces.has(number)) return;
    this.picked = true;
    this.choose(number);
  }

  // Digits choose a face by its number; arrow keys in the list choose the one before or after.
  pressed(event) {
    const numbers = [...this.faces.keys()];
    const inList = event.target.closest(".live-list");
    const step = inList && { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const number = step ? numbers[numbers.indexOf(this.chosen) + step] : Number(event.key);
    if (event.target.matches("input") || event.ctrlKey || event.altKey || event.metaKey || !this.faces.has(number)) return;
    event.preventDefault();
    this.picked = true;
    this.choose(number);
    if (step) this.faces.get(number).item.querySelector("button").focus();
  }

  count() {
    const count = this.faces.size;
    const words = count === 1 ? this.text("faces_one") : this.text(count ? "faces_many" : "faces_none", { count });
    if (this.part("count").textContent !== words) this.part("count").textContent = words;
  }

  fillBars() {
    const face = this.faces.get(this.chosen);
    const of = face ? this.text("of_face", { number: face.number }) : "";
    this.part("of").textContent = face?.data.adjusted ? this.text("adjusted_long", { words: of }) : of;
    for (const bar of this.bars) {
      const share = face?.data.scores[bar.dataset.label] ?? 0;
      bar.style.setProperty("--share", share);
      bar.classList.toggle("best", face?.data.label === bar.dataset.label);
      bar.querySelector(".share").textContent = percent(share);
    }
  }

  // Tells screen readers what has changed, at most every few seconds.
  announce() {
    const faces = this.here().slice(0, 4);
    const words = faces.map(({ number, data }) => this.text("face", { number, label: this.words(data) })).join(" ");
    const news = words || this.text("faces_none");
    if (news === this.announced || performance.now() - this.announcedAt < 4000) return;
    this.announcedAt = performance.now();
    this.part("news").textContent = this.announced = news;
  }

  // Draws the chosen face's last seconds as stacked areas, under the words of what led.
  drawTimeline() {
    this.drawnAt = performance.now();
    const canvas = this.part("timeline");
    const face = this.faces.get(this.chosen);
    canvas.setAttribute("aria-label", face ? this.text("timeline_of", { number: face.number }) : this.text("timeline"));
    const pen = clearedPen(canvas);
    if (!pen || !face) return;
    const x = (time) => canvas.clientWidth * (1 - (this.answer.sent - time) / SPAN);
    const y = (share) => canvas.clientHeight - share * (canvas.clientHeight - WORDS);
    const runs = splitRuns(face.history, (before, point) => point.time - before.time < 1);
    drawAreas(pen, runs, x, y, this.settings.expressions);
    pen.fillStyle = getComputedStyle(canvas).color;
    for (const run of splitRuns(face.history, (before, point) => point.word === before.word)) {
      const word = this.word(run[0].word);
      const [from, to] = [Math.max(x(run[0].time), 0), x(run.at(-1).time)];
      if (to - from > pen.measureText(word).width + 6) pen.fillText(word, from + 1, 13);
    }
  }
}
