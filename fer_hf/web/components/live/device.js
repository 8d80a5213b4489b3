// A live session on this device: what connection.js is to a server, over the reader of fer_hf/web/device/reader.js.
// `onState` gets "open", or "device" when the reader has failed.
export class DeviceConnection {
  constructor(device, onMessage, onState) {
    Object.assign(this, { onMessage, onState, frames: new Map(), reader: null, ended: false });
    this.begin(device).catch(() => this.fail());
  }

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

  reserve(time, captured) {
    this.frames.set(time, { captured });
  }

  async send(time, canvas) {
    try {
      const frame = this.frames.get(time);
      const picture = await createImageBitmap(canvas);
      frame.encoded = performance.now();
      const answer = await this.reader.readFrame(picture, time);
      this.onMessage({ ...answer, sent: time, marks: { ...frame, heard: performance.now() } });
    } catch {
      this.fail();
    } finally {
      this.frames.delete(time);
    }
  }

  command(name) {
    if (this.reader) this.carryOut(name).catch(() => this.fail());
  }

  async carryOut(name) {
    const { reader } = this;
    if (name === "reset") await reader.reset();
    if (name === "baseline") await reader.takeBaseline();
    if (name === "forget_baseline") await reader.forgetBaseline();
    const { summary, csv } = await reader.session();
    const asked = { summary: { summary }, csv: { csv }, end: { summary, csv } }[name];
    this.onMessage({ done: name, ...asked });
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
