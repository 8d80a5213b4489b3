// The marked video and its timeline move together: playing moves the line, the slider and the strips move the video.
let film = null; // what the answer shows now
let file = null; // where its video was
let chosen = null; // the face whose scores are shown
let address = null; // of the video, here

const all = (selector) => [...film.querySelectorAll(selector)];
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

// The copy leaves the server as soon as it is here.
async function fetchVideo(mine) {
  URL.revokeObjectURL(address);
  const answer = await fetch(`${window.gradio_config.root}/gradio_api/file=${mine}`).catch(() => null);
  const blob = answer?.ok ? await answer.blob().catch(() => null) : null;
  trigger("download", mine);
  if (file !== mine) return; // another video has been read meanwhile
  film.querySelector(".lost").hidden = Boolean(blob);
  if (!blob) return;
  const link = film.querySelector("a[download]");
  address = link.href = film.querySelector("video").src = URL.createObjectURL(blob);
  link.hidden = false;
}

// The reading that holds at a moment; nothing where the face is away.
function readingAt({ t, s }, time) {
  let i = t.findLastIndex((each) => each <= time + 1e-3);
  return i < 0 || time - t[i] > Number(film.dataset.every) ? null : s[i];
}

function describe(scores) {
  if (!scores) return film.dataset.away;
  const bars = all(".now .bars li");
  const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
  const name = (i) => bars[i].firstElementChild.textContent;
  if (scores[order[0]] >= Number(film.dataset.below)) return `${name(order[0])} ${Math.round(100 * scores[order[0]])} %`;
  return film.dataset.either.replace("{first}", name(order[0])).replace("{second}", name(order[1]));
}

function show(time) {
  film.style.setProperty("--now", Math.min(time / Number(film.dataset.seconds), 1));
  if (!chosen) return;
  const scores = readingAt(chosen.samples, time);
  const best = scores ? Math.max(...scores) : 2;
  all(".now .bars li").forEach((bar, i) => {
    bar.style.setProperty("--share", scores?.[i] ?? 0);
    bar.classList.toggle("best", scores?.[i] === best);
    bar.lastElementChild.textContent = scores ? `${Math.round(100 * scores[i])} %` : "–";
  });
  const label = describe(scores);
  film.querySelector("[data-part=label]").textContent = label;
  film.querySelector("[data-part=time]").textContent = film.dataset.at.replace("{time}", clock(time));
  const slider = film.querySelector("input[type=range]");
  slider.value = time;
  slider.setAttribute("aria-valuetext", `${clock(time)}, ${chosen.name}: ${label}`);
}

function choose(lane) {
  chosen = { samples: JSON.parse(lane.dataset.samples), name: lane.dataset.name };
  for (const each of all(".lane")) {
    each.classList.toggle("chosen", each === lane);
    each.querySelector("button").setAttribute("aria-pressed", each === lane);
  }
  for (const chart of all(".chart")) chart.hidden = chart.dataset.face !== lane.dataset.face;
  film.querySelector("[data-part=face]").textContent = chosen.name;
}

function moveTo(time) {
  film.querySelector("video").currentTime = time;
  show(time);
}

element.addEventListener("click", (event) => {
  const lane = event.target.closest(".lane");
  if (lane) choose(lane);
  const strip = event.target.closest(".strip, .areas");
  if (strip) {
    const { left, width } = strip.getBoundingClientRect();
    moveTo(((event.clientX - left) / width) * Number(film.dataset.seconds));
  } else if (lane) show(film.querySelector("video").currentTime);
});

element.addEventListener("input", (event) => {
  if (event.target.matches(".moment input")) moveTo(Number(event.target.value));
});

// A video's events do not bubble.
for (const kind of ["timeupdate", "seeked"]) {
  element.addEventListener(kind, (event) => show(event.target.currentTime), true);
}
function follow() {
  const video = film?.querySelector("video");
  if (!video || video.paused) return;
  show(video.currentTime);
  requestAnimationFrame(follow); // smoother than the four "timeupdate" a second
}
element.addEventListener("play", follow, true);

watch("value", () => {
  film = element.querySelector(".film");
  const now = film?.querySelector("video").dataset.file ?? null;
  if (now === file) return;
  file = now;
  chosen = null;
  if (!film) return;
  fetchVideo(file);
  const lane = film.querySelector(".lane");
  if (lane) choose(lane);
  show(lane ? chosen.samples.t[0] : 0);
});
