// The worker in which pictures are read: answers {id, what, words} by {id, value} or {id, error}, one after the other.
import { FaceAnalyzer } from "./analyzer.js";
import { loadFiles } from "./files.js";
import { LiveSession, SPARING } from "./live.js";
import { fromImageData } from "./picture.js";
import { BICUBIC, resize } from "./resize.js";

/** @typedef {import("./manifest.js").Manifest} Manifest */

let analyzer = /** @type {FaceAnalyzer} */ (/** @type {unknown} */ (null));
let session = /** @type {LiveSession} */ (/** @type {unknown} */ (null));

const commands = {
  /** @param {Manifest} manifest with whole urls @param {number} threads */
  async open({ runtime, detector, classifier, config }, threads) {
    const [wasm, find, score] = await loadFiles([runtime.wasm, detector, classifier], (loaded, total) =>
      postMessage({ loaded, total }),
    );
    const ort = /** @type {typeof import("onnxruntime-web")} */ (await import(runtime.script));
    Object.assign(ort.env.wasm, { wasmBinary: wasm, wasmPaths: { mjs: runtime.glue }, numThreads: threads });
    analyzer = await FaceAnalyzer.load(ort, find, score, config);
    session = new LiveSession(analyzer, SPARING);
  },

  /** @param {ImageBitmap | ImageData} image */
  read: (image) => analyzer.analyze(pictureOf(image)),

  /** @param {ImageBitmap | ImageData} image @param {boolean} whole @param {number} side of the faces, in pixels */
  async look(image, whole, side) {
    const { result, crops } = await analyzer.look(pictureOf(image), whole);
    return { result, crops: crops.map((crop) => resize(crop, side, side, BICUBIC, 2)) };
  },

  /** @param {ImageBitmap | ImageData} image @param {number} time */
  readFrame: (image, time) => session.analyze(pictureOf(image), time),

  session: async () => ({ summary: session.summary(), csv: session.csv() }),

  takeBaseline: async () => session.takeBaseline(),

  forgetBaseline: async () => session.forgetBaseline(),

  reset: async () => session.reset(),
};

const canvas = new OffscreenCanvas(1, 1);
const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));

/** @param {ImageBitmap | ImageData} image */
function pictureOf(image) {
  if (image instanceof ImageData) return fromImageData(image);
  const { width, height } = image;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  pen.fillStyle = "white";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(image, 0, 0);
  image.close();
  return fromImageData(pen.getImageData(0, 0, width, height));
}

let turn = Promise.resolve(); // commands wait for one another

addEventListener("message", ({ data: { id, what, words } }) => {
  turn = turn.then(async () => {
    try {
      const command = /** @type {(...words: unknown[]) => Promise<unknown>} */ (commands[/** @type {"open"} */ (what)]);
      postMessage({ id, value: await command(...words) });
    } catch (error) {
      const { code, message } = /** @type {Error & {code?: string}} */ (error);
      postMessage({ id, error: { code: code ?? "runtime", message } });
    }
  });
});
