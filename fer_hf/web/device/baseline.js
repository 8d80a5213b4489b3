// A personal baseline, as fer_hf/inference/baseline.py takes and explains it.
import { clamp } from "./picture.js";

export const SECONDS = 3.0; // of resting face
export const LEAST = 8; // frames with one face
export const CAP = 2.0; // by which one logit is moved at most

/** Collects what the model reads in a resting face for SECONDS, from its first frame on. */
export class RestingFace {
  face = /** @type {number | null} */ (null); // its number
  problem = "baseline_no_face";
  logits = /** @type {number[][]} */ ([]);

  /** @param {number} start seconds */
  constructor(start) {
    this.start = start;
  }

  /** How much of the time is over, 0 to 1. @param {number} time */
  share(time) {
    return Math.min(1, (time - this.start) / SECONDS);
  }

  /** A frame: the numbers of the faces in it, and the scores of those that were scored. @param {number[]} faces @param {number[][]} scores */
  add(faces, scores) {
    if (faces.length > 1 || (this.face !== null && !faces.includes(this.face))) {
      [this.logits, this.face, this.problem] = [[], null, "baseline_several_faces"];
    } else if (scores.length) {
      this.face = faces[0];
      this.logits.push(centredLogits(scores[0]));
    }
  }

  /** What is to be added to the logits; null if one face was not seen in enough frames. @param {number[]} neutral */
  offset(neutral) {
    if (this.logits.length < LEAST) return null;
    const mean = (/** @type {number} */ i) => this.logits.reduce((sum, each) => sum + each[i], 0) / this.logits.length;
    return neutral.map((logit, i) => clamp(logit - mean(i), -CAP, CAP));
  }
}

/** The logits behind probabilities, with a mean of 0. @param {number[]} scores */
function centredLogits(scores) {
  const logits = scores.map((score) => Math.log(clamp(score, 1e-9, 1)));
  const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
  return logits.map((logit) => logit - mean);
}

/** Probabilities with an offset added to their logits. @param {number[]} scores @param {number[]} offset */
export function adjusted(scores, offset) {
  const powers = scores.map((score, i) => score * Math.exp(offset[i]));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
