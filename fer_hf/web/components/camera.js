// The camera that a component shows in its <video>: one stream at a time, which ends when the tab is left. What it shows
// leaves the browser only if the component sends it.
export class Camera {
  // `closed(why)` is called when the camera cannot be opened ("absent", "denied") and when it has ended: "left" with its
  // tab, "gone" by itself, or for the reason given to `close`.
  constructor(root, button, wanted, closed) {
    Object.assign(this, { root, button, wanted, closed, video: root.querySelector("video"), stream: null });
    new IntersectionObserver(() => this.visible || !this.stream || this.close("left")).observe(root);
  }

  // False while another tab of the page is open.
  get visible() {
    return this.root.offsetParent !== null;
  }

  // Whether it is open now.
  async open() {
    this.button.disabled = true; // one stream at a time, also while permission is asked
    const stream = await this.ask();
    this.button.disabled = false;
    if (!stream) return false;
    this.stream = this.video.srcObject = stream;
    stream.getVideoTracks()[0].addEventListener("ended", () => this.close("gone"));
    if (this.visible) await this.video.play().catch(() => {}); // fails where the tab is left meanwhile
    else this.close("left");
    return this.stream === stream;
  }

  async ask() {
    try {
      return await navigator.mediaDevices.getUserMedia({ video: this.wanted });
    } catch (error) {
      this.closed(!navigator.mediaDevices || error.name === "NotFoundError" ? "absent" : "denied");
      return null;
    }
  }

  close(why) {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.video.srcObject = this.stream = null;
    this.closed(why);
  }
}
