// Answers what Photo's script asks of a server, in the browser: a photo comes as a `data:` address, its HTML goes back.
import { photoCsv } from "../../device/table.js";
import { Problem, ServerChosen } from "../device.js";
import { fill, makeRenderer } from "../templates.js";
import { drawn } from "./annotate.js";

/** @typedef {import("../../device/results.js").PhotoResult} PhotoResult */
/** @typedef {import("../../device/results.js").Face} Face */
/** @typedef {{name: string, data?: string, size?: number, whole?: boolean}} Sent a file; `size` alone of one too large */

/**
 * What fer_hf/web/components/photo/__init__.py gives: sides in pixels, a file's size in megabytes, the most pixels read.
 * @typedef {object} Settings
 * @property {import("../templates.js").Text} text
 * @property {import("../templates.js").Expression[]} expressions
 * @property {{megabytes: number, photo: number, crop: number, drawn: number, read: number}} largest
 * @property {number} crowd
 * @property {"" | "sends"} heat
 */

/**
 * @param {import("../device.js").Device} device @param {Settings} props
 * @param {(sent: Sent) => Promise<string>} [toServer] answers a visitor who, asked for the files, chooses the server
 */
export function photoServer(device, props, toServer) {
  const { text, largest, crowd } = props;
  const labels = props.expressions.map(({ name }) => name);

  /** @param {Sent} sent */
  async function decoded({ data }) {
    const problem = { megabytes: largest.megabytes, pixels: largest.read / 1e6 };
    if (!data) throw new Problem(fill(text.device_too_large, problem));
    const image = await createImageBitmap(await (await fetch(data)).blob()).catch(() => {
      throw new Problem(text.device_unreadable);
    });
    if (image.width * image.height > largest.read) throw new Problem(fill(text.device_too_large, problem));
    return image;
  }

  /** @param {Sent} sent */
  async function answer(sent) {
    const image = await decoded(sent);
    const photo = canvasOf(image); // the bitmap itself is moved to the worker
    const { result, crops } = await (await device.open()).look(image, sent.whole === true, largest.crop);
    return render("photo/answer.html", {
      result,
      counts: countsOf(result.faces),
      crowd,
      heat: props.heat,
      picture: jpegUrl(reduced(photo, largest.photo)),
      crops: crops.map((crop) => jpegUrl(canvasOfPicture(crop))),
      downloads: downloads(photo, result, sent.name),
    });
  }

  /** @param {HTMLCanvasElement} photo @param {PhotoResult} result @param {string} name */
  function downloads(photo, result, name) {
    const stem = fill(text.photo_save_name, { name: name.replace(/\.[^.]*$/, "") });
    const picture = drawn(reduced(photo, largest.drawn), result, props);
    return [
      { kind: "picture", name: `${stem}.jpg`, data: jpegUrl(picture) },
      { kind: "csv", name: `${stem}.csv`, data: fileUrl(photoCsv(name, result, labels), "text/csv") },
      { kind: "json", name: `${stem}.json`, data: fileUrl(json([{ file: name, ...result }]), "application/json") },
    ];
  }

  /** @param {string} template @param {object} values */
  async function render(template, values) {
    return (await makeRenderer(props))(template, values);
  }

  return {
    /** @param {Sent} sent */
    async analyze(sent) {
      try {
        return await answer(sent);
      } catch (error) {
        if (error instanceof ServerChosen && toServer) return toServer(sent);
        const words = error instanceof Problem ? error.message : text.device_broken;
        return render("message.html", { words, title: text.problem, problem: true });
      }
    },
  };
}

/** How often each expression was seen, the most frequent first and "unsure" last. @param {Face[]} faces */
function countsOf(faces) {
  const counts = /** @type {Map<string, number>} */ (new Map());
  for (const { label, unsure } of faces) {
    const counted = unsure.length ? "unsure" : label;
    counts.set(counted, (counts.get(counted) ?? 0) + 1);
  }
  const last = (/** @type {string} */ label) => Number(label === "unsure");
  return [...counts].sort(([one, n], [other, m]) => last(one) - last(other) || m - n);
}

/** @param {HTMLCanvasElement | ImageBitmap} image @param {number} [width] @param {number} [height] */
function canvasOf(image, width = image.width, height = image.height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  pen.fillStyle = "white";
  pen.fillRect(0, 0, width, height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, width, height);
  return canvas;
}

/** @param {HTMLCanvasElement} canvas @param {number} longest side in pixels */
function reduced(canvas, longest) {
  const scale = Math.min(1, longest / Math.max(canvas.width, canvas.height));
  const side = (/** @type {number} */ length) => Math.max(1, Math.round(scale * length));
  return canvasOf(canvas, side(canvas.width), side(canvas.height));
}

/** RGB as RGBA. @param {import("../../device/picture.js").Picture} picture */
function canvasOfPicture({ width, height, data }) {
  const image = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; to++) image.data[to] = to % 4 === 3 ? 255 : data[from++];
  image.data[image.data.length - 1] = 255;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

const json = (/** @type {unknown} */ value) => JSON.stringify(value, null, 2);
const fileUrl = (/** @type {string} */ text, /** @type {string} */ type) =>
  `data:${type};charset=utf-8,${encodeURIComponent(text)}`;
const jpegUrl = (/** @type {HTMLCanvasElement} */ canvas) => canvas.toDataURL("image/jpeg", 0.9);
