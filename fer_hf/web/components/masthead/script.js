// Names the page's language and title, keeps the tab in the address (/#live, /de#live), and asks before another language,
// which is a page of its own, takes the place of results.
const RESULTS = "[data-save], .work:not([hidden]), .live.on, .live.summarised"; // and what is about to give some

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
    const here = event.target.closest("a") && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (here && document.querySelector(RESULTS) && !confirm(props.warning)) event.preventDefault();
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
