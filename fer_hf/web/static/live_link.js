// The connection to the server: frames go out, at most two under way; answers come in; it reconnects by itself.
// `hear(message, link)` gets each answer, with `marks` of its frame; `say(state, link)` "open", "lost" or an error's code.
class LiveLink {
  constructor(url, hear, say) {
    Object.assign(this, { url, hear, say, name: crypto.randomUUID(), frames: new Map(), ended: false, tries: 0 });
    this.open();
  }

  open() {
    const socket = (this.socket = new WebSocket(this.url));
    socket.onopen = () => {
      socket.send(JSON.stringify({ session: this.name }));
      this.tries = 0;
      this.say("open", this);
    };
    socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    socket.onclose = () => socket === this.socket && this.lost();
  }

  receive(message) {
    if (message.error) {
      this.ended = true;
      this.say(message.error, this);
      return;
    }
    if (message.done === "end") this.ended = true;
    if ("sent" in message) {
      message.marks = { ...this.frames.get(message.sent), heard: performance.now() };
      this.frames.delete(message.sent);
    }
    this.hear(message, this);
  }

  lost() {
    this.frames.clear();
    if (this.ended) return;
    this.say("lost", this);
    this.timer = setTimeout(() => this.open(), Math.min(500 * 2 ** this.tries++, 8000));
  }

  // Whether a frame may be sent now: none ever waits for more than one other.
  get free() {
    return this.socket.readyState === WebSocket.OPEN && this.frames.size < 2;
  }

  // Takes a place for a frame; `send` fills it, an answer or a broken connection empties it.
  claim(at, captured) {
    this.frames.set(at, { captured });
  }

  async send(at, blob) {
    const picture = await blob?.arrayBuffer();
    const frame = this.frames.get(at);
    if (!frame) return;
    if (!picture) return this.frames.delete(at);
    const message = new Uint8Array(8 + picture.byteLength);
    new DataView(message.buffer).setFloat64(0, at, true);
    message.set(new Uint8Array(picture), 8);
    frame.encoded = performance.now();
    this.socket.send(message);
  }

  do(command) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ do: command }));
  }

  // Says goodbye: the server answers with the summary and the table, and forgets the session.
  end() {
    clearTimeout(this.timer);
    this.ended = true;
    if (this.socket.readyState === WebSocket.OPEN) this.do("end");
    else this.socket.close();
  }
}
