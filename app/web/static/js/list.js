// The list: a current row, a selection, and a panel that follows the row.
import { plain } from "./keys.js";

export async function fragment(url) {
  const answer = await fetch(url, { headers: { "HX-Request": "true", "HX-Request-Type": "partial" } });
  if (!answer.ok) throw new Error(answer.status);
  return answer.text();
}

export function list(table) {
  const rows = () => [...table.querySelectorAll("tr[data-row]")];
  const current = () => table.querySelector("tr[data-row][aria-current]");
  const bulk = table.closest("form")?.querySelector("[data-bulk]");
  const panel = table.dataset.peek && document.querySelector(table.dataset.peek);
  let peeking = false, timer;

  function peek() {
    const url = current()?.dataset.peekHref;
    if (!panel || !url) return;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const text = await fragment(url).catch(() => "");
      if (current()?.dataset.peekHref === url && text) panel.innerHTML = text;
    }, 80);
  }
  function go(row) {
    if (!row) return;
    current()?.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    row.scrollIntoView({ block: "nearest" });
    if (peeking) peek();
  }
  function tick(row, on) {
    const box = row?.querySelector(".pick input");
    if (box) { box.checked = on ?? !box.checked; count(); }
  }
  function count() {
    if (!bulk) return;
    const n = table.querySelectorAll(".pick input:checked").length;
    bulk.hidden = !n;
    bulk.querySelector("[data-bulk-count]").textContent = n;
  }
  function act(key) {
    const button = [...(bulk?.querySelectorAll("[data-row-key]") ?? [])].find((one) => one.dataset.rowKey === key);
    if (!button) return false;
    if (bulk.hidden) tick(current(), true);
    if (!bulk.hidden) button.click();
    return true;
  }

  table.addEventListener("change", count);
  table.addEventListener("click", (event) => {
    if (event.target.closest("a, button, input, label")) return;
    peeking = true;
    go(event.target.closest("tr[data-row]"));
  });
  document.addEventListener("keydown", (event) => {
    if (!plain(event) || (event.repeat && event.key === "Enter")) return;
    const step = { j: 1, k: -1, J: 1, K: -1 }[event.key];
    const key = event.key.toUpperCase();
    if (step) {
      const all = rows(), at = all.indexOf(current());
      if (event.shiftKey) tick(current(), true);
      go(all[Math.max(0, Math.min(all.length - 1, at + step))]);
      if (event.shiftKey) tick(current(), true);
    } else if (event.key === "Enter" && !event.target.closest("a, button, summary")) {
      const to = current()?.dataset.href;
      if (!to) return;
      location.assign(to);
    } else if (event.key === " " && panel && current() && !event.target.closest("a, button, summary, input")) {
      peeking = true;
      peek();
    } else if (key === "X" && current()) tick(current());
    else if (!(key.length === 1 && act(key))) return;
    event.preventDefault();
  });
  count();
}
