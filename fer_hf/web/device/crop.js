// Cutting faces out as fer_hf/inference/cropping.py does, so that they sit in the crop as in FER2013's pictures.
import { cut, round } from "./picture.js";

/** @typedef {import("./picture.js").Picture} Picture */

export const CROP_SIDE = 1.0; // of the square, in heights of the box
export const FACE_CENTRE_Y = 0.518; // how far down in the square the middle of the box lies

/**
 * A square around a face, in which the photo's edge is repeated where the square leaves the photo.
 * @param {Picture} photo @param {import("./picture.js").Box} box
 * @returns {Picture}
 */
export function cropFace(photo, [x1, y1, x2, y2]) {
  const side = Math.max(round(CROP_SIDE * (y2 - y1)), 1);
  const left = round((x1 + x2 - side) / 2);
  const top = round((y1 + y2) / 2 - FACE_CENTRE_Y * side);
  return cut(photo, left, top, side, side);
}
