// A card of the gallery opens its face: where it is in its photo, and its seven scores.
import { FileJob } from "../job/job.js";

export default function (component) {
  const element = component.element.querySelector(".answer");
  let answer = null;
  new FileJob(component, (newest) => (answer = newest));
  element.addEventListener("click", ({ target }) => {
    const card = target.closest(".card button");
    if (card) open(element.querySelector("dialog"), card.dataset, answer);
    if (target.matches("dialog, [data-do=close]")) target.closest("dialog").close(); // the dialog itself: beside its box
  });
}

function open(dialog, { file, number, words }, { photos, expressions }) {
  const { picture, faces } = photos[file];
  const { scores, box } = faces[number - 1];
  dialog.querySelector("h3").textContent = `${words} · ${file}`;
  dialog.querySelector("img").src = picture;
  const frame = dialog.querySelector(".frame i").style;
  [frame.left, frame.top, frame.width, frame.height] = box.map((part) => `${100 * part}%`);
  dialog.querySelector(".bars").replaceChildren(...expressions.map((each, i) => bar(each, scores[i], Math.max(...scores))));
  dialog.showModal();
}

function bar({ word, colour }, score, best) {
  const item = document.createElement("li");
  item.classList.toggle("best", score === best);
  item.style.setProperty("--tint", colour);
  item.style.setProperty("--share", score);
  for (const [name, text] of [["word", word], ["bar", ""], ["share", `${Math.round(100 * score)} %`]]) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = text;
    item.append(part);
  }
  return item;
}
