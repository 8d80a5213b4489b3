// The one reader that all tabs share. Its files are fetched when the first picture is to be read.
import { DeviceReader } from "../device/reader.js";
import { fill } from "./templates.js";

const MEGABYTE = 2 ** 20;

/** What is said instead of an answer; its message is in the page's language. */
export class Problem extends Error {}

export class Device {
  /** @param {Record<string, string>} text @param {HTMLElement} status where progress is said */
  constructor(text, status) {
    Object.assign(this, { text, status, opening: null });
  }

  // The reader, once it can read; after a failure the next picture tries again.
  open() {
    this.opening ??= this.load().catch(() => {
      this.opening = null;
      throw new Problem(DeviceReader.supported ? this.text.device_failed : this.text.device_unsupported);
    });
    return this.opening;
  }

  async load() {
    try {
      const manifest = await (await fetch(new URL("device.json", document.baseURI))).json();
      const fresh = !(await DeviceReader.isKept(manifest));
      const onProgress = (loaded, total) => fresh && this.show(loaded, total);
      return await DeviceReader.open(manifest, { onProgress, threads: navigator.hardwareConcurrency > 2 ? 2 : 1 });
    } finally {
      this.status.textContent = "";
    }
  }

  show(loaded, total) {
    const megabytes = (bytes) => (bytes / MEGABYTE).toFixed(1);
    this.status.textContent = fill(this.text.device_loading, { loaded: megabytes(loaded), total: megabytes(total) });
  }
}
