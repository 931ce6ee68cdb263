// Keys: what carries data-key answers to it; never with Alt, never while typing.
const $ = (selector) => document.querySelector(selector);
const FIELD = "input:not([type=checkbox]),textarea,select,[contenteditable]";

export const plain = (event) =>
	!(event.target.closest(FIELD) || event.isComposing || event.ctrlKey || event.metaKey ||
		event.altKey || document.body.dataset.keys === "off" || $("dialog[open]"));

export function keys({ palette, help }) {
	let first = "";
	document.addEventListener("keydown", (event) => {
		const key = event.key.toUpperCase();
		let act;
		if (key === "K" && (event.ctrlKey || event.metaKey) && !event.altKey) {
			act = $("[data-palette]") && !$("dialog[open]") && palette;
		} else if (!event.defaultPrevented && !event.repeat && plain(event)) {
			const wanted = first + key;
			first = wanted === "G" ? "G " : "";
			const found = $(`[data-key="${CSS.escape(wanted)}"]`);
			const filters = wanted === "/" && $("[data-filters]");
			if (found) act = () => found.click();
			else if (wanted === "?") act = $("[data-keys-help]") && help;
			else if (wanted === "Z") act = () => ($(".toast form") ?? $("#undo"))?.requestSubmit();
			else if (filters) act = () => ((filters.open = true), filters.querySelector(".inp").focus());
		}
		if (!act) return;
		event.preventDefault();
		act();
	});
}
