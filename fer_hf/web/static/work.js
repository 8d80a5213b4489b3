// Long work's answer: its stop button, and saving what lies hidden in the page. Comes before the tab's own script.
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

element.addEventListener("click", ({ target }) => {
  if (target.closest("[data-do=stop]")) trigger("stop");
  const file = target.closest("[data-save]");
  if (file) save(new Blob([file.nextElementSibling.textContent]), file.dataset.save);
});

// The answer is below the fold on a phone: show it when its first part comes.
let shown = false;
watch("value", () => {
  const busy = Boolean(element.querySelector(".work"));
  if (!shown && element.getBoundingClientRect().top > 0.6 * window.innerHeight) element.scrollIntoView({ block: "start" });
  shown = busy;
});
