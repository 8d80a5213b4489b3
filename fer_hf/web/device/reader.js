// Reads faces on the visitor's own device, in a worker; the page's side of it.
//
//     const manifest = await (await fetch("device.json")).json();
//     const reader = await DeviceReader.open(manifest, { onProgress: (loaded, total) => show(loaded / total) });
//     const { faces } = await reader.read(await createImageBitmap(file));
import { areKept } from "./files.js";

/** @typedef {import("./manifest.js").Manifest} Manifest */
/** @typedef {import("./results.js").PhotoResult} PhotoResult */
/** @typedef {import("./live.js").FrameResult} FrameResult */

/** Why something was not read; `code` is "fetch", "damaged" (see files.js), "runtime", "worker" or "closed". */
export class DeviceError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export class DeviceReader {
  /**
   * Whether this browser can read at all: WebAssembly, workers and a canvas in them.
   * @returns {boolean}
   */
  static get supported() {
    return ["WebAssembly", "Worker", "OffscreenCanvas", "createImageBitmap"].every((name) => name in globalThis);
  }

  /**
   * Whether all files are kept from an earlier visit, so that nothing would be fetched.
   * @param {Manifest} manifest @param {string | URL} [base]
   */
  static isKept(manifest, base) {
    const { runtime, detector, classifier } = withWholeUrls(manifest, base);
    return areKept([runtime.wasm, detector, classifier]);
  }

  /**
   * Fetch what is not kept from an earlier visit, and start the worker.
   * @param {Manifest} manifest
   * @param {object} [options]
   * @param {(loaded: number, total: number) => void} [options.onProgress] bytes so far, and of all files
   * @param {number} [options.threads] more than one only under cross-origin isolation
   * @param {string | URL} [options.base] what the manifest's urls are relative to; the page, if it is not said
   * @returns {Promise<DeviceReader>}
   * @throws {DeviceError}
   */
  static async open(manifest, { onProgress, threads = 1, base } = {}) {
    const reader = new DeviceReader(onProgress);
    try {
      await reader.call("open", [withWholeUrls(manifest, base), globalThis.crossOriginIsolated ? threads : 1]);
    } catch (error) {
      reader.close();
      throw error;
    }
    return reader;
  }

  /** @param {(loaded: number, total: number) => void} [onProgress] */
  constructor(onProgress) {
    this.calls = /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */ (new Map());
    this.next = 0;
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.worker = /** @type {Worker | null} */ (worker);
    worker.onmessage = ({ data }) => ("loaded" in data ? onProgress?.(data.loaded, data.total) : this.answer(data));
    worker.onerror = (event) => this.giveUp(new DeviceError("worker", event.message || "the worker failed"));
  }

  /**
   * Read a picture.
   * @param {ImageBitmap | ImageData} image moved to the worker if it is a bitmap: it is empty afterwards
   * @returns {Promise<PhotoResult>}
   */
  read(image) {
    return this.call("read", [image]);
  }

  /**
   * Read a photo, and give its faces as the model sees them.
   * @param {ImageBitmap | ImageData} image as `read` takes it
   * @param {boolean} whole read it as one face, framed closely
   * @param {number} side of the faces, in pixels
   * @returns {Promise<{result: PhotoResult, crops: import("./picture.js").Picture[]}>}
   */
  look(image, whole, side) {
    return this.call("look", [image, whole, side]);
  }

  /**
   * Read a frame of a live session; null where the last frame is not older.
   * @param {ImageBitmap | ImageData} image as `read` takes it
   * @param {number} time seconds, by a clock that stands still during a pause
   * @returns {Promise<FrameResult | null>}
   */
  readFrame(image, time) {
    return this.call("readFrame", [image, time]);
  }

  /**
   * What the live session showed so far, as `LiveSession.summary`, and its table, as `LiveSession.csv`.
   * @returns {Promise<{summary: ReturnType<import("./live.js").LiveSession["summary"]>, csv: string}>}
   */
  session() {
    return this.call("session", []);
  }

  /**
   * Take the next three seconds as the visitor's resting face: the frames' answers say how far that is, in `baseline`.
   * @returns {Promise<boolean>} false if the model does not state neutral logits
   */
  takeBaseline() {
    return this.call("takeBaseline", []);
  }

  /** Read all faces as they are again. @returns {Promise<void>} */
  forgetBaseline() {
    return this.call("forgetBaseline", []);
  }

  /** Forget the live session; the next face is number 1. @returns {Promise<void>} */
  reset() {
    return this.call("reset", []);
  }

  /** Whether it reads no more: it was closed, or its worker has died. */
  get closed() {
    return this.worker === null;
  }

  /** Stop the worker; what is being read is given up. */
  close() {
    this.giveUp(new DeviceError("closed", "closed"));
  }

  /** @param {string} what @param {unknown[]} words @returns {Promise<any>} */
  call(what, words) {
    return new Promise((resolve, reject) => {
      if (!this.worker) return reject(new DeviceError("closed", "closed"));
      const id = this.next++;
      this.calls.set(id, { resolve, reject });
      this.worker.postMessage({ id, what, words }, words.filter((word) => word instanceof ImageBitmap));
    });
  }

  /** @param {{id: number, value?: unknown, error?: {code: string, message: string}}} answer */
  answer({ id, value, error }) {
    const call = this.calls.get(id);
    this.calls.delete(id);
    if (error) call?.reject(new DeviceError(error.code, error.message));
    else call?.resolve(value);
  }

  /** @param {DeviceError} error */
  giveUp(error) {
    this.worker?.terminate();
    this.worker = null;
    for (const { reject } of this.calls.values()) reject(error);
    this.calls.clear();
  }
}

/** @param {Manifest} manifest @param {string | URL} [base] @returns {Manifest} */
function withWholeUrls({ runtime, detector, classifier, config }, base = document.baseURI) {
  const whole = (/** @type {string} */ url) => new URL(url, base).href;
  const file = (/** @type {import("./manifest.js").FileEntry} */ entry) => ({ ...entry, url: whole(entry.url) });
  return {
    runtime: { script: whole(runtime.script), glue: whole(runtime.glue), wasm: file(runtime.wasm) },
    detector: file(detector),
    classifier: file(classifier),
    config,
  };
}
