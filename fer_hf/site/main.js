// Starts the page: its tabs, its components, and what keeps it for use without a connection.
import about from "../components/about/script.js";
import masthead from "../components/masthead/script.js";
import photo from "../components/photo/script.js";
import { photoServer } from "./photo_server.js";
import { startTabs } from "./tabs.js";

const byId = (id) => document.getElementById(id);
const propsOf = (name) => JSON.parse(byId(`${name}-props`).textContent);

startTabs(document.querySelector("[role=tablist]"));
masthead({ element: byId("masthead"), props: propsOf("masthead") });
about({ element: byId("part-about") });
const element = byId("part-photo");
photo({ element, props: propsOf("photo"), server: photoServer(propsOf("device"), element.querySelector(".waiting")) });
document.documentElement.dataset.ready = "";

navigator.serviceWorker?.register(new URL("service-worker.js", document.baseURI)).catch(() => {}); // not on file:, http:
