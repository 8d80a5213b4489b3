// One live session: frames in; numbered boxes and smoothed scores out, as fer_hf/inference/stream.py gives them.
import { RestingFace, adjusted } from "./baseline.js";
import { cropFace } from "./crop.js";
import { moved } from "./detector.js";
import { round, roundTo } from "./picture.js";
import { resizeArea } from "./resize.js";
import { boxInside, makeFace } from "./results.js";
import { Tracker } from "./smoothing.js";
import { summarise, timelineCsv } from "./timeline.js";
import { measure } from "./unsure.js";

/** @typedef {import("./analyzer.js").FaceAnalyzer} FaceAnalyzer */
/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./smoothing.js").Track} Track */
/** @typedef {import("./timeline.js").Sample} Sample */

/**
 * A face as `LiveSession.analyze` in Python gives it: its scores, label and pose are smoothed. Scores that are `adjusted`
 * to a resting face are not calibrated.
 * @typedef {import("./results.js").Face & {number: number, velocity: number[], adjusted: boolean}} FollowedFace
 */

/**
 * How far a resting face has been taken: `share` while it is, `why` (a code of Python's FerError) where it failed.
 * @typedef {{state: "taking" | "taken" | "failed", share?: number, why?: string}} Baseline
 */

/**
 * @typedef {object} FrameResult
 * @property {number} time seconds since the session's first frame
 * @property {number} width
 * @property {number} height
 * @property {FollowedFace[]} faces by number
 * @property {Baseline} [baseline]
 */

export const SIDE = 320; // pixels; the longer side of the picture in which faces are detected
export const FACES = 4; // scored in one frame at most, the longest unscored first
export const RECORD = 0.2; // seconds between two samples of a face in the history
export const HISTORY = 20_000; // samples kept

/**
 * What a session spends on scores: seconds for which a scored face rests, and faces scored in one frame at most.
 * @typedef {{rest: number, faces: number}} Pace
 */

/** As in Python. @type {Pace} */
export const EVERY_FRAME = { rest: 0, faces: FACES };
/**
 * On the visitor's device, so that boxes come at a steady pace: there the classifier's pass takes longer than the
 * detector's, and scores that are smoothed over half a second do not need every frame.
 * @type {Pace}
 */
export const SPARING = { rest: 0.25, faces: 2 };

export class LiveSession {
  tracker = new Tracker();
  samples = /** @type {Sample[]} */ ([]);
  recorded = /** @type {Map<number, number>} */ (new Map()); // when each face last went into the history
  start = 0;
  frames = 0;
  dropped = 0;
  resting = /** @type {RestingFace | null} */ (null); // while it is taken
  offset = /** @type {number[] | null} */ (null);
  offsetOf = /** @type {number | null} */ (null); // the number of the face that is adjusted

  /** @param {FaceAnalyzer} analyzer @param {Pace} pace */
  constructor(analyzer, pace = EVERY_FRAME) {
    this.analyzer = analyzer;
    this.pace = pace;
  }

  /** Forget everything; the next face is number 1. */
  reset() {
    Object.assign(this, new LiveSession(this.analyzer, this.pace));
  }

  /** Take the next three seconds as the visitor's resting face; false if the model does not state neutral logits. */
  takeBaseline() {
    if (!this.analyzer.config.neutral_logits) return false;
    this.forgetBaseline();
    this.resting = new RestingFace(Infinity); // until the next frame comes
    return true;
  }

  /** Read all faces as they are again. */
  forgetBaseline() {
    this.resting = this.offset = this.offsetOf = null;
  }

  /**
   * @param {Picture} frame @param {number} time seconds by the camera's clock
   * @returns {Promise<FrameResult | null>} null if the last frame is not older
   */
  async analyze(frame, time) {
    const last = this.tracker.time;
    if (!Number.isFinite(time) || (last !== null && time <= last)) {
      this.dropped++;
      return null;
    }
    if (last === null) this.start = time;
    const { tracks, waiting, scores } = await this.look(frame, time);
    const baseline = this.take(tracks, scores, time);
    const own = this.adjust(tracks, waiting, scores);
    waiting.forEach(({ track, measures }, i) => track.smooth(time, own[i], measures));
    const scored = tracks.filter((track) => track.scores.length);
    const since = roundTo(time - this.start, 3);
    const faces = scored.map((track) => this.describe(track, frame));
    this.record(since, faces, scored);
    this.frames++;
    return { time: since, width: frame.width, height: frame.height, faces, ...(baseline && { baseline }) };
  }

  /** What the session showed: frames, seconds, and each face's expressions. */
  summary() {
    const seconds = roundTo((this.tracker.time ?? 0) - this.start, 3);
    return { seconds, frames: this.frames, dropped: this.dropped, faces: summarise(this.samples, this.labels) };
  }

  /** The history, one row per sample. */
  csv() {
    return timelineCsv(this.samples, this.labels);
  }

  get labels() {
    return this.analyzer.config.labels;
  }

  /** Find and number the faces of a frame, and score those that have waited longest. @param {Picture} frame @param {number} time */
  async look(frame, time) {
    const detections = await this.detectSmall(frame);
    const tracks = this.tracker.update(time, detections.map(({ box }) => box));
    const found = tracks.map((track, i) => ({ track, detection: detections[i] }));
    const { rest, faces } = this.resting ? EVERY_FRAME : this.pace;
    const due = found.filter(({ track }) => !track.scores.length || time - track.chosen >= rest);
    const chosen = due.toSorted((one, other) => one.track.chosen - other.track.chosen).slice(0, faces);
    const crops = chosen.map(({ detection }) => cropFace(frame, detection.box));
    const waiting = chosen.map(({ track, detection }, i) => {
      track.chosen = time;
      const { turn, roll, size, sharpness } = measure(crops[i], detection.landmarks);
      return { track, measures: [turn, roll, size, sharpness] };
    });
    const scores = await this.analyzer.classifier.scores(crops);
    return { tracks: tracks.toSorted((one, other) => one.number - other.number), waiting, scores };
  }

  /**
   * Add a frame to the resting face that is being taken; how far that is.
   * @param {Track[]} tracks @param {number[][]} scores @param {number} time
   * @returns {Baseline | null}
   */
  take(tracks, scores, time) {
    const { resting } = this;
    if (!resting) return null;
    resting.start = Math.min(resting.start, time);
    resting.add(tracks.map(({ number }) => number), scores);
    const share = resting.share(time);
    if (share < 1) return { state: "taking", share: roundTo(share, 2) };
    this.resting = null;
    this.offset = resting.offset(this.analyzer.config.neutral_logits ?? []);
    if (!this.offset) return { state: "failed", why: resting.problem };
    this.offsetOf = resting.face;
    // A mixture with what was read before would be neither.
    for (const track of this.tracker.tracks) if (track.number === this.offsetOf) track.scores = [];
    return { state: "taken" };
  }

  /**
   * The scores, those of the visitor adjusted; who was away and comes back alone is taken for the visitor.
   * @param {Track[]} tracks @param {{track: Track}[]} waiting @param {number[][]} scores
   */
  adjust(tracks, waiting, scores) {
    const { offset } = this;
    if (!offset) return scores;
    const gone = this.tracker.tracks.every(({ number }) => number !== this.offsetOf);
    if (tracks.length === 1 && gone) this.offsetOf = tracks[0].number;
    return scores.map((row, i) => (waiting[i].track.number === this.offsetOf ? adjusted(row, offset) : row));
  }

  /** Detect in a small copy; answer in the frame's pixels. @param {Picture} frame */
  async detectSmall(frame) {
    const scale = Math.max(Math.max(frame.width, frame.height) / SIDE, 1);
    const [width, height] = [frame.width, frame.height].map((length) => Math.max(round(length / scale), 1));
    const found = await this.analyzer.detector.detect(resizeArea(frame, width, height));
    return found.map((face) => moved(face, [scale, scale], 0));
  }

  /** @param {Track} track @param {Picture} frame @returns {FollowedFace} */
  describe(track, frame) {
    const [turn, roll, size, sharpness] = track.measures;
    const box = boxInside(track.corners, frame);
    const face = makeFace(box, track.scores, { turn, roll, size, sharpness }, this.analyzer.config, 4);
    const velocity = track.velocity.map((speed) => roundTo(speed, 1));
    return { ...face, number: track.number, velocity, adjusted: track.number === this.offsetOf };
  }

  /** @param {number} time @param {FollowedFace[]} faces @param {Track[]} tracks */
  record(time, faces, tracks) {
    const followed = this.tracker.tracks.map(({ number }) => number);
    this.recorded = new Map(followed.map((number) => [number, this.recorded.get(number) ?? -RECORD]));
    faces.forEach((face, i) => {
      if (time - /** @type {number} */ (this.recorded.get(face.number)) < RECORD - 1e-3) return;
      this.recorded.set(face.number, time);
      this.samples.push({ time, ...face, values: tracks[i].scores });
    });
    this.samples.splice(0, this.samples.length - HISTORY);
  }
}
