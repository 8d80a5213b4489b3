// Choosing a face by its box, its picture or the arrow keys, and showing its heat map.
export function startFaces(answer, words, server) {
  const all = (selector) => [...answer.querySelectorAll(selector)];
  const faceOf = (event) => event.target.closest?.("[data-face]")?.dataset.face;
  let looking = false; // at heat maps: stays so from face to face

  function mark(number) {
    for (const part of all(".box, .choice")) part.classList.toggle("marked", part.dataset.face === number);
    all(".box.marked").forEach(fit);
  }

  function choose(number) {
    for (const tab of all(".choice")) {
      const chosen = tab.dataset.face === number;
      tab.setAttribute("aria-selected", chosen);
      tab.tabIndex = chosen ? 0 : -1;
    }
    for (const box of all(".box")) box.classList.toggle("chosen", box.dataset.face === number);
    for (const panel of all(".face")) panel.hidden = panel.dataset.face !== number;
    all(".box.chosen").forEach(fit);
    all(".face:not([hidden])").forEach(fill);
  }

  // Moves a box's label so that it is not cut off at the photo's edges.
  function fit(box) {
    const label = box.querySelector("b");
    const frame = box.parentElement.getBoundingClientRect();
    label.style.translate = label.style.maxWidth = "";
    label.style.maxWidth = `${frame.width}px`;
    const { left, right } = label.getBoundingClientRect();
    label.style.translate = `${Math.max(frame.left - left, 0) - Math.max(right - frame.right, 0)}px`;
  }

  function fill(panel) {
    const crop = panel.querySelector(".crop");
    crop.src = answer.querySelector(`.choice[data-face="${panel.dataset.face}"] img`).src;
    const button = panel.querySelector(".look button");
    if (!button) return; // there is no server to make heat maps
    button.setAttribute("aria-expanded", looking);
    button.textContent = looking ? words.unlook : words.look;
    panel.querySelector(".heat").hidden = !looking || !panel.dataset.looked;
    if (looking && !panel.dataset.looked) look(panel, crop.src);
  }

  // The server keeps no photo: it gets the face again.
  async function look(panel, data) {
    const said = panel.querySelector(".said");
    if (said.textContent === words.looking) return;
    said.textContent = words.looking;
    const sent = { name: panel.dataset.face, data, label: panel.dataset.label };
    const found = (await server.explain(sent).catch(() => null)) ?? { problem: words.no_answer };
    said.textContent = found.problem ?? "";
    if (found.problem) return;
    panel.querySelector(".heat img").src = found.picture;
    panel.querySelector(".where").textContent = found.where;
    panel.dataset.looked = true;
    panel.querySelector(".heat").hidden = !looking;
  }

  new ResizeObserver(() => all(".box.marked, .box.chosen").forEach(fit)).observe(answer); // also when its tab is opened

  function goTo(number) {
    choose(number);
    const tab = answer.querySelector(`.choice[data-face="${number}"]`);
    tab.focus({ preventScroll: true });
    tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  answer.addEventListener("pointerover", (event) => mark(faceOf(event)));
  answer.addEventListener("pointerleave", () => mark());

  answer.addEventListener("click", ({ target }) => {
    const picked = target.closest(".box, .choice")?.dataset.face;
    if (picked) goTo(picked);
    else if (target.closest(".look button")) {
      looking = !looking;
      fill(target.closest(".face"));
    }
  });

  answer.addEventListener("keydown", (event) => {
    if (!event.target.matches(".choice")) return;
    const list = all(".choice");
    const here = list.indexOf(event.target);
    const steps = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1, Home: 0, End: -1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    goTo(list.at(steps[event.key] % list.length).dataset.face);
  });

  return { choose };
}
