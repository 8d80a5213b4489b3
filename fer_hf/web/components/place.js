// Where pictures are read: on this device or on the server. The choice is remembered, and the same on Photo and Live.
import { DeviceReader } from "../device/reader.js";

const KEY = "fer-hf-place";
const CHANGED = "fer-hf:place";
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** The switch within `root`; `follow(onDevice)` is called at once and after each change. */
export class Place {
  /** @param {HTMLElement} root @param {(onDevice: boolean) => void} [follow] */
  constructor(root, follow = () => {}) {
    this.root = root;
    this.follow = follow;
    this.fieldset = /** @type {HTMLFieldSetElement} */ (root.querySelector(".place fieldset"));
    this.fieldset.hidden = !DeviceReader.supported;
    this.fieldset.addEventListener("change", ({ target }) => {
      choose(/** @type {"device" | "server"} */ (/** @type {HTMLInputElement} */ (target).value));
    });
    document.addEventListener(CHANGED, () => this.show());
    this.show();
  }

  get onDevice() {
    return DeviceReader.supported && chosen() === "device";
  }

  show() {
    const place = this.onDevice ? "device" : "server";
    /** @type {HTMLInputElement} */ (this.fieldset.querySelector(`[value=${place}]`)).checked = true;
    const parts = /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll("[data-place]"));
    for (const part of parts) part.hidden = part.dataset.place !== place;
    this.follow(this.onDevice);
  }
}

let last = /** @type {"device" | "server" | null} */ (null); // where the browser keeps nothing

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
