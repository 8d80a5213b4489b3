// A picture in, the expression of every face out: `FaceAnalyzer` of fer_hf/inference/analyzer.py in the browser.
import { Classifier } from "./classifier.js";
import { cropFace } from "./crop.js";
import { Detector } from "./detector.js";
import { boxInside, makeFace, wholePicture } from "./results.js";
import { measure } from "./unsure.js";

/** @typedef {import("./manifest.js").Config} Config */
/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./results.js").PhotoResult} PhotoResult */
/** @typedef {typeof import("onnxruntime-web")} Ort */

const DIGITS = 6; // of the scores, as in `PhotoResult.to_dict`

export class FaceAnalyzer {
  /** @param {Detector} detector @param {Classifier} classifier @param {Config} config */
  constructor(detector, classifier, config) {
    this.detector = detector;
    this.classifier = classifier;
    this.config = config;
  }

  /**
   * @param {Ort} ort @param {Uint8Array} detector the file @param {Uint8Array} classifier the file @param {Config} config
   * @returns {Promise<FaceAnalyzer>}
   */
  static async load(ort, detector, classifier, config) {
    const options = { executionProviders: ["wasm"], logSeverityLevel: /** @type {3} */ (3) };
    const find = await ort.InferenceSession.create(detector, options);
    const score = await ort.InferenceSession.create(classifier, options);
    return new FaceAnalyzer(new Detector(ort, find), new Classifier(ort, score, config), config);
  }

  /** @param {Picture} photo @returns {Promise<PhotoResult>} */
  async analyze(photo) {
    return (await this.look(photo)).result;
  }

  /**
   * What is in a photo, and its faces as they were cut out.
   * @param {Picture} photo @param {boolean} [whole] read it as one face, framed closely: `FaceAnalyzer.analyze_crop`
   * @returns {Promise<{result: PhotoResult, crops: Picture[]}>}
   */
  async look(photo, whole = false) {
    const found = whole ? [wholePicture(photo)] : await this.detector.detect(photo);
    const crops = whole ? [photo] : found.map(({ box }) => cropFace(photo, box));
    const scores = await this.classifier.scores(crops);
    const faces = found.map(({ box, landmarks }, i) =>
      makeFace(boxInside(box, photo), scores[i], measure(crops[i], landmarks), this.config, DIGITS),
    );
    return { result: { width: photo.width, height: photo.height, faces }, crops };
  }
}
