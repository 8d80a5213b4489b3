// The examples for programs name this page's own address, and can be copied.
export default function ({ element }) {
  const address = window.location.origin + window.location.pathname.replace(/[^/]*$/, "");
  for (const place of element.querySelectorAll(".address")) place.textContent = address;
  // Over http a browser lends its clipboard to pages of this computer alone.
  for (const button of element.querySelectorAll(".code button")) button.hidden = !navigator.clipboard;

  element.addEventListener("click", async (event) => {
    const button = event.target.closest(".code button");
    if (!button) return;
    await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
    const title = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => (button.textContent = title), 2000);
  });
}
