// What carries data-key answers to it; never with Alt or while typing.
export const $ = (selector, from = document) => from.querySelector(selector);
export const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
export const on = (name, act) => document.addEventListener(name, act);

export const plain = (event) =>
	!(event.target.closest("input:not([type=checkbox]),textarea,select,[contenteditable]") ||
		event.isComposing || event.ctrlKey || event.metaKey || event.altKey ||
		document.body.dataset.keys === "off" || $("dialog[open]"));

export function keys() {
	let first = "";
	on("keydown", (event) => {
		const key = event.key.toUpperCase();
		let found;
		if (key === "K" && (event.ctrlKey || event.metaKey) && !event.altKey) {
			found = !$("dialog[open]") && $("[data-palette]");
		} else if (!event.defaultPrevented && !event.repeat && plain(event)) {
			const wanted = first + key;
			first = wanted === "G" ? "G " : "";
			const filters = wanted === "/" && $("[data-filters]");
			if (filters) filters.open = true;
			found = filters ? $(".inp", filters) : $(`[data-key="${CSS.escape(wanted)}"]`);
		}
		if (!found) return;
		event.preventDefault();
		found.focus();
		found.click();
	});
}
