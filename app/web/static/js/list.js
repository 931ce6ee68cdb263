// The list: a current row, a selection, and a panel that follows the row.
import { $, $$, on, plain } from "./keys.js";

export async function fragment(url) {
	const answer = await fetch(url, { headers: { "HX-Request-Type": "partial" } });
	return answer.ok ? answer.text() : "";
}

export function move(all, mark, step) {
	const was = all.find((one) => one.hasAttribute(mark));
	const now = all[Math.max(0, Math.min(all.length - 1, all.indexOf(was) + step))];
	was?.removeAttribute(mark);
	now?.setAttribute(mark, true);
	now?.scrollIntoView({ block: "nearest" });
	return now;
}

export function list(table) {
	const rows = () => $$("tr[data-row]", table);
	const current = () => $("tr[aria-current]", table);
	const bulk = $("[data-bulk]");
	const panel = table.dataset.peek && $(table.dataset.peek);
	let peeking, timer;

	const wanted = () => current()?.dataset.peekHref;
	function go(step) {
		move(rows(), "aria-current", step);
		const url = peeking && wanted();
		clearTimeout(timer);
		if (url) timer = setTimeout(async () => {
			const text = await fragment(url);
			if (wanted() === url) panel.innerHTML = text;
		}, 80);
	}
	function tick(on) {
		const box = current() && $(".pick input", current());
		if (box) box.checked = on ?? !box.checked;
		count();
	}
	function count() {
		if (!bulk) return;
		const n = $$(".pick :checked", table).length;
		bulk.hidden = !n;
		$("[data-bulk-count]", bulk).textContent = n;
	}
	function press(event) {
		const key = event.key.toUpperCase(), step = { J: 1, K: -1 }[key], row = current();
		const here = row && !event.target.closest("a,button,summary");
		const act = bulk && $(`[data-row-key="${CSS.escape(key)}"]`, bulk);
		if (step) {
			event.shiftKey && tick(true);
			go(step);
			event.shiftKey && tick(true);
		} else if (key === "ENTER" && here && !event.repeat) location.assign(row.dataset.href);
		else if (key === " " && panel && here) go(0, (peeking = true));
		else if (key === "X" && row) tick();
		else if (act && !event.repeat) {
			bulk.hidden && tick(true);
			bulk.hidden || act.click();
		} else return;
		event.preventDefault();
	}

	table.addEventListener("change", count);
	table.addEventListener("click", (event) => {
		const row = event.target.closest("tr[data-row]");
		if (!row || event.target.closest("a,button,input,label")) return;
		peeking = panel;
		go(rows().indexOf(row) - rows().indexOf(current()));
	});
	on("keydown", (event) => plain(event) && press(event));
	count();
}
