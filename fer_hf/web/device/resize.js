// Resizing as Pillow and OpenCV do it, to the same bytes: a browser's canvas neither filters as Pillow nor says how.
import { clamp, emptyPicture, round } from "./picture.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {{support: number, weight: (x: number) => number}} Filter */

const BITS = 22; // of Pillow's fixed-point weights: a byte, its sign and an overshoot leave so many of 32

/** @type {Filter} */
export const BILINEAR = { support: 1, weight: (x) => Math.max(1 - Math.abs(x), 0) };

/** @type {Filter} with Pillow's sharpness of -0.5 */
export const BICUBIC = {
  support: 2,
  weight(x) {
    const far = Math.abs(x);
    if (far < 1) return (1.5 * far - 2.5) * far * far + 1;
    return far < 2 ? -0.5 * (((far - 5) * far + 8) * far - 4) : 0;
  },
};

/**
 * `Image.resize` of Pillow, antialiased. With a gap, whole blocks are averaged first where that leaves at least `gap`
 * times the size that is wanted: `reducing_gap`.
 * @param {Picture} picture @param {number} width @param {number} height @param {Filter} filter @param {number} [gap]
 * @returns {Picture}
 */
export function resize(picture, width, height, filter, gap = Infinity) {
  if (picture.width === width && picture.height === height) return picture;
  const across = Math.trunc(picture.width / width / gap) || 1;
  const down = Math.trunc(picture.height / height / gap) || 1;
  const small = across > 1 || down > 1 ? reduce(picture, across, down) : picture;
  const wide = resampleRows(small, width, picture.width / across, filter);
  return transpose(resampleRows(transpose(wide), height, picture.height / down, filter));
}

/**
 * `Image.reduce`: the mean of each block of pixels; those at the right and the bottom may be smaller.
 * @param {Picture} picture @param {number} across @param {number} down
 * @returns {Picture}
 */
export function reduce(picture, across, down) {
  const reduced = emptyPicture(Math.ceil(picture.width / across), Math.ceil(picture.height / down));
  for (let y = 0, to = 0; y < reduced.height; y++) {
    const bottom = Math.min((y + 1) * down, picture.height);
    for (let x = 0; x < reduced.width; x++) {
      const right = Math.min((x + 1) * across, picture.width);
      const pixels = (right - x * across) * (bottom - y * down);
      const share = Math.trunc(Math.fround(2 ** 24 / pixels)); // Pillow divides by a multiplication
      for (let channel = 0; channel < 3; channel++) {
        let sum = pixels >> 1;
        for (let row = y * down; row < bottom; row++) {
          for (let column = x * across; column < right; column++) {
            sum += picture.data[3 * (row * picture.width + column) + channel];
          }
        }
        reduced.data[to++] = Math.imul(sum, share) >>> 24;
      }
    }
  }
  return reduced;
}

/**
 * The rows of a picture with `width` pixels made of the first `extent`, which need not be whole.
 * @param {Picture} picture @param {number} width @param {number} extent @param {Filter} filter
 * @returns {Picture}
 */
function resampleRows(picture, width, extent, filter) {
  if (picture.width === width && extent === width) return picture;
  const { starts, counts, weights, most } = fixedWeights(picture.width, width, extent, filter);
  const resampled = emptyPicture(width, picture.height);
  const { data } = picture;
  for (let y = 0, to = 0; y < picture.height; y++) {
    for (let x = 0; x < width; x++) {
      let from = 3 * (y * picture.width + starts[x]);
      let [red, green, blue] = [1 << (BITS - 1), 1 << (BITS - 1), 1 << (BITS - 1)];
      const end = x * most + counts[x];
      for (let k = x * most; k < end; k++, from += 3) {
        red = (red + Math.imul(data[from], weights[k])) | 0;
        green = (green + Math.imul(data[from + 1], weights[k])) | 0;
        blue = (blue + Math.imul(data[from + 2], weights[k])) | 0;
      }
      resampled.data[to++] = clamp(red >> BITS, 0, 255);
      resampled.data[to++] = clamp(green >> BITS, 0, 255);
      resampled.data[to++] = clamp(blue >> BITS, 0, 255);
    }
  }
  return resampled;
}

/**
 * For each of `width` pixels: the first pixel that it is made of, how many, and their weights in fixed point.
 * @param {number} length of the row @param {number} width @param {number} extent @param {Filter} filter
 */
function fixedWeights(length, width, extent, filter) {
  const scale = Math.fround(extent) / width;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  const most = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(width);
  const counts = new Int32Array(width);
  const weights = new Int32Array(width * most);
  for (let x = 0; x < width; x++) {
    const centre = (x + 0.5) * scale;
    starts[x] = Math.max(Math.trunc(centre - support + 0.5), 0);
    counts[x] = Math.min(Math.trunc(centre + support + 0.5), length) - starts[x];
    const each = Array.from({ length: counts[x] }, (_, k) =>
      filter.weight((k + starts[x] - centre + 0.5) * (1 / stretch)),
    );
    const sum = each.reduce((total, weight) => total + weight, 0);
    each.forEach((weight, k) => {
      const fixed = (sum === 0 ? weight : weight / sum) * (1 << BITS);
      weights[x * most + k] = Math.trunc(fixed + (fixed < 0 ? -0.5 : 0.5));
    });
  }
  return { starts, counts, weights, most };
}

/** Rows become columns. @param {Picture} picture @returns {Picture} */
function transpose({ width, height, data }) {
  const turned = emptyPicture(height, width);
  for (let y = 0, from = 0; y < height; y++) {
    for (let x = 0; x < width; x++, from += 3) {
      const to = 3 * (x * height + y);
      turned.data[to] = data[from];
      turned.data[to + 1] = data[from + 1];
      turned.data[to + 2] = data[from + 2];
    }
  }
  return turned;
}

/**
 * `cv2.resize(..., INTER_AREA)` to a size that is not larger: the mean of what each pixel covers.
 * @param {Picture} picture @param {number} width @param {number} height
 * @returns {Picture}
 */
export function resizeArea(picture, width, height) {
  if (picture.width === width && picture.height === height) return picture;
  if (picture.width === 2 * width && picture.height === 2 * height) return reduce(picture, 2, 2); // for speed
  const [columns, rows] = [covered(picture.width, width), covered(picture.height, height)];
  const resized = emptyPicture(width, height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sums = [0, 0, 0];
      for (const [row, high] of rows[y]) {
        for (const [column, wide] of columns[x]) {
          const from = 3 * (row * picture.width + column);
          for (let channel = 0; channel < 3; channel++) sums[channel] += high * wide * picture.data[from + channel];
        }
      }
      for (const sum of sums) resized.data[to++] = round(sum);
    }
  }
  return resized;
}

/**
 * For each of `width` pixels those that it covers in a row of `length`, with their weights.
 * @param {number} length @param {number} width
 * @returns {[number, number][][]}
 */
function covered(length, width) {
  const scale = length / width;
  return Array.from({ length: width }, (_, x) => {
    const [start, end] = [x * scale, Math.min((x + 1) * scale, length)];
    const first = Math.floor(start);
    return Array.from({ length: Math.min(Math.ceil(end), length) - first }, (_, k) => {
      const part = Math.min(first + k + 1, end) - Math.max(first + k, start);
      return /** @type {[number, number]} */ ([first + k, part / (end - start)]);
    }).filter(([, weight]) => weight * scale > 1e-3);
  });
}
