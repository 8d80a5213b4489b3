// Starts the page: its tabs, its components, and what keeps it for use without a connection.
import about from "../components/about/script.js";
import { DeviceConnection } from "../components/live/device.js";
import live from "../components/live/script.js";
import masthead from "../components/masthead/script.js";
import photo from "../components/photo/script.js";
import { Device } from "./device.js";
import { photoServer } from "./photo_server.js";
import { startTabs } from "./tabs.js";

const byId = (id) => document.getElementById(id);
const propsOf = (name) => JSON.parse(byId(`${name}-props`).textContent);

startTabs(document.querySelector("[role=tablist]"));
masthead({ element: byId("masthead"), props: propsOf("masthead") });
about({ element: byId("part-about") });
const settings = propsOf("device");
const device = new Device(settings.text, document.querySelector(".loading"));
photo({ element: byId("part-photo"), props: propsOf("photo"), server: photoServer(device, settings) });
const connect = (...hear) => new DeviceConnection(device, ...hear);
live({ element: byId("part-live"), props: propsOf("live"), connect });
document.documentElement.dataset.ready = "";

navigator.serviceWorker?.register(new URL("service-worker.js", document.baseURI)).catch(() => {}); // not on file:, http:
