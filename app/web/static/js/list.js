// The list: a current row, a selection, and a panel that follows the row.
import { plain } from "./keys.js";

export async function fragment(url) {
	const answer = await fetch(url, { headers: { "HX-Request-Type": "partial" } });
	if (!answer.ok) throw new Error(answer.status);
	return answer.text();
}

export function list(table) {
	const current = () => table.querySelector("tr[data-row][aria-current]");
	const bulk = table.closest("form").querySelector("[data-bulk]");
	const panel = table.dataset.peek && document.querySelector(table.dataset.peek);
	let peeking = false, timer;

	function peek() {
		const url = panel && current()?.dataset.peekHref;
		clearTimeout(timer);
		if (url) timer = setTimeout(async () => {
			const text = await fragment(url).catch(() => "");
			if (current()?.dataset.peekHref === url) panel.innerHTML = text;
		}, 80);
	}
	function go(row) {
		if (!row) return;
		current()?.removeAttribute("aria-current");
		row.setAttribute("aria-current", "true");
		row.scrollIntoView({ block: "nearest" });
		if (peeking) peek();
	}
	function tick(on) {
		const box = current()?.querySelector(".pick input");
		if (box) box.checked = on ?? !box.checked;
		count();
	}
	function count() {
		if (!bulk) return;
		const n = table.querySelectorAll(".pick :checked").length;
		bulk.hidden = !n;
		bulk.querySelector("[data-bulk-count]").textContent = n;
	}
	function press(event) {
		const key = event.key.toUpperCase(), step = { J: 1, K: -1 }[key];
		const away = event.target.closest("a,button,summary");
		const act = bulk?.querySelector(`[data-row-key="${CSS.escape(key)}"]`);
		if (step) {
			const all = [...table.querySelectorAll("tr[data-row]")], at = all.indexOf(current());
			if (event.shiftKey) tick(true);
			go(all[Math.max(0, Math.min(all.length - 1, at + step))]);
			if (event.shiftKey) tick(true);
		} else if (key === "ENTER" && current() && !away && !event.repeat) {
			location.assign(current().dataset.href);
		} else if (key === " " && panel && current() && !away) {
			peeking = true;
			peek();
		} else if (key === "X" && current()) tick();
		else if (act && !event.repeat) {
			if (bulk.hidden) tick(true);
			if (!bulk.hidden) act.click();
		} else return;
		event.preventDefault();
	}

	table.addEventListener("change", count);
	table.addEventListener("click", (event) => {
		if (event.target.closest("a,button,input,label")) return;
		peeking = true;
		go(event.target.closest("tr[data-row]"));
	});
	document.addEventListener("keydown", (event) => plain(event) && press(event));
	count();
}
