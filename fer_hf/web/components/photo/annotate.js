// Draws a numbered, labelled box for each face, as fer_hf/inference/annotate.py does: "1 happy 93 %".
import { percent, shown } from "../templates.js";
import { placePlates, textHeight } from "./plates.js";

/** @typedef {import("../../device/results.js").PhotoResult} PhotoResult */
/** @typedef {import("../../device/picture.js").Box} Box */
/** @typedef {{text: import("../templates.js").Text, expressions: import("../templates.js").Expression[]}} Settings */

const HALO = "#101010"; // a dark rim sets the line off from a background of its own colour

/**
 * @param {HTMLCanvasElement} canvas has the photo, at any size, and gets the marks
 * @param {PhotoResult} result of the photo at its own size @param {Settings} settings
 */
export function drawn(canvas, { width, faces }, { text, expressions }) {
  if (!faces.length) return canvas;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const size = /** @type {[number, number]} */ ([canvas.width, canvas.height]);
  const scale = canvas.width / width;
  const boxes = faces.map(({ box }) => /** @type {Box} */ (box.map((edge) => Math.round(edge * scale))));
  const height = textHeight(boxes, size);
  const looks = Object.fromEntries(expressions.map((each) => [each.name, each]));
  pen.font = `500 ${height}px system-ui, sans-serif`;
  pen.textBaseline = "middle";
  for (const [i, face] of [...faces.entries()].reverse()) {
    drawBox(pen, boxes[i], looks[face.label].colour, Math.max(2, height >> 3), face.unsure.length > 0);
  }
  const words = faces.map((face, i) => {
    const whole = `${i + 1} ${shown(face, text)}`;
    const fits = (/** @type {string} */ each) => pen.measureText(each).width <= canvas.width - height / 2;
    return [`${whole} ${percent(face.confidence)}`, whole, `${i + 1}`].find(fits); // in a tiny picture none does
  });
  const shapes = words.map((each) => each && shapeOf(pen, each, height));
  for (const [i, plate] of placePlates(shapes.map((shape) => shape || null), boxes, size).entries()) {
    if (plate) drawPlate(pen, plate, /** @type {string} */ (words[i]), looks[faces[i].label]);
  }
  return canvas;
}

/** @param {CanvasRenderingContext2D} pen @param {string} words @param {number} height @returns {[number, number]} */
const shapeOf = (pen, words, height) => [
  Math.ceil(pen.measureText(words).width) + (height >> 1),
  Math.round(1.35 * height),
];

/** @param {CanvasRenderingContext2D} pen @param {Box} box @param {string} colour @param {number} line @param {boolean} dashed */
function drawBox(pen, [x1, y1, x2, y2], colour, line, dashed) {
  const rim = Math.max(1, Math.floor(line / 3));
  const middle = rim + line / 2; // the line is drawn inwards from the box's edge
  pen.setLineDash([]);
  for (const [style, lineWidth] of /** @type {[string, number][]} */ ([[HALO, line + 2 * rim], [colour, line]])) {
    Object.assign(pen, { strokeStyle: style, lineWidth });
    pen.strokeRect(x1 + middle, y1 + middle, x2 - x1 - 2 * middle, y2 - y1 - 2 * middle);
    if (dashed) pen.setLineDash([3 * line, 3 * line]); // the rim stays whole
  }
}

/** @param {CanvasRenderingContext2D} pen @param {Box} plate @param {string} words @param {{colour: string, ink: string}} look */
function drawPlate(pen, [x1, y1, x2, y2], words, { colour, ink }) {
  pen.fillStyle = HALO;
  pen.fillRect(x1, y1, x2 - x1, y2 - y1);
  pen.fillStyle = colour;
  pen.fillRect(x1 + 1, y1 + 1, x2 - x1 - 2, y2 - y1 - 2);
  pen.fillStyle = ink;
  pen.fillText(words, (x1 + x2 - pen.measureText(words).width) / 2, (y1 + y2) / 2);
}
