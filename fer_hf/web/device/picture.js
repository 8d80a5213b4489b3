// Pictures as plain RGB bytes, and numbers rounded as Python rounds them.

/**
 * @typedef {object} Picture
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array} data RGB, row by row
 */

/** @typedef {[number, number, number, number]} Box x1, y1, x2, y2 in pixels */

/** @param {number} width @param {number} height @returns {Picture} */
export const emptyPicture = (width, height) => ({ width, height, data: new Uint8Array(3 * width * height) });

/** A browser's picture without its alpha channel; what shines through is white. @param {ImageData} image @returns {Picture} */
export function fromImageData({ width, height, data }) {
  const picture = emptyPicture(width, height);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const alpha = data[from + 3];
    for (let channel = 0; channel < 3; channel++) picture.data[to + channel] = data[from + channel];
    if (alpha === 255) continue;
    for (let i = to; i < to + 3; i++) picture.data[i] = Math.round(255 + ((picture.data[i] - 255) * alpha) / 255);
  }
  return picture;
}

/** Python's `round`: to the nearest whole number, halves to the even one. @param {number} x */
export function round(x) {
  const low = Math.floor(x);
  const rest = x - low;
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
}

/** Rounded to some decimals. @param {number} x @param {number} digits */
export const roundTo = (x, digits) => Number(x.toFixed(digits));

/** @param {number} x @param {number} low @param {number} high */
export const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

/**
 * The part from (left, top), `width` by `height`; where it leaves the picture, the picture's edge is repeated.
 * @param {Picture} picture @param {number} left @param {number} top @param {number} width @param {number} height
 * @returns {Picture}
 */
export function cut(picture, left, top, width, height) {
  const part = emptyPicture(width, height);
  const columns = Int32Array.from({ length: width }, (_, x) => 3 * clamp(left + x, 0, picture.width - 1));
  for (let y = 0, to = 0; y < height; y++) {
    const row = 3 * picture.width * clamp(top + y, 0, picture.height - 1);
    for (let x = 0; x < width; x++) {
      const from = row + columns[x];
      part.data[to++] = picture.data[from];
      part.data[to++] = picture.data[from + 1];
      part.data[to++] = picture.data[from + 2];
    }
  }
  return part;
}
