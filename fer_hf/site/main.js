// Starts the page: its tabs, its components, and what keeps it for use without a connection.
import about from "../components/about/script.js";
import live from "../components/live/script.js";
import masthead from "../components/masthead/script.js";
import photo from "../components/photo/script.js";
import { startTabs } from "./tabs.js";

const byId = (id) => document.getElementById(id);
const propsOf = (name) => JSON.parse(byId(`${name}-props`).textContent);

startTabs(document.querySelector("[role=tablist]"));
masthead({ element: byId("masthead"), props: propsOf("masthead") });
about({ element: byId("part-about") });
photo({ element: byId("part-photo"), props: propsOf("photo") });
live({ element: byId("part-live"), props: propsOf("live") });
document.documentElement.dataset.ready = "";

navigator.serviceWorker?.register(new URL("service-worker.js", document.baseURI)).catch(() => {}); // not on file:, http:
