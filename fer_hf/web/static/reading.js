// Choosing a face by its box, its picture or the arrow keys; its heat map; the downloads.
const all = (selector) => [...element.querySelectorAll(selector)];
const tabs = () => all(".choice");
const faceOf = (event) => event.target.closest?.("[data-face]")?.dataset.face;
let looking = false; // at heat maps: stays so from face to face

function mark(number) {
  for (const part of all(".box, .choice")) part.classList.toggle("marked", part.dataset.face === number);
}

function choose(number) {
  for (const tab of tabs()) {
    const chosen = tab.dataset.face === number;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
    if (chosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  for (const box of all(".box")) box.classList.toggle("chosen", box.dataset.face === number);
  for (const panel of all(".face")) panel.hidden = panel.dataset.face !== number;
  fill(element.querySelector(".face:not([hidden])"));
}

function fill(panel) {
  const crop = panel.querySelector(".crop");
  crop.src = element.querySelector(`.choice[data-face="${panel.dataset.face}"] img`).src;
  panel.querySelector(".look button").setAttribute("aria-pressed", looking);
  panel.querySelector(".heat").hidden = !looking || !panel.dataset.looked;
  if (looking && !panel.dataset.looked) look(panel, crop.src);
}

// The server keeps no photo: it gets the face again.
async function look(panel, data) {
  const said = panel.querySelector(".said");
  if (said.textContent === props.looking) return;
  said.textContent = props.looking;
  const sent = { name: panel.dataset.face, data, label: panel.dataset.label };
  const found = (await server.look(sent).catch(() => null)) ?? { problem: props.failed };
  said.textContent = found.problem ?? "";
  if (found.problem) return;
  panel.querySelector(".heat img").src = found.picture;
  panel.querySelector(".where").textContent = found.where;
  panel.dataset.looked = true;
  panel.querySelector(".heat").hidden = !looking;
}

async function save({ save: name, file }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await (await fetch(file)).blob()); // a `data:` link may be too long to follow
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

element.addEventListener("pointerover", (event) => mark(faceOf(event)));
element.addEventListener("pointerleave", () => mark());

element.addEventListener("click", (event) => {
  const { target } = event;
  const picked = target.closest(".box, .choice");
  if (picked) {
    choose(picked.dataset.face);
    element.querySelector(`.choice[data-face="${picked.dataset.face}"]`).focus({ preventScroll: true });
  } else if (target.closest(".look button")) {
    looking = !looking;
    fill(target.closest(".face"));
  } else if (target.closest("[data-save]")) {
    save(target.closest("[data-save]").dataset);
  }
});

element.addEventListener("keydown", (event) => {
  if (!event.target.matches(".choice")) return;
  const list = tabs();
  const here = list.indexOf(event.target);
  const steps = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1, Home: 0, End: -1 };
  if (!(event.key in steps)) return;
  event.preventDefault();
  const next = list.at(steps[event.key] % list.length);
  choose(next.dataset.face);
  next.focus({ preventScroll: true });
});

// On a phone the answer is below the fold: show it when it comes.
watch("value", () => {
  if (element.querySelector(".face")) choose("1");
  if (element.getBoundingClientRect().top > 0.6 * window.innerHeight) element.scrollIntoView({ block: "start" });
});
