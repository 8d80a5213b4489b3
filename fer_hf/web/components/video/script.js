// The marked video and its timeline move together: playing moves the line; the slider and the strips move the video.
import { clearedPen, drawAreas, nameAreas, splitRuns } from "../areas.js";
import { FileJob } from "../job/job.js";

const percent = (share) => `${Math.round(100 * share)} %`;
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export default function (component) {
  const film = new Film(component.element.querySelector(".answer"));
  new FileJob(component, (answer) => film.open(answer));
}

class Film {
  constructor(element) {
    Object.assign(this, { element, answer: null, chosen: null, copy: null });
    element.addEventListener("click", (event) => this.clicked(event));
    element.addEventListener("input", ({ target }) => target.matches(".moment input") && this.moveTo(Number(target.value)));
    for (const kind of ["timeupdate", "seeked"]) {
      element.addEventListener(kind, ({ target }) => this.show(target.currentTime), true); // a video's events do not bubble
    }
    element.addEventListener("play", () => this.follow(), true);
    new ResizeObserver(() => this.chosen && this.draw()).observe(element);
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  all(selector) {
    return [...this.element.querySelectorAll(selector)];
  }

  open(answer) {
    Object.assign(this, { answer, chosen: null });
    const lane = this.find(".lane");
    if (lane) this.choose(lane);
    this.show(lane ? this.chosen.points[0].time : 0);
    return this.fetchCopy(answer);
  }

  // The copy leaves the server as soon as it is here.
  async fetchCopy(answer) {
    URL.revokeObjectURL(this.copy);
    const response = await fetch(new URL(`gradio_api/file=${answer.marked}`, document.baseURI)).catch(() => null);
    const blob = response?.ok ? await response.blob().catch(() => null) : null;
    if (this.answer !== answer) return; // another video has been read meanwhile
    this.find(".lost").hidden = Boolean(blob);
    if (!blob) return;
    const link = this.find("a[download]");
    this.copy = link.href = this.find("video").src = URL.createObjectURL(blob);
    link.hidden = false;
  }

  choose(lane) {
    const { words, faces } = this.answer;
    const number = lane.dataset.face;
    const points = faces[number].map(([time, unsure, because, ...scores]) => ({ time, unsure, because, scores }));
    this.chosen = { name: words.face.replace("{number}", number), points };
    for (const each of this.all(".lane")) {
      each.classList.toggle("chosen", each === lane);
      each.querySelector("button").setAttribute("aria-pressed", each === lane);
    }
    this.find("[data-part=face]").textContent = this.chosen.name;
    this.find(".chart p").textContent = words.chart.replace("{number}", number);
    this.draw();
  }

  // The scores of the chosen face over the whole video; each reading holds until the next one.
  draw() {
    const { gap, every, seconds, expressions } = this.answer;
    const canvas = this.find("canvas");
    const pen = clearedPen(canvas);
    if (!pen) return;
    const runs = splitRuns(this.chosen.points, (before, point) => point.time - before.time <= gap);
    for (const run of runs) run.push({ ...run.at(-1), time: run.at(-1).time + every });
    const x = (time) => canvas.clientWidth * Math.min(time / seconds, 1);
    const y = (share) => canvas.clientHeight * (1 - share);
    drawAreas(pen, runs, x, y, expressions);
    nameAreas(pen, runs, x, y, expressions);
  }

  // The reading that holds at a moment; none where the face is away.
  readingAt(time) {
    const point = this.chosen.points.findLast((each) => each.time <= time + 1e-3);
    return point && time - point.time <= this.answer.gap ? point : null;
  }

  describe(reading) {
    const { words, expressions } = this.answer;
    if (!reading) return words.away;
    const order = reading.scores.map((_, i) => i).sort((a, b) => reading.scores[b] - reading.scores[a]);
    const [first, second] = order.map((i) => expressions[i].word);
    if (reading.unsure) {
      const both = words.either.replace("{first}", first).replace("{second}", second);
      const reasons = reading.because.map((reason) => words[reason]).join(", ");
      return reasons ? words.with_reasons.replace("{words}", both).replace("{reasons}", reasons) : both;
    }
    return `${first} ${percent(reading.scores[order[0]])}`;
  }

  show(time) {
    this.find(".film").style.setProperty("--now", Math.min(time / this.answer.seconds, 1));
    if (!this.chosen) return;
    const reading = this.readingAt(time);
    const best = reading && Math.max(...reading.scores);
    this.all(".now .bars li").forEach((bar, i) => {
      bar.style.setProperty("--share", reading?.scores[i] ?? 0);
      bar.classList.toggle("best", reading?.scores[i] === best);
      bar.querySelector(".share").textContent = reading ? percent(reading.scores[i]) : "–";
    });
    const label = this.describe(reading);
    this.find("[data-part=label]").textContent = label;
    this.find("[data-part=time]").textContent = this.answer.words.now.replace("{time}", clock(time));
    const slider = this.find(".moment input");
    slider.value = time;
    slider.setAttribute("aria-valuetext", `${clock(time)}, ${this.chosen.name}: ${label}`);
  }

  moveTo(time) {
    this.find("video").currentTime = time;
    this.show(time);
  }

  clicked({ target, clientX }) {
    const lane = target.closest(".lane");
    if (lane) this.choose(lane);
    const strip = target.closest(".strip, .areas");
    if (strip) {
      const { left, width } = strip.getBoundingClientRect();
      this.moveTo(((clientX - left) / width) * this.answer.seconds);
    } else if (lane) this.show(this.find("video").currentTime);
  }

  // Smoother than the four "timeupdate" events per second.
  follow() {
    const video = this.find("video");
    if (!video || video.paused) return;
    this.show(video.currentTime);
    requestAnimationFrame(() => this.follow());
  }
}
