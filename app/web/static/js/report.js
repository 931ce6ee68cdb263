// The report: arrows move between figures, Enter shows what is behind one, then opens it.
import { $, $$, on, plain } from "./keys.js";
import { fragment } from "./list.js";

const table = $("[data-report]");
const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const lines = table ? $$("tr", table).map((row) => [...row.cells]) : [];
let open;

const current = () => document.activeElement?.closest?.("[data-cell]");

function near(cell, [down, along]) {
	const at = cell.closest("td");
	let line = lines.findIndex((cells) => cells.includes(at));
	let place = at.cellIndex;
	for (;;) {
		line += down;
		place += along;
		const next = lines[line]?.[place];
		if (!lines[line] || place < 1 || (along && !next)) return;
		const link = next && $("[data-cell]", next);
		if (link) return link;
	}
}

async function peek(cell) {
	const panel = $("#panel");
	if (!panel || getComputedStyle(panel).position !== "sticky") return false;
	open?.removeAttribute("aria-current");
	open = cell;
	cell.setAttribute("aria-current", "true");
	const text = await fragment(cell.href);
	if (open === cell && text) panel.innerHTML = text;
	return true;
}

function press(event) {
	const cell = current(), step = steps[event.key], key = event.key.toUpperCase();
	if (step) {
		const next = cell ? near(cell, step) : $("[data-cell]", table);
		if (!next) return;
		next.focus();
		next.scrollIntoView({ block: "nearest", inline: "nearest" });
	} else if (!cell || event.repeat) return;
	else if (key === "ENTER" && open !== cell && $("#panel")) {
		peek(cell).then((shown) => shown || location.assign(cell.href));
	} else if (key === "C") location.assign(cell.href + "#note");
	else if (key === "Y") navigator.clipboard?.writeText(cell.href);
	else return;
	event.preventDefault();
}

if (table) on("keydown", (event) => plain(event) && press(event));
