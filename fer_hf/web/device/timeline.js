// What each face showed over time, as fer_hf/inference/timeline.py tables and sums it up.
import { roundTo } from "./picture.js";

/** @typedef {import("./live.js").FollowedFace & {time: number, values: number[]}} Sample `values`: its scores, not rounded */

export const UNSURE = "unsure";

/** One row per sample; where some are adjusted to a resting face, a last column says which. @param {Sample[]} samples @param {string[]} labels */
export function timelineCsv(samples, labels) {
  const head = ["time", "face", "x1", "y1", "x2", "y2", "label", "confidence", "unsure", "unsure_because", ...labels];
  const told = samples.some(({ adjusted }) => adjusted);
  if (told) head.push("adjusted");
  const rows = samples.map(({ time, number, box, label, values, unsure, unsure_because, adjusted }) => {
    const scores = values.map((score) => decimal(roundTo(score, 6)));
    const best = decimal(roundTo(Math.max(...values), 6));
    const why = [unsure.join(" or "), unsure_because.join(" and ")];
    const note = told ? [adjusted ? '"adjusted, not calibrated"' : ""] : [];
    return [decimal(time), number, ...box, label, best, ...why, ...scores, ...note];
  });
  return `\uFEFF${[head, ...rows].map((row) => `${row.join(",")}\r\n`).join("")}`; // the mark is for Excel
}

/** A number as Python writes a float. @param {number} x */
function decimal(x) {
  if (Number.isInteger(x)) return x.toFixed(1);
  return Math.abs(x) < 1e-4 ? x.toExponential().replace(/e-(\d)$/, "e-0$1") : String(x);
}

/**
 * For each face: when it was seen, its dominant expression, and each expression's share and mean score.
 * @param {Sample[]} samples @param {string[]} labels
 */
export function summarise(samples, labels) {
  const faces = [...new Set(samples.map(({ number }) => number))].sort((one, other) => one - other);
  return faces.map((face) => summary(face, samples.filter(({ number }) => number === face), labels));
}

/** @param {number} face @param {Sample[]} samples @param {string[]} labels */
function summary(face, samples, labels) {
  const counted = samples.map(({ unsure, label }) => (unsure.length ? UNSURE : label));
  const part = (/** @type {string} */ name) => counted.filter((each) => each === name).length / samples.length;
  const share = Object.fromEntries([...labels, UNSURE].map((name) => [name, roundTo(part(name), 4)]));
  const sure = means(samples.filter(({ unsure }) => !unsure.length));
  return {
    face,
    first: samples[0].time,
    last: samples[samples.length - 1].time,
    readings: samples.length,
    ...(samples.some(({ adjusted }) => adjusted) && { adjusted: true }),
    dominant: share[UNSURE] > 0.5 ? UNSURE : labels[sure.indexOf(Math.max(...sure))],
    share,
    mean: Object.fromEntries(means(samples).map((mean, i) => [labels[i], roundTo(mean, 4)])),
  };
}

/** The mean of each score. @param {Sample[]} samples @returns {number[]} */
function means(samples) {
  const sums = (samples[0]?.values ?? []).map((_, i) => samples.reduce((sum, { values }) => sum + values[i], 0));
  return sums.map((sum) => sum / samples.length);
}
