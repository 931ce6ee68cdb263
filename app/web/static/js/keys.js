// Keys: whatever on the page carries data-key answers to it; never with Alt, never in a field.
export const off = () => document.body.dataset.keys === "off";

export function plain(event) {
  const field = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  return !(field || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || off() || document.querySelector("dialog[open]"));
}

export function keys({ palette, help }) {
  let first = "";
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && document.querySelector("[data-palette]")) {
      event.preventDefault();
      return palette();
    }
    if (event.defaultPrevented || !plain(event) || event.repeat) return;
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    const wanted = first + key;
    first = key === "G" && !first ? "G " : "";
    const found = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === wanted);
    if (found) { event.preventDefault(); found.click(); }
    else if (wanted === "?" && document.querySelector("[data-keys-help]")) help();
    else if (wanted === "/") {
      const filters = document.querySelector("[data-filters]");
      if (filters) { event.preventDefault(); filters.open = true; filters.querySelector("select, input:not([type=hidden])").focus(); }
    } else if (wanted === "Z") (document.querySelector(".toast form") ?? document.querySelector("#undo"))?.requestSubmit();
  });
}
