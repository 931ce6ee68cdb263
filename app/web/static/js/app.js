// Notices, palette, overlay of keys.
import { $, $$, keys, on } from "./keys.js";
import { fragment, list, move } from "./list.js";

const fail = () => $("#toasts").replaceChildren($("#not-saved").content.cloneNode(true));

async function overlay(name) {
	const dialog = $("#" + name);
	dialog.innerHTML = await fragment($(`[data-${name}]`).href);
	dialog.showModal();
	return dialog;
}

async function palette() {
	const dialog = await overlay("palette");
	const input = $("input", dialog), found = $("#options", dialog);
	const mark = (step) => {
		const now = move($$(".opt", found), "aria-selected", step);
		input.setAttribute("aria-activedescendant", now?.id ?? "");
	};
	const search = async (text, same = () => text === input.value) => {
		await new Promise((done) => setTimeout(done, 80));
		const url = input.dataset.find + "?q=" + encodeURIComponent(text);
		const options = same() && (await fragment(url));
		if (!options || !same()) return;
		found.innerHTML = options;
		mark(1);
	};
	let latest;
	input.oninput = () => (latest = search(input.value));
	input.onkeydown = async (event) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (event.isComposing || !(step || event.key === "Enter")) return;
		event.preventDefault();
		if (step) return mark(step);
		await latest;
		$("[aria-selected]", found)?.click();
	};
	mark(1);
	input.focus();
}

async function help() {
	const dialog = await overlay("keys-help");
	for (const one of $$(".app :is([data-key],[data-row-key])")) {
		const row = $("dl div", dialog).cloneNode(true), key = one.dataset.key ?? one.dataset.rowKey;
		const name = one.ariaLabel ?? ($(".el", one) ?? one).textContent.trim();
		$("dt", row).textContent = $("kbd", one) ? name.slice(0, -key.length) : name;
		$("kbd", row).textContent = key;
		$("[data-keys-here]", dialog).append(row);
	}
}

on("click", (event) => {
	const at = event.target;
	const open = at.closest("[data-palette]") ? palette : at.closest("[data-keys-help]") && help;
	if (open && !event.ctrlKey && !event.metaKey) {
		event.preventDefault();
		open();
	}
	if (at.closest("[data-close]")) at.closest(".toast").remove();
	if (at.matches("dialog")) at.close();
});
on("htmx:after:request", (event) => event.detail.ctx?.response?.status >= 400 && fail());
on("htmx:error", fail);
setTimeout(() => $$(".toast:not(.bad)").forEach((one) => one.remove()), 8000);
keys();
$$("[data-list]").forEach(list);
