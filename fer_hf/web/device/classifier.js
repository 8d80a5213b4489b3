// Scoring faces with the int8 classifier: the crop as the image processor prepares it, probabilities as `FaceAnalyzer`.
import { BICUBIC, BILINEAR, resize } from "./resize.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./manifest.js").Config} Config */

export const BATCH = 64; // faces in one pass, as in analyzer.py; the int8 file's numbers depend on it a little
const FILTERS = { 2: BILINEAR, 3: BICUBIC }; // by Pillow's numbers

export class Classifier {
  /**
   * @param {typeof import("onnxruntime-web")} ort
   * @param {import("onnxruntime-web").InferenceSession} session of the file that `export_onnx` wrote
   * @param {Config} config
   */
  constructor(ort, session, config) {
    this.ort = ort;
    this.session = session;
    this.config = config;
  }

  /** Probabilities of each face, in the order of the config's labels. @param {Picture[]} crops @returns {Promise<number[][]>} */
  async scores(crops) {
    const scores = [];
    for (let start = 0; start < crops.length; start += BATCH) {
      scores.push(...(await this.forward(crops.slice(start, start + BATCH))));
    }
    return scores;
  }

  /** @param {Picture[]} crops */
  async forward(crops) {
    const { image_size: size, order } = this.config;
    const pixels = new Float32Array(crops.length * 3 * size * size);
    crops.forEach((crop, i) => pixels.set(normalise(crop, this.config), i * 3 * size * size));
    const input = new this.ort.Tensor("float32", pixels, [crops.length, 3, size, size]);
    const { logits } = await this.session.run({ pixel_values: input });
    const values = /** @type {Float32Array} */ (logits.data);
    const labels = values.length / crops.length;
    const scores = crops.map((_, i) => softmax(order.map((index) => values[i * labels + index])));
    input.dispose();
    logits.dispose();
    return scores;
  }
}

/** What the classifier is shown of a face: its three colours one after the other. @param {Picture} crop @param {Config} config */
export function normalise(crop, { image_size: size, resample, image_mean: mean, image_std: std }) {
  const { data } = resize(crop, size, size, FILTERS[resample]);
  const pixels = new Float32Array(data.length);
  for (let i = 0, from = 0; i < size * size; i++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[channel * size * size + i] = (data[from++] / 255 - mean[channel]) / std[channel];
    }
  }
  return pixels;
}

/** @param {number[]} logits */
function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
