// A paper beside its fields: Enter keeps and goes to the next doubtful one, focus shows its box.
import { $, $$, on } from "./keys.js";

const root = $("[data-reading]");
const pages = root && $("[data-pages]", root);
const form = root && $("[data-fields]", root);
const fields = form ? $$("[data-field]", form) : [];
const input = (one) => $("input,select", one);
const doubtful = (one) => "doubt" in one.dataset && !one.classList.contains("ok");

function show(box) {
	const view = pages.getBoundingClientRect(), place = box.getBoundingClientRect();
	const off = place.top + place.height / 2 - view.top - view.height / 2;
	if (place.top < view.top + 30 || place.bottom > view.bottom - 30) pages.scrollBy({ top: off });
}

function focused(one) {
	for (const box of $$("rect.on", root)) box.classList.remove("on");
	const box = $(`rect[data-box="${CSS.escape(one.dataset.field)}"]`, root);
	if (!box) return;
	box.classList.add("on");
	show(box);
}

function keep(one) {
	one.classList.add("ok");
	one.classList.remove("doubt");
	const mark = $(".kept", one);
	if (mark) mark.hidden = false;
	const box = $(`rect[data-box="${CSS.escape(one.dataset.field)}"]`, root);
	box?.classList.remove("doubt");
}

function next(from) {
	const at = fields.indexOf(from);
	const order = [...fields.slice(at + 1), ...fields.slice(0, at + 1)];
	const found = order.find(doubtful);
	const target = found ? input(found) : $(".acts .p", form);
	target?.focus();
	if (found) input(found).select?.();
	else target?.scrollIntoView({ block: "nearest" });
}

function turn(step) {
	const all = $$("[data-page]", pages);
	const top = pages.getBoundingClientRect().top;
	const now = all.findLastIndex((one) => one.getBoundingClientRect().top - top < 60);
	const wanted = all[Math.max(0, Math.min(all.length - 1, now + step))];
	if (wanted) pages.scrollBy({ top: wanted.getBoundingClientRect().top - top - 8 });
}

if (form) {
	form.addEventListener("focusin", (event) => {
		const one = event.target.closest("[data-field]");
		if (one) focused(one);
	});
	form.addEventListener("keydown", (event) => {
		const one = event.target.closest("[data-field]");
		if (!one || event.isComposing || event.altKey || event.metaKey) return;
		if (event.key === "Enter" && !event.ctrlKey) {
			if (!$(".acts", form)) return;
			event.preventDefault();
			keep(one);
			next(one);
		} else if (/^Arrow(Up|Down)$/.test(event.key) && event.target.matches("input:not([type=date])")) {
			event.preventDefault();
			turn(event.key === "ArrowDown" ? 1 : -1);
		}
	});
	const first = fields.find(doubtful) ?? fields[0];
	if ($(".acts", form) && !$("#errors") && matchMedia("(min-width:901px)").matches) {
		input(first)?.focus({ preventScroll: true });
		input(first)?.select?.();
	}
}

on("keydown", (event) => {
	const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
	if (!pages || !step || event.altKey || event.target.closest("input,select,textarea")) return;
	event.preventDefault();
	turn(step);
});
