// The connection of one live session to the server. At most two frames are under way; after a break it reconnects.
// `onMessage` gets each answer, with the times of its frame in `marks`; `onState` gets "open", "lost" or an error's code.
export class Connection {
  constructor(url, onMessage, onState) {
    Object.assign(this, { url, onMessage, onState, session: crypto.randomUUID(), frames: new Map(), ended: false, attempts: 0 });
    this.open();
  }

  open() {
    const socket = (this.socket = new WebSocket(this.url));
    socket.onopen = () => {
      socket.send(JSON.stringify({ session: this.session }));
      this.attempts = 0;
      this.onState("open");
    };
    socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    socket.onclose = () => socket === this.socket && this.reconnect();
  }

  receive(message) {
    if (message.error) {
      this.ended = true;
      this.onState(message.error);
      return;
    }
    if (message.done === "end") this.ended = true;
    if ("sent" in message) {
      message.marks = { ...this.frames.get(message.sent), heard: performance.now() };
      this.frames.delete(message.sent);
    }
    this.onMessage(message);
  }

  reconnect() {
    this.frames.clear();
    if (this.ended) return;
    this.onState("lost");
    this.timer = setTimeout(() => this.open(), Math.min(500 * 2 ** this.attempts++, 8000));
  }

  // Whether a frame may be sent now: none ever waits for more than one other.
  get ready() {
    return this.socket.readyState === WebSocket.OPEN && this.frames.size < 2;
  }

  // Reserves a place for a frame; `send` fills it, and an answer or a broken connection empties it.
  reserve(time, captured) {
    this.frames.set(time, { captured });
  }

  async send(time, canvas) {
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
    const picture = await blob?.arrayBuffer();
    const frame = this.frames.get(time);
    if (!frame) return;
    if (!picture) return this.frames.delete(time);
    const message = new Uint8Array(8 + picture.byteLength);
    new DataView(message.buffer).setFloat64(0, time, true);
    message.set(new Uint8Array(picture), 8);
    frame.encoded = performance.now();
    this.socket.send(message);
  }

  command(name) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ do: name }));
  }

  // The server answers with the summary and the table, and forgets the session.
  end() {
    clearTimeout(this.timer);
    this.ended = true;
    if (this.socket.readyState === WebSocket.OPEN) this.command("end");
    else this.socket.close();
  }

  // What still comes belongs to a session after which another has begun.
  ignore() {
    this.onMessage = this.onState = () => {};
  }
}
