// Starts the page: notices of htmx, toasts, the palette and the overlay of keys.
import { keys } from "./keys.js";
import { fragment, list } from "./list.js";

const $ = (selector, from = document) => from.querySelector(selector);
const failed = () => $("#toasts").replaceChildren($("#not-saved").content.cloneNode(true));

async function overlay(dialog, url) {
	dialog.innerHTML = await fragment(url);
	dialog.showModal();
	return dialog;
}

async function palette() {
	const dialog = await overlay($("#palette"), $("[data-palette]").href);
	const input = $("input", dialog);
	const mark = (step) => {
		const all = [...dialog.querySelectorAll(".opt")];
		const now = all.findIndex((one) => one.matches(".on"));
		all[now]?.classList.remove("on");
		all[Math.max(0, Math.min(all.length - 1, now + step))]?.classList.add("on");
	};
	const search = async (text) => {
		await new Promise((done) => setTimeout(done, 80));
		if (text !== input.value) return;
		const found = await fragment(input.dataset.find + "?q=" + encodeURIComponent(text));
		if (text !== input.value) return;
		$("#options", dialog).innerHTML = found;
		mark(1);
	};
	let latest;
	input.oninput = () => (latest = search(input.value));
	input.onkeydown = (event) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (event.isComposing || !(step || event.key === "Enter")) return;
		event.preventDefault();
		if (step) mark(step);
		else Promise.resolve(latest).then(() => $(".opt.on", dialog)?.click());
	};
	mark(1);
	input.focus();
}

async function help() {
	const dialog = await overlay($("#keys-help"), $("[data-keys-help]").href);
	for (const one of document.querySelectorAll(".app [data-key]")) {
		const row = $("dl div", dialog).cloneNode(true);
		$("dt", row).textContent = one.ariaLabel ?? ($(".el", one) ?? one).firstChild.textContent;
		$("kbd", row).textContent = one.dataset.key;
		$("[data-keys-here]", dialog).append(row);
	}
}

document.addEventListener("click", (event) => {
	const at = event.target;
	const open = at.closest("[data-palette]") ? palette : at.closest("[data-keys-help]") && help;
	if (open && !event.ctrlKey && !event.metaKey) {
		event.preventDefault();
		open();
	}
	if (at.closest("[data-close]")) at.closest(".toast").remove();
	if (at.matches("dialog")) at.close();
});
document.addEventListener("htmx:after:request", (event) => {
	if (event.detail.ctx?.response?.status >= 400) failed();
});
document.addEventListener("htmx:error", failed);
setTimeout(() => document.querySelectorAll(".toast:not(.bad)").forEach((one) => one.remove()), 8000);
keys({ palette, help });
document.querySelectorAll("[data-list]").forEach(list);
