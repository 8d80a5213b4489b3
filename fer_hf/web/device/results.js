// What was found in a picture, as fer_hf/inference/results.py states it.
import { clamp, round, roundTo } from "./picture.js";
import { pose, reasons } from "./unsure.js";

/** @typedef {import("./picture.js").Box} Box */
/** @typedef {import("./manifest.js").Config} Config */
/** @typedef {import("./unsure.js").Measures} Measures */

/**
 * A face as `PhotoResult.to_dict` gives it.
 * @typedef {object} Face
 * @property {number[]} box x1, y1, x2, y2 in whole pixels, inside the picture
 * @property {number} confidence the score of `label`
 * @property {string} label
 * @property {string[]} unsure the two best labels where the model is unsure, else none
 * @property {string[]} unsure_because "turned_away", "too_small", "too_blurred"; empty where `confidence` alone is too low
 * @property {{turn: number, roll: number} | null} pose
 * @property {Record<string, number>} scores by label, sum 1
 */

/**
 * @typedef {object} PhotoResult
 * @property {number} width
 * @property {number} height
 * @property {Face[]} faces largest first
 */

/**
 * @param {number[]} box inside the picture @param {number[]} scores by the config's labels
 * @param {Measures} measures @param {Config} config @param {number} digits of the scores
 * @returns {Face}
 */
export function makeFace(box, scores, measures, config, digits) {
  const best = scores.map((_, i) => i).sort((one, other) => scores[other] - scores[one]);
  const because = reasons(measures, config.unsure_limits);
  const unsure = scores[best[0]] < config.unsure_below || because.length > 0;
  return {
    box,
    confidence: roundTo(scores[best[0]], digits),
    label: config.labels[best[0]],
    unsure: unsure ? best.slice(0, 2).map((index) => config.labels[index]) : [],
    unsure_because: because,
    pose: pose(measures),
    scores: Object.fromEntries(config.labels.map((label, i) => [label, roundTo(scores[i], digits)])),
  };
}

/**
 * The box in whole pixels inside a picture, at least one pixel wide and high.
 * @param {Box} box @param {{width: number, height: number}} picture
 */
export function boxInside(box, { width, height }) {
  const [left, top, right, bottom] = box.map(round);
  const [x1, y1] = [clamp(left, 0, width - 1), clamp(top, 0, height - 1)];
  return [x1, y1, Math.min(Math.max(right, x1 + 1), width), Math.min(Math.max(bottom, y1 + 1), height)];
}

/** A detection for a picture that already is one face: nobody looked for landmarks. @param {{width: number, height: number}} picture */
export function wholePicture({ width, height }) {
  const box = /** @type {Box} */ ([0, 0, width, height]);
  return { box, landmarks: Array.from({ length: 5 }, () => [NaN, NaN]) };
}
