// Why an answer is unsure although its score is high, by the measures of fer_hf/inference/unsure.py.
import { clamp, roundTo } from "./picture.js";
import { BICUBIC, resize } from "./resize.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./manifest.js").Limits} Limits */

/**
 * @typedef {object} Measures
 * @property {number} turn eye distances from the middle of the eyes to the tip of the nose, along the line of the eyes
 * @property {number} roll degrees by which that line is turned clockwise
 * @property {number} size pixels per side of the face as it was cut out
 * @property {number} sharpness variance of the Laplacian over the variance of the grey levels
 */

export const SIDE = 48; // pixels; larger faces are reduced to it before their sharpness is measured
export const FARTHEST = 2.0; // eye distances; in a profile both eyes are in one place

/**
 * @param {Picture} crop
 * @param {number[][]} landmarks [x, y] of the left eye, the right one and the nose in any picture of the same scale
 * @returns {Measures}
 */
export function measure(crop, landmarks) {
  return { ...turnAndRoll(landmarks), size: Math.min(crop.width, crop.height), sharpness: sharpness(crop) };
}

/** @param {number[][]} landmarks as `measure` takes them @returns {{turn: number, roll: number}} */
export function turnAndRoll([left, right, nose]) {
  const [across, down] = [right[0] - left[0], right[1] - left[1]];
  const along = (nose[0] - (left[0] + right[0]) / 2) * across + (nose[1] - (left[1] + right[1]) / 2) * down;
  const turn = along / Math.max(across * across + down * down, 1e-9);
  return { turn: clamp(turn, -FARTHEST, FARTHEST), roll: (Math.atan2(down, across) * 180) / Math.PI };
}

/** @param {Picture} crop @returns {number} */
export function sharpness(crop) {
  const width = Math.min(crop.width, SIDE);
  const height = Math.min(crop.height, SIDE);
  const grey = toGrey(resize(crop, width, height, BICUBIC, 2));
  const edges = grey.map((level, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const [above, below] = [mirrored(y - 1, height), mirrored(y + 1, height)].map((row) => grey[row * width + x]);
    const [before, after] = [mirrored(x - 1, width), mirrored(x + 1, width)].map((column) => grey[y * width + column]);
    return above + below + before + after - 4 * level;
  });
  return variance(edges) / Math.max(variance(grey), 1);
}

/** The grey levels of Pillow's mode L. @param {Picture} picture @returns {number[]} */
function toGrey({ data }) {
  return Array.from(
    { length: data.length / 3 },
    (_, i) => (data[3 * i] * 19595 + data[3 * i + 1] * 38470 + data[3 * i + 2] * 7471 + 0x8000) >> 16,
  );
}

/** An index beyond the edge is mirrored at the outermost pixel. @param {number} i @param {number} length */
function mirrored(i, length) {
  if (length === 1) return 0;
  return i < 0 ? -i : i >= length ? 2 * length - 2 - i : i;
}

/** @param {number[]} values */
function variance(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}

/**
 * The reasons for which a measure is beyond its limit, in the order of REASONS.
 * @param {Measures} measures @param {Limits} limits
 * @returns {string[]}
 */
export function reasons(measures, limits) {
  const above = (/** @type {"turn" | "roll"} */ name) => Math.abs(measures[name]) > (limits[name] ?? Infinity);
  const below = (/** @type {"size" | "sharpness"} */ name) => measures[name] < (limits[name] ?? -Infinity);
  /** @type {[string, boolean][]} */
  const found = [
    ["turned_away", above("turn") || above("roll")],
    ["too_small", below("size")],
    ["too_blurred", below("sharpness")],
  ];
  return found.filter(([, told]) => told).map(([reason]) => reason);
}

/** How a head is turned, rounded; null where there are no landmarks. @param {Measures} measures */
export const pose = ({ turn, roll }) => (Number.isNaN(turn) ? null : { turn: roundTo(turn, 3), roll: roundTo(roll, 1) });
