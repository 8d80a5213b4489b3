// The summary of a session: how long each face was in sight, and what it showed.
import { percent } from "./view.js";

// Without a summary the place is empty.
export function showSummary(root, view, summary) {
  root.classList.toggle("summarised", summary !== null);
  if (!summary) return;
  const { seconds, frames, faces } = summary;
  const values = { seconds: Math.round(seconds), frames, faces: faces.length };
  root.querySelector(".live-totals").textContent = view.text("totals", values);
  root.querySelector(".live-rows").replaceChildren(...faces.map((face) => row(face, view)));
}

function row(face, view) {
  const shares = Object.entries(face.share).filter(([, share]) => share >= 0.005).sort((a, b) => b[1] - a[1]);
  const most = view.word(face.dominant);
  const cells = [
    face.face,
    view.text("span", { from: Math.round(face.first), to: Math.round(face.last) }),
    face.adjusted ? view.text("adjusted", { words: most }) : most,
    shares.map(([label, share]) => `${view.word(label)} ${percent(share)}`).join(", "),
  ];
  const line = document.createElement("tr");
  for (const text of cells) line.insertCell().textContent = text;
  return line;
}
