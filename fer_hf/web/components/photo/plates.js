// Where the words at each face stand in a marked picture, as fer_hf/inference/annotate.py places them.

import { round } from "../../device/picture.js";

/** @typedef {import("../../device/picture.js").Box} Box */
/** @typedef {[number, number]} Size width and height in pixels */

// Height of the letters, as a share of the median face's height, kept between two shares of the photo's shorter side.
const TEXT_OF_FACE = 0.22;
const TEXT_OF_PHOTO = [0.015, 0.035];
const LEAST_TEXT = 11; // pixels; smaller letters cannot be read

/**
 * Letters that suit the faces, readable when the whole photo is seen at the size of a screen.
 * @param {Box[]} boxes at least one @param {Size} size
 */
export function textHeight(boxes, size) {
  const [low, high] = TEXT_OF_PHOTO.map((share) => share * Math.min(...size));
  const heights = boxes.map(([, y1, , y2]) => y2 - y1).sort((one, other) => one - other);
  const half = heights.length / 2;
  const median = (heights[Math.ceil(half) - 1] + heights[Math.floor(half)]) / 2;
  return Math.max(LEAST_TEXT, round(Math.min(Math.max(TEXT_OF_FACE * median, low), high)));
}

/**
 * For each face in turn, the place of a plate at its box that covers least of earlier plates and of faces.
 * @param {(Size | null)[]} shapes of the plates; null: no plate @param {Box[]} boxes @param {Size} size
 * @returns {(Box | null)[]}
 */
export function placePlates(shapes, boxes, size) {
  const plates = /** @type {Box[]} */ ([]);
  return shapes.map((shape, i) => {
    if (!shape) return null;
    const covered = (/** @type {Box} */ place) => 4 * sum(plates, place) + sum(boxes, place);
    const [plate] = places(shape, boxes[i], size).sort((one, other) => covered(one) - covered(other));
    plates.push(plate);
    return plate;
  });
}

/** @param {Size} shape @param {Box} box @param {Size} size */
function places([width, height], [x1, y1, x2, y2], size) {
  const middle = Math.floor((x1 + x2 - width) / 2);
  const corners = [y1 - height, y2, y1, y2 - height].flatMap((y) => [x1, middle, x2 - width].map((x) => [x, y]));
  return corners.map(([x, y]) => moveInside(x, y, width, height, size));
}

/** @param {number} x @param {number} y @param {number} width @param {number} height @param {Size} size @returns {Box} */
function moveInside(x, y, width, height, size) {
  const left = Math.max(0, Math.min(x, size[0] - width));
  const top = Math.max(0, Math.min(y, size[1] - height));
  return [left, top, left + width, top + height];
}

/** @param {Box[]} boxes @param {Box} place */
const sum = (boxes, place) => boxes.reduce((all, box) => all + overlap(box, place), 0);

/** @param {Box} a @param {Box} b */
function overlap(a, b) {
  return Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
}
