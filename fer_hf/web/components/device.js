// Reading on the visitor's own device, in the place of the server. One reader serves all tabs; its files are fetched once,
// when the first picture is to be read and the visitor agrees.
import { DeviceReader } from "../device/reader.js";
import { fill } from "./templates.js";

const MANIFEST = new URL("../device/files/device.json", import.meta.url);
const MEGABYTE = 2 ** 20;

/** What is said instead of an answer; its message is in the page's language. */
export class Problem extends Error {}

/** The visitor would rather have the server read. */
export class ServerChosen extends Problem {}

let opening = /** @type {Promise<DeviceReader> | null} */ (null); // the reader of the whole page

export class Device {
  /** @param {Record<string, string>} text @param {HTMLElement} root has the `place` of macros.html */
  constructor(text, root) {
    const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (root.querySelector(`.place ${selector}`));
    this.text = text;
    this.dialog = /** @type {HTMLDialogElement} */ (part("dialog"));
    this.bar = /** @type {HTMLProgressElement} */ (part("progress"));
    this.loading = part(".loading");
  }

  /**
   * The reader, once it can read. After a failure, or when its worker has died, the next picture tries again.
   * @returns {Promise<DeviceReader>}
   * @throws {Problem}
   */
  async open() {
    const mine = (opening ??= this.load());
    const reader = await mine.catch(() => null);
    if (reader && !reader.closed) return reader;
    if (opening === mine) opening = null;
    return reader ? this.open() : mine;
  }

  async load() {
    if (!DeviceReader.supported) throw new Problem(this.text.device_unsupported);
    try {
      const answer = await fetch(MANIFEST);
      const manifest = await answer.json();
      const fresh = !(await DeviceReader.isKept(manifest, MANIFEST));
      if (fresh) await this.agree();
      const onProgress = (/** @type {number} */ loaded, /** @type {number} */ total) => fresh && this.show(loaded, total);
      const threads = navigator.hardwareConcurrency > 2 ? 2 : 1;
      return await DeviceReader.open(manifest, { onProgress, threads, base: MANIFEST });
    } catch (error) {
      throw error instanceof Problem ? error : new Problem(this.text.device_failed);
    } finally {
      this.show(0, 0);
    }
  }

  // Asks before the first fetch. Escape is no answer: then nothing is fetched, and nothing is sent.
  async agree() {
    const { dialog } = this;
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    if (dialog.returnValue === "server") throw new ServerChosen();
    if (dialog.returnValue !== "fetch") throw new Problem(this.text.device_declined);
  }

  /** @param {number} loaded bytes @param {number} total bytes; 0: nothing is fetched */
  show(loaded, total) {
    const megabytes = (/** @type {number} */ bytes) => (bytes / MEGABYTE).toFixed(1);
    const values = { loaded: megabytes(loaded), total: megabytes(total) };
    this.bar.hidden = !total;
    if (total) this.bar.value = loaded / total;
    this.loading.textContent = total ? fill(this.text.device_loading, values) : "";
  }
}
