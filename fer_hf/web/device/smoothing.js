// Faces followed through time and their scores smoothed, as fer_hf/inference/tracking.py does and explains.
import { assign } from "./assignment.js";

/** @typedef {import("./picture.js").Box} Box */

export const SMOOTHING = 0.5; // seconds
export const MEMORY = 1.5; // seconds
export const JITTER = 0.04;
export const AGILITY = 1.5;
export const SPEED = 3.0;
export const NEAR = 0.5;
export const DEVIATIONS = 3.0;
export const REACH = 2.0;
export const SIZE = 1.8;
export const IMPOSSIBLE = 1e6;

export class Track {
  /** @param {number} number @param {number} time seconds @param {Box} box */
  constructor(number, time, box) {
    this.number = number;
    this.time = this.seen = time;
    this.box = centred(box);
    this.velocity = [0, 0]; // of the centre, pixels per second
    this.covariance = [JITTER ** 2, 0, SPEED ** 2]; // position-position, position-speed, speed-speed
    this.scores = /** @type {number[]} */ ([]); // smoothed; empty until the face is scored
    this.measures = /** @type {number[]} */ ([]); // smoothed as the scores are
    this.scored = 0;
    this.chosen = 0;
  }

  get size() {
    return Math.sqrt(this.box[2] * this.box[3]);
  }

  /** @returns {Box} */
  get corners() {
    const [x, y, width, height] = this.box;
    return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
  }

  /** Move the estimate to `time` at constant velocity; its uncertainty grows. @param {number} time */
  predict(time) {
    const step = time - this.time;
    const noise = AGILITY ** 2;
    const [position, mixed, speed] = this.covariance;
    this.box[0] += step * this.velocity[0];
    this.box[1] += step * this.velocity[1];
    this.covariance = [
      position + step * (2 * mixed + step * (speed + (noise * step) / 3)),
      mixed + step * (speed + (noise * step) / 2),
      speed + noise * step,
    ];
    this.time = time;
  }

  /** Correct the estimate by a detected box; the size moves halfway to the detected one. @param {Box} box */
  correct(box) {
    const measured = centred(box);
    const [position, mixed, speed] = this.covariance;
    const total = position + JITTER ** 2;
    for (const axis of [0, 1]) {
      const surprise = measured[axis] - this.box[axis];
      this.box[axis] += (position / total) * surprise;
      this.velocity[axis] += (mixed / total) * surprise;
    }
    for (const side of [2, 3]) this.box[side] = 0.5 * (this.box[side] + measured[side]);
    this.covariance = [(position * JITTER ** 2) / total, (mixed * JITTER ** 2) / total, speed - mixed ** 2 / total];
    this.seen = this.time;
  }

  /**
   * Update the smoothed scores and measures by new ones, by the time since the last.
   * @param {number} time @param {number[]} scores @param {number[]} measures
   */
  smooth(time, scores, measures = []) {
    const share = this.scores.length ? 1 - Math.exp(-(time - this.scored) / SMOOTHING) : 1;
    this.scores = blend(this.scores.length ? this.scores : scores, scores, share);
    this.measures = blend(this.measures.length ? this.measures : measures, measures, share);
    this.scored = time;
    return this.scores;
  }
}

/** All faces that are followed in one session. */
export class Tracker {
  constructor() {
    this.tracks = /** @type {Track[]} */ ([]);
    this.next = 1;
    this.time = /** @type {number | null} */ (null); // of the last frame
  }

  /**
   * The track of each box, in their order, at a time that is after the last one.
   * @param {number} time @param {Box[]} boxes
   * @returns {Track[]}
   */
  update(time, boxes) {
    const previous = this.time ?? time;
    this.time = time;
    this.tracks = this.tracks.filter((track) => time - track.seen <= MEMORY);
    for (const track of this.tracks) track.predict(time);
    const found = new Map(this.pairs(boxes, previous).map(([row, column]) => [column, this.tracks[row]]));
    for (const [column, track] of found) track.correct(boxes[column]);
    return boxes.map((box, i) => found.get(i) ?? this.start(box, time));
  }

  /** Which track is which box. A face that was missed takes only what the others leave. @param {Box[]} boxes @param {number} previous */
  pairs(boxes, previous) {
    const costs = this.tracks.map((track) => boxes.map((box) => distance(track, box)));
    const handicapped = costs.map((row, i) => {
      const handicap = this.tracks[i].seen < previous ? 2 * REACH : 0;
      return row.map((cost) => cost + handicap);
    });
    return assign(handicapped).filter(([row, column]) => costs[row][column] < IMPOSSIBLE);
  }

  /** @param {Box} box @param {number} time */
  start(box, time) {
    const track = new Track(this.next++, time, box);
    this.tracks.push(track);
    return track;
  }
}

/** The new numbers at `share`, the old ones at the rest. @param {number[]} old @param {number[]} fresh @param {number} share */
const blend = (old, fresh, share) => old.map((value, i) => (1 - share) * value + share * fresh[i]);

/** x and y of the centre, width, height. @param {Box} box */
const centred = ([x1, y1, x2, y2]) => [(x1 + x2) / 2, (y1 + y2) / 2, Math.max(x2 - x1, 1), Math.max(y2 - y1, 1)];

/** How far a box is from where the face is expected, in face sizes, with the change in size. @param {Track} track @param {Box} box */
function distance(track, box) {
  const [x, y, width, height] = centred(box);
  const far = Math.hypot(x - track.box[0], y - track.box[1]) / track.size;
  const growth = Math.abs(Math.log(Math.sqrt(width * height) / track.size));
  const reach = Math.min(NEAR + DEVIATIONS * Math.sqrt(track.covariance[0] + JITTER ** 2), REACH);
  return far <= reach && growth <= Math.log(SIZE) ? far + growth : IMPOSSIBLE;
}
