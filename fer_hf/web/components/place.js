// Where pictures are read: on this device or on the server. The choice is remembered, and the same on Photo and Live.
import { DeviceReader } from "../device/reader.js";

const KEY = "fer-hf-place";
const CHANGED = "fer-hf:place";
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** The switch within `root`; `follow(onDevice)` is called at once and after each change. */
export class Place {
  constructor(root, follow = () => {}) {
    Object.assign(this, { root, follow, fieldset: root.querySelector(".place fieldset") });
    this.fieldset.hidden = !DeviceReader.supported;
    this.fieldset.addEventListener("change", ({ target }) => choose(target.value));
    document.addEventListener(CHANGED, () => this.show());
    this.show();
  }

  get onDevice() {
    return DeviceReader.supported && chosen() === "device";
  }

  show() {
    const place = this.onDevice ? "device" : "server";
    this.fieldset.querySelector(`[value=${place}]`).checked = true;
    for (const part of this.root.querySelectorAll("[data-place]")) part.hidden = part.dataset.place !== place;
    this.follow(this.onDevice);
  }
}

let last = null; // where the browser keeps nothing

/** @param {"device" | "server"} place */
export function choose(place) {
  last = place;
  try {
    localStorage.setItem(KEY, place);
  } catch {} // forbidden: the choice holds for this visit
  document.dispatchEvent(new Event(CHANGED));
}

// A server on loopback is this device already.
function chosen() {
  return last ?? kept() ?? (LOOPBACK.test(location.hostname) ? "server" : "device");
}

function kept() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
