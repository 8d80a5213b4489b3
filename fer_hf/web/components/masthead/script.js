// Names the page's language and title, and keeps the tab in the address (/#live, /de#live). Another language is another
// page: photos and Live's summary are handed over to it; before it takes the place of what cannot be, it asks.
import { handOver } from "../handover.js";

const LOST = ".live.on, .work:not([hidden]), :is(#video, #batch) [data-save]"; // a camera, files at work, what they gave

export default function ({ element, props }) {
  document.documentElement.lang = props.language;
  document.title = props.title;

  const tabs = () => [...document.querySelectorAll("[data-tab-id]")];
  const idOf = (tab) => tab.dataset.tabId;
  const named = () => tabs().find((tab) => `#${idOf(tab)}` === location.hash) ?? tabs()[0]; // by the address

  // Asks again until it is so: when this script runs, Gradio may not have laid out the tabs.
  function follow() {
    for (const link of element.querySelectorAll(".languages a")) link.hash = location.hash;
    if (named()?.ariaSelected === "true") return;
    named()?.click();
    requestAnimationFrame(follow);
  }

  element.querySelector(".languages").addEventListener("click", (event) => {
    if (!event.target.closest("a") || event.ctrlKey || event.metaKey || event.shiftKey) return; // or it opens elsewhere
    if (document.querySelector(LOST) && !confirm(props.warning)) event.preventDefault();
    else handOver();
  });
  document.addEventListener("click", ({ target }) => {
    const tab = target.closest("[data-tab-id]");
    if (tab && tab !== named()) location.hash = idOf(tab);
  });
  window.addEventListener("hashchange", follow); // also by the browser's back and forward
  const chosen = tabs().find((tab) => tab.ariaSelected === "true");
  if (!location.hash && chosen && chosen !== named()) location.replace(`#${idOf(chosen)}`); // faster than this script
  follow();
}
