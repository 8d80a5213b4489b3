// Files are uploaded, a job of the server reads them, and the browser asks how far it is until the answer is there.
// If the connection breaks meanwhile, it asks again; an earlier answer stays until there is a new one.
import { bringIntoView, save, takeFiles } from "../shared.js";

const RETRY = 2000; // milliseconds
const FAILURES = 3; // in a row, after which the job has failed

export class FileJob {
  // `shown(answer)` is called when an answer is on the page, and may fetch what the job has made until it returns.
  constructor({ element, props, server }, shown) {
    Object.assign(this, { element, server, shown, words: props.words, limits: props.limits, current: null, files: {} });
    takeFiles(element.querySelector(".picker"), (files) => files.length && this.run(files));
    element.addEventListener("click", ({ target }) => {
      if (target.closest("[data-do=stop]")) this.stop();
      const name = target.closest("[data-save]")?.dataset.save;
      if (name) save(new Blob([this.files[name]]), name);
    });
  }

  async run(files) {
    const refusal = this.refusal(files);
    if (refusal) return this.say(refusal);
    this.current?.abort(); // newer files replace those that are being read
    this.current = new AbortController();
    const { signal } = this.current;
    this.say("");
    const outcome = await this.outcome(files, signal);
    if (!signal.aborted) await this.finish(outcome);
    if (outcome.job) this.server.stop(outcome.job); // its files go at once
  }

  refusal(files) {
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (files.length > this.limits.files) return this.words.too_many;
    return size > this.limits.bytes && this.words.too_large.replace("{name}", files[0].name);
  }

  async outcome(files, signal) {
    this.show({ words: this.words.sending, fraction: 0 });
    bringIntoView(this.part("work"));
    const paths = await upload(files, signal, (fraction) => this.show({ words: this.words.sending, fraction }));
    const sent = { paths, names: files.map((file) => file.webkitRelativePath || file.name) };
    const { job, problem } = (paths && (await this.server.start(sent))) || { problem: this.words.lost };
    if (problem) return { problem };
    signal.addEventListener("abort", () => this.server.stop(job));
    let failures = 0;
    while (!signal.aborted) {
      const state = await this.server.look(job);
      if (state?.html || state?.problem) return { ...state, job };
      failures = state || !(await serverAnswers()) ? 0 : failures + 1;
      if (failures === FAILURES) return { problem: this.words.failed, job };
      if (!signal.aborted && !failures) this.show(state ?? { words: this.words.reconnecting });
      if (!state) await new Promise((resolve) => setTimeout(resolve, RETRY));
    }
    return { job };
  }

  async finish(outcome) {
    this.part("work").hidden = true;
    if (outcome.problem) return this.say(outcome.problem);
    this.files = outcome.files;
    this.part("answer").innerHTML = outcome.html;
    bringIntoView(this.part("answer"));
    await this.shown?.(outcome);
  }

  stop() {
    this.current.abort();
    this.part("work").hidden = true;
    this.say(this.words.stopped, false);
    this.element.querySelector("input[type=file]").focus();
  }

  show({ words, fraction, left = "" }) {
    const work = this.part("work");
    const bar = work.querySelector("progress");
    const known = typeof fraction === "number"; // without a value the bar shows only that something goes on
    if (known) bar.value = fraction;
    else bar.removeAttribute("value");
    const percent = known ? `${Math.round(100 * fraction)} %` : "";
    const texts = { words, left: [percent, left].filter(Boolean).join(" · ") };
    for (const [name, text] of Object.entries(texts)) {
      const line = work.querySelector(`.${name}`);
      if (line.textContent !== text) line.textContent = text;
    }
    work.hidden = false;
  }

  say(words, problem = true) {
    const notice = this.part("notice");
    notice.hidden = !words;
    notice.classList.toggle("problem", problem);
    notice.querySelector("strong").hidden = !problem;
    notice.querySelector("p").textContent = words;
  }

  part(name) {
    return this.element.querySelector(`:scope > .${name}`);
  }
}

// Whether the connection stands: Gradio's client returns nothing both without one and where the server has failed.
async function serverAnswers() {
  const response = await fetch(import.meta.url, { method: "HEAD", cache: "no-store" }).catch(() => null);
  return response?.ok === true;
}

// The paths of the files on the server; null if they did not arrive. Their names travel apart: equal files stay apart.
function upload(files, signal, progressed) {
  const form = new FormData();
  files.forEach((file, i) => form.append("files", file, String(i)));
  const request = new XMLHttpRequest();
  signal.addEventListener("abort", () => request.abort());
  return new Promise((resolve) => {
    request.open("POST", new URL("gradio_api/upload", document.baseURI));
    request.upload.onprogress = ({ loaded, total }) => progressed(loaded / total);
    request.onloadend = () => resolve(request.status === 200 ? JSON.parse(request.responseText) : null);
    request.send(form);
  });
}
