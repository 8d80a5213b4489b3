// A live session on this device: what connection.js is to a server, over the reader of fer_hf/web/device/reader.js.

/** @typedef {import("../../device/reader.js").DeviceReader} DeviceReader */
/** @typedef {{captured: number, encoded?: number}} Marks milliseconds of the browser's clock */

/** `onState` gets "open", or "device" when the reader has failed. */
export class DeviceConnection {
  frames = /** @type {Map<number, Marks>} */ (new Map()); // under way, by their times
  reader = /** @type {DeviceReader | null} */ (null);
  ended = false;

  /**
   * @param {import("../device.js").Device} device
   * @param {(message: object) => void} onMessage @param {(state: "open" | "device") => void} onState
   */
  constructor(device, onMessage, onState) {
    this.onMessage = onMessage;
    this.onState = onState;
    this.begin(device).catch(() => this.fail());
  }

  /** @param {import("../device.js").Device} device */
  async begin(device) {
    const reader = await device.open();
    await reader.reset();
    if (this.ended) return;
    this.reader = reader;
    this.onState("open");
  }

  fail() {
    if (this.ended) return;
    this.ended = true;
    this.onState("device");
  }

  // Whether a frame may be sent now: none ever waits for more than one other.
  get ready() {
    return this.reader !== null && !this.ended && this.frames.size < 2;
  }

  /** @param {number} time @param {number} captured */
  reserve(time, captured) {
    this.frames.set(time, { captured });
  }

  /** @param {number} time @param {HTMLCanvasElement} canvas */
  async send(time, canvas) {
    try {
      const picture = await createImageBitmap(canvas);
      const marks = { ...this.frames.get(time), encoded: performance.now() };
      const answer = await this.reader?.readFrame(picture, time);
      this.onMessage({ ...answer, sent: time, marks: { ...marks, heard: performance.now() } });
    } catch {
      this.fail();
    } finally {
      this.frames.delete(time);
    }
  }

  /** @param {string} name */
  command(name) {
    if (this.reader) this.carryOut(this.reader, name).catch(() => this.fail());
  }

  /** @param {DeviceReader} reader @param {string} name */
  async carryOut(reader, name) {
    if (name === "reset") await reader.reset();
    if (name === "baseline") await reader.takeBaseline();
    if (name === "forget_baseline") await reader.forgetBaseline();
    const { summary, csv } = await reader.session();
    const asked = { summary: { summary }, csv: { csv }, end: { summary, csv } };
    this.onMessage({ done: name, .../** @type {Record<string, object>} */ (asked)[name] });
  }

  // The session is forgotten when the next one begins; its summary and table come now.
  end() {
    this.command("end");
    this.ended = true;
  }

  ignore() {
    this.onMessage = this.onState = () => {};
  }
}
