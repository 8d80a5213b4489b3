// What several components' scripts need.

// Hands the browser a file to save.
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Files come by the picker's button or are dropped on it; `take` gets them as a list.
export function takeFiles(picker, take) {
  const input = picker.querySelector("input[type=file]");
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = ""; // so that the same files can be chosen again
  });
  for (const kind of ["dragenter", "dragover"]) {
    picker.addEventListener(kind, (event) => {
      event.preventDefault();
      picker.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) picker.addEventListener(kind, () => picker.classList.remove("over"));
  picker.addEventListener("drop", (event) => {
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}

// Shows an answer that is below the fold, as on a phone.
export function bringIntoView(answer) {
  if (answer.getBoundingClientRect().top > 0.6 * window.innerHeight) answer.scrollIntoView({ block: "start" });
}
