// Draws a numbered, labelled box for each face, as fer_hf/inference/annotate.py does: "1 happy 93 %".
import { percent, shown } from "../templates.js";

const HALO = "#101010"; // a dark rim sets the line off from a background of its own colour

export function drawn(canvas, { width, faces }, { text, expressions }) {
  const pen = canvas.getContext("2d");
  const scale = canvas.width / width;
  const height = letters(canvas, faces, scale);
  const looks = Object.fromEntries(expressions.map((each) => [each.name, each]));
  pen.font = `600 ${height}px system-ui, sans-serif`;
  pen.textBaseline = "middle";
  for (const [i, face] of [...faces.entries()].reverse()) {
    const [x1, y1, x2, y2] = face.box.map((edge) => edge * scale);
    const line = Math.max(2, height / 8);
    const { colour, ink } = looks[face.label];
    pen.setLineDash(face.unsure.length ? [3 * line, 3 * line] : []);
    for (const [style, lineWidth] of [[HALO, 2 * line], [colour, line]]) {
      Object.assign(pen, { strokeStyle: style, lineWidth });
      pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
    }
    plate(pen, `${i + 1} ${shown(face, text)} ${percent(face.confidence)}`, x1, y1, height, colour, ink);
  }
  return canvas;
}

// Letters that suit the faces, readable when the whole photo is seen at the size of a screen.
function letters(canvas, faces, scale) {
  const shorter = Math.min(canvas.width, canvas.height);
  const heights = faces.map(({ box }) => (box[3] - box[1]) * scale).sort((one, other) => one - other);
  const median = heights[heights.length >> 1] ?? 0;
  return Math.max(11, Math.round(Math.min(Math.max(0.22 * median, 0.015 * shorter), 0.035 * shorter)));
}

// The words above the box, or as near to there as they are inside the picture.
function plate(pen, words, x, y, height, colour, ink) {
  const wide = pen.measureText(words).width + 0.5 * height;
  const high = 1.35 * height;
  const left = Math.max(0, Math.min(x, pen.canvas.width - wide));
  const top = Math.max(0, y - high);
  pen.fillStyle = colour;
  pen.fillRect(left, top, wide, high);
  pen.fillStyle = ink;
  pen.fillText(words, left + 0.25 * height, top + high / 2);
}
