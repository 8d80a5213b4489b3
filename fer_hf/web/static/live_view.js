// What Live shows: boxes over the video, the list of faces, the bars and the timeline of the chosen one.
const AWAY = 3; // seconds after which a face that has gone leaves the list
const AHEAD = 0.3; // seconds that a box moves on by itself at most
const STALE = 1; // seconds after which a box is hidden: it would lie beside its face
const SPAN = 30; // seconds of the timeline

class LiveView {
  constructor(root, settings) {
    Object.assign(this, { root, settings, faces: new Map(), chosen: null, picked: false, news: "", told: 0, drawn: 0 });
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.expressions = Object.fromEntries(settings.expressions.map((each) => [each.name, each]));
    this.part = (name) => root.querySelector(`.live-${name}`);
    this.bars = [...root.querySelectorAll(".live-bars li")];
    this.part("list").addEventListener("click", (event) => this.clicked(event));
    this.part("boxes").addEventListener("click", (event) => this.clicked(event));
    root.addEventListener("keydown", (event) => this.pressed(event));
    this.clear();
  }

  text(key, values = {}) {
    return this.settings.text[key].replace(/{(\w+)}/g, (_, name) => values[name]);
  }

  clear() {
    for (const face of this.faces.values()) this.remove(face);
    this.picked = false;
    this.choose(null);
    this.count();
  }

  // An answer of the server: its faces are there now.
  update(answer) {
    this.answer = answer;
    for (const data of answer.faces) {
      const face = this.faces.get(data.number) ?? this.add(data.number);
      Object.assign(face, { data, seen: answer.sent });
      face.history.push([answer.sent, data.scores]);
      while (face.history[0][0] < answer.sent - SPAN) face.history.shift();
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
    this.fill();
    if (performance.now() - this.drawn > 250) this.draw();
    this.tell();
  }

  add(number) {
    const box = document.createElement("span");
    box.innerHTML = "<b></b>";
    const item = document.createElement("li");
    item.innerHTML = '<button type="button" aria-pressed="false"><b class="number"></b><span class="label"></span><span class="share"></span></button>';
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

  // What a face shows, in words; where the server is not sure enough, its two best guesses.
  words(data, unsure = "unsure") {
    const [label, a, b] = [data.label, ...data.unsure].map((each) => this.expressions[each].word);
    return b ? this.text(unsure, { a, b }) : label;
  }

  show(face) {
    const { data } = face;
    const share = percent(data.confidence);
    for (const part of [face.box, face.item]) {
      part.style.setProperty("--tint", this.expressions[data.label].colour);
      part.style.setProperty("--ink", this.expressions[data.label].ink);
    }
    face.box.classList.toggle("unsure", data.unsure.length > 0);
    face.box.firstChild.textContent = `${data.number} ${this.words(data, "unsure_short")}`;
    face.item.querySelector(".number").textContent = data.number;
    face.item.querySelector(".label").textContent = this.words(data);
    face.item.querySelector(".share").textContent = share;
  }

  // Puts the boxes where the faces are at a time, moved on by their velocity since the answer.
  place(at) {
    if (!this.answer) return;
    const { width, height } = this.answer;
    const mirrored = this.root.classList.contains("mirrored");
    for (const { box, data, seen } of this.faces.values()) {
      box.hidden = this.answer.sent - seen > AHEAD || at - seen > STALE;
      const ahead = this.still ? 0 : Math.min(Math.max(at - seen, 0), AHEAD);
      const [x1, y1, x2, y2] = data.box.map((edge, i) => edge + ahead * data.velocity[i % 2]);
      box.style.left = `${(100 * (mirrored ? width - x2 : x1)) / width}%`;
      box.style.top = `${(100 * y1) / height}%`;
      box.style.width = `${(100 * (x2 - x1)) / width}%`;
      box.style.height = `${(100 * (y2 - y1)) / height}%`;
      box.classList.toggle("low", y1 < 0.08 * height); // no room for the words above the box
    }
  }

  largest() {
    const area = ({ data: { box } }) => (box[2] - box[0]) * (box[3] - box[1]);
    const here = [...this.faces.values()].filter((face) => face.seen === this.answer.sent);
    if (here.some((face) => face.number === this.chosen)) return this.chosen;
    return here.sort((a, b) => area(b) - area(a))[0]?.number ?? this.chosen;
  }

  choose(number) {
    this.chosen = this.faces.has(number) ? number : null;
    for (const face of this.faces.values()) {
      const chosen = face.number === this.chosen;
      face.box.classList.toggle("chosen", chosen);
      face.item.firstChild.setAttribute("aria-pressed", chosen);
    }
    this.root.classList.toggle("empty", this.chosen === null);
    this.fill();
    this.draw();
  }

  clicked(event) {
    const number = Number(event.target.closest("[data-face]")?.dataset.face);
    if (!this.faces.has(number)) return;
    this.picked = true;
    this.choose(number);
  }

  // Digits choose a face by its number, arrow keys in the list the one before or after it.
  pressed(event) {
    const numbers = [...this.faces.keys()];
    const inList = event.target.closest(".live-list");
    const step = inList && { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const number = step ? numbers[numbers.indexOf(this.chosen) + step] : Number(event.key);
    if (event.target.matches("input") || event.ctrlKey || event.altKey || event.metaKey || !this.faces.has(number)) return;
    event.preventDefault();
    this.picked = true;
    this.choose(number);
    if (step) this.faces.get(number).item.firstChild.focus();
  }

  count() {
    const count = this.faces.size;
    const words = count === 1 ? this.text("faces_one") : this.text(count ? "faces_many" : "faces_none", { count });
    if (this.part("count").textContent !== words) this.part("count").textContent = words;
  }

  fill() {
    const face = this.faces.get(this.chosen);
    this.part("of").textContent = face ? this.text("of_face", { number: face.number }) : "";
    for (const bar of this.bars) {
      const share = face?.data.scores[bar.dataset.label] ?? 0;
      bar.style.setProperty("--share", share);
      bar.classList.toggle("best", face?.data.label === bar.dataset.label);
      bar.lastChild.textContent = percent(share);
    }
  }

  // For screen readers: what has changed, at most every few seconds.
  tell() {
    const here = [...this.faces.values()].filter((face) => face.seen === this.answer.sent);
    const said = here.slice(0, 4).map((face) => this.text("face", { number: face.number, label: this.words(face.data) }));
    const news = said.join(" ") || this.text("faces_none");
    if (news === this.news || performance.now() - this.told < 4000) return;
    this.told = performance.now();
    this.part("news").textContent = this.news = news;
  }

  // The chosen face's last seconds as stacked areas, under the words of what led.
  draw() {
    this.drawn = performance.now();
    const canvas = this.part("timeline");
    const face = this.faces.get(this.chosen);
    canvas.setAttribute("aria-label", face ? this.text("timeline_of", { number: face.number }) : this.text("timeline"));
    const [width, height, ratio] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio];
    if (!width) return;
    if (canvas.width !== Math.round(width * ratio)) Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    if (face) drawAreas(pen, face.history, this.answer.sent, { width, height, expressions: this.settings.expressions });
  }
}

const percent = (share) => `${Math.round(100 * share)} %`;

function drawAreas(pen, history, now, { width, height, expressions }) {
  const top = 20; // for the words
  const x = (time) => width * (1 - (now - time) / SPAN);
  pen.font = `600 12px ${getComputedStyle(pen.canvas).fontFamily}`;
  pen.fillStyle = getComputedStyle(pen.canvas).color;
  for (const run of runs(history, (point) => best(point[1]))) {
    const word = expressions.find((each) => each.name === best(run[0][1])).word;
    const [from, to] = [Math.max(x(run[0][0]), 0), x(run.at(-1)[0])];
    if (to - from > pen.measureText(word).width + 6) pen.fillText(word, from + 1, 13);
  }
  for (const part of runs(history, (point, before) => point[0] - before[0] < 1)) {
    let low = part.map(() => 0);
    for (const { name, colour } of expressions) {
      const high = part.map((point, i) => low[i] + point[1][name]);
      const y = (share) => height - share * (height - top);
      pen.beginPath();
      part.forEach((point, i) => pen.lineTo(x(point[0]), y(high[i])));
      part.toReversed().forEach((point, i) => pen.lineTo(x(point[0]), y(low[part.length - 1 - i])));
      pen.fillStyle = colour;
      pen.fill();
      low = high;
    }
  }
}

const best = (scores) => Object.keys(scores).reduce((a, b) => (scores[b] > scores[a] ? b : a));

// Splits points wherever `key(point, the one before)` differs from the first of a run, or is false.
function runs(points, key) {
  const parts = [];
  points.forEach((point, i) => {
    const value = key(point, points[i - 1] ?? point);
    if (i && value && value === parts.at(-1).value) parts.at(-1).points.push(point);
    else parts.push({ value: value || true, points: [point] });
  });
  return parts.map((part) => part.points);
}
