// Starts the page: htmx notices, toasts, the palette and the keys.
import { keys } from "./keys.js";
import { fragment, list } from "./list.js";

const $ = (selector, from = document) => from.querySelector(selector);

function failed() {
  $("#toasts").replaceChildren($("#not-saved").content.cloneNode(true));
}

async function overlay(dialog, url) {
  if (dialog.open) return;
  dialog.innerHTML = await fragment(url);
  dialog.showModal();
}

function palette(link) {
  const dialog = $("#palette");
  overlay(dialog, link.href).then(() => {
    const input = $("input", dialog);
    let asked = 0;
    const mark = (to) => {
      const all = [...dialog.querySelectorAll(".opt")];
      const now = all.findIndex((one) => one.ariaSelected === "true");
      all.forEach((one) => one.removeAttribute("aria-selected"));
      all[Math.max(0, Math.min(all.length - 1, now + to))]?.setAttribute("aria-selected", "true");
    };
    mark(0);
    input.focus();
    input.addEventListener("input", () => {
      const mine = ++asked;
      setTimeout(async () => {
        if (mine !== asked) return;
        const text = await fragment(input.dataset.find + "?q=" + encodeURIComponent(input.value));
        if (mine === asked) { $("#options", dialog).innerHTML = text; mark(0); }
      }, 80);
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); mark(step); }
      if (event.key === "Enter") { event.preventDefault(); $(".opt[aria-selected]", dialog)?.click(); }
    });
  });
}

function help(link) {
  const dialog = $("#keys-help");
  overlay(dialog, link.href).then(() => {
    const here = $("[data-keys-here]", dialog);
    dialog.firstElementChild && dialog.classList.add("shortcuts");
    for (const one of document.querySelectorAll(".app [data-key]")) {
      const row = document.createElement("div");
      const [name, key] = [document.createElement("dt"), document.createElement("dd")];
      const label = one.cloneNode(true);
      label.querySelectorAll("kbd, .n").forEach((part) => part.remove());
      name.textContent = one.ariaLabel || label.textContent.trim();
      key.append(Object.assign(document.createElement("kbd"), { textContent: one.dataset.key }));
      row.append(name, key);
      here.append(row);
    }
  });
}

document.addEventListener("click", (event) => {
  const at = event.target.closest("[data-palette], [data-keys-help], [data-close]");
  if (at?.matches("[data-close]")) at.closest(".toast").remove();
  else if (at && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    (at.matches("[data-palette]") ? palette : help)(at);
  } else if (event.target.matches("dialog[open]")) event.target.close();
});
document.addEventListener("htmx:after:request", (event) => {
  if ((event.detail.ctx?.response?.status ?? 0) >= 400) failed();
});
document.addEventListener("htmx:error", failed);

setTimeout(() => document.querySelectorAll(".toast:not(.bad)").forEach((one) => one.remove()), 8000);
keys({ palette: () => palette($("[data-palette]")), help: () => help($("[data-keys-help]")) });
document.querySelectorAll("[data-list]").forEach(list);
