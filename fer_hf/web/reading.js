// Ties the boxes on the photo to the list of faces: pointing at one marks both, clicking a box opens its face.
const faceOf = (event) => event.target.closest?.("[data-face]")?.dataset.face;

function mark(number) {
  for (const part of element.querySelectorAll("[data-face]")) {
    part.classList.toggle("marked", part.dataset.face === number);
  }
}

element.addEventListener("pointerover", (event) => mark(faceOf(event)));
element.addEventListener("pointerleave", () => mark());
element.addEventListener("focusin", (event) => mark(faceOf(event)));

element.addEventListener("click", (event) => {
  const box = event.target.closest(".box");
  if (!box) return;
  const face = element.querySelector(`li[data-face="${box.dataset.face}"]`);
  const details = face.querySelector("details");
  details.open = true;
  details.querySelector("summary").focus({ preventScroll: true });
  face.scrollIntoView({ block: "nearest" });
});

// On a phone the answer is below the fold: show it when it comes.
watch("value", () => {
  if (element.getBoundingClientRect().top > 0.6 * window.innerHeight) element.scrollIntoView({ block: "start" });
});
