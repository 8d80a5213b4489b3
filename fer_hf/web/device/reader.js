// Reads faces on the visitor's own device, in a worker; the page's side of it.
//
//     const reader = await DeviceReader.open(await (await fetch("device.json")).json(), { onProgress });
//     const { faces } = await reader.read(await createImageBitmap(file));

/** @typedef {import("./manifest.js").Manifest} Manifest */

/**
 * A face as `PhotoResult.to_dict` in fer_hf/inference/results.py gives it.
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
 * A face as `LiveSession.analyze` in fer_hf/inference/stream.py gives it: its scores, label and pose are smoothed.
 * @typedef {Face & {number: number, velocity: number[]}} FollowedFace
 */

/**
 * @typedef {object} FrameResult
 * @property {number} time seconds since the session's first frame
 * @property {number} width
 * @property {number} height
 * @property {FollowedFace[]} faces by number
 */

export class DeviceReader {
  /**
   * Fetch what is not kept from an earlier visit, and start the worker.
   * @param {Manifest} manifest
   * @param {object} [options]
   * @param {(loaded: number, total: number) => void} [options.onProgress] bytes so far, and of all files
   * @param {number} [options.threads] more than one only under cross-origin isolation
   * @param {string | URL} [options.base] what the manifest's urls are relative to
   * @returns {Promise<DeviceReader>}
   */
  static async open(manifest, options = {}) {
    throw new Error(`not there yet: ${manifest} ${options}`);
  }

  /**
   * Read a picture.
   * @param {ImageBitmap | ImageData} image transferred to the worker if it is a bitmap: it is empty afterwards
   * @returns {Promise<PhotoResult>}
   */
  async read(image) {
    throw new Error(`not there yet: ${image}`);
  }

  /**
   * Read a frame of a live session; null where the last frame is not older.
   * @param {ImageBitmap | ImageData} image
   * @param {number} time seconds, by a clock that stands still during a pause
   * @returns {Promise<FrameResult | null>}
   */
  async readFrame(image, time) {
    throw new Error(`not there yet: ${image} ${time}`);
  }

  /**
   * What the live session showed so far, as `LiveSession.summary`, and its table, as `LiveSession.csv`.
   * @returns {Promise<{summary: object, csv: string}>}
   */
  async session() {
    throw new Error("not there yet");
  }

  /** Forget the live session; the next face is number 1. @returns {Promise<void>} */
  async reset() {}

  /** Stop the worker; what is being read is given up. */
  close() {}
}
