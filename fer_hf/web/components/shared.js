// What several components' scripts need.

// Hands the browser a file to save.
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Files come by the picker's button or are dropped anywhere while its tab is shown; `take` gets them as a list.
export function takeFiles(picker, take) {
  const input = picker.querySelector("input[type=file]");
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = ""; // so that the same files can be chosen again
  });
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault(); // the browser would open the files, in place of the page
      picker.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) document.addEventListener(kind, () => picker.classList.remove("over"));
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    if (picker.offsetParent) take(await droppedFiles(event.dataTransfer));
  });
}

// What was dropped; a folder is all files in it.
async function droppedFiles({ files, items }) {
  const entries = [...items].map((item) => item.webkitGetAsEntry());
  if (!entries.some((entry) => entry?.isDirectory)) return [...files];
  return (await Promise.all(entries.map(filesIn))).flat();
}

async function filesIn(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [Object.defineProperty(file, "webkitRelativePath", { value: entry.fullPath.slice(1) })];
  }
  const entries = (await inside(entry.createReader())).filter(({ name }) => !name.startsWith(".")); // hidden by the system
  return (await Promise.all(entries.map(filesIn))).flat();
}

async function inside(reader) {
  const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at most
  return some.length ? [...some, ...(await inside(reader))] : [];
}

// Shows an answer that is below the fold, as on a phone.
export function bringIntoView(answer) {
  if (answer.getBoundingClientRect().top > 0.6 * window.innerHeight) answer.scrollIntoView({ block: "start" });
}
