// An act leaves the list at once and is back with its reason if refused.
import { $, $$, on, plain } from "./keys.js";
import { fragment, move } from "./list.js";
import { forget, outbox, restore, send } from "./outbox.js";

const root = $("[data-reconcile]"), lines = $("#lines"), panel = $("#rec-panel");
const panels = new Map(), undos = [];
const rows = () => $$("tr[data-row]", root);
const current = () => $("tr[aria-current]", root);
const row = (id) => $("#l-" + id);
const text = (url) => fragment(url).catch(() => "");
const part = (url, name) => url + (url.includes("?") ? "&" : "?") + "part=" + name;
let undoNext, paging;
const last = { "X-Numbers": root.dataset.numbers };
const box = outbox(`rec:${root.dataset.reconcile}:`, { done, back, tell, last });
const hide = () => box.all().forEach(({ line }) => row(line)?.remove());

function panelOf(id) {
	const keep = (found) => (found ? panels.set(id, found) : panels.delete(id), found);
	if (!panels.has(id)) panels.set(id, text($("a", row(id)).href).then(keep));
	return panels.get(id);
}
function fill(found) {
	restore(panel, panel.innerHTML = found);
}
const shown = () => $("[data-panel]", panel)?.dataset.panel;
async function show() {
	const id = current()?.dataset.line, found = id && panelOf(id);
	if (typeof found === "string") shown() === id || fill(found);
	else {
		panel.replaceChildren();
		const late = await found;
		if (late && current()?.dataset.line === id) fill(late);
	}
	const all = rows(), at = all.indexOf(current()) + 1;
	all.slice(at, at + 4).forEach((one) => panelOf(one.dataset.line));
}
function select(one, step = 0) {
	if (one) {
		current()?.removeAttribute("aria-current");
		one.setAttribute("aria-current", true);
	}
	move(rows(), "aria-current", step);
	show();
	more();
}
async function more() {
	const next = $("#next-page a");
	if (next && !paging && !rows()[rows().indexOf(current()) + 20]) {
		paging = true;
		const found = await text(part(next.href, "rows"));
		paging = false;
		if (found) $("#next-page").outerHTML = found;
		hide();
		if (found && !current()) select(rows()[0]);
	}
	const empty = !rows()[0] && !$("#next-page");
	$("#all-done").hidden = !empty;
	if (lines) lines.hidden = empty;
}
function tell(answer) {
	const n = box.all().length;
	$("#unsaved").hidden = !n;
	$("#unsaved b").textContent = n;
	if (answer?.head) {
		$("#rec-head").innerHTML = answer.head;
		$("#rec-tabs").innerHTML = answer.tabs;
	}
}

function act(form, by, kind) {
	const { line } = (form.dataset.line ? form : by.closest("tr")).dataset, one = row(line);
	const url = by.hasAttribute("formaction") ? by.formAction : form.action;
	const body = String(new URLSearchParams(new FormData(form, by)));
	box.add({ line, url, body, row: one?.outerHTML, next: one?.nextElementSibling?.id });
	if (kind === "asked") select(null, 1);
	else if (kind === "gone" && one) drop(one);
}
function drop(one) {
	const all = rows(), at = all.indexOf(one), was = one === current();
	one.remove();
	if (was || !current()) select(all[at + 1] ?? all[at - 1]);
}
function done(one, answer) {
	$("#toasts").innerHTML = answer.toast;
	forget(one.line);
	const form = $("#toasts form"), old = row(one.line);
	if (form) undos.push({ url: form.action, line: one.line });
	panels.delete(one.line);
	answer.gone?.forEach((id) => row(id) && drop(row(id)));
	if (answer.row && old) {
		const was = old === current();
		old.outerHTML = answer.row;
		if (was) select(row(one.line));
	}
	if (undoNext) undo((undoNext = false));
}
function back(one, answer, why = true) {
	const at = $("#" + one.next) ?? $("#next-page");
	const put = (item) => (at ? at.before(item) : lines.append(item));
	const note = $("#back-why").content.firstElementChild.cloneNode(true);
	const html = answer.row === undefined ? one.row : answer.row;
	panels.delete(one.line);
	row(one.line)?.remove();
	$(".tag", note).textContent = answer.reason || $("#not-saved").content.textContent.trim();
	if (why) put(note);
	$("#back-row").innerHTML = html ?? "";
	put($("#back-row").content);
	select(why && current() ? current() : row(one.line) ?? rows()[0]);
}
async function undo() {
	const one = box.take();
	if (one) return one === true ? (undoNext = true) : back(one, {}, false);
	const found = undos.pop(), answer = found && (await send(found, last));
	if (!answer) return found && undos.push(found);
	const list = answer.ok && (await text(part(location.href, "rows")));
	if (list) lines.innerHTML = list;
	hide();
	$("#toasts").innerHTML = answer.toast ?? "";
	panels.clear();
	select(row(found.line) ?? rows()[0]);
	tell(answer);
}

on("submit", (event) => {
	const form = event.target, kind = form.dataset.act;
	if (!kind || !event.submitter) return;
	event.preventDefault();
	const account = form.matches(".code") && form.elements["parts.0.account"];
	if (account && !account.value.trim()) return account.focus();
	act(form, event.submitter, kind);
});
on("click", (event) => {
	const one = event.target.closest("#lines tr[data-row]");
	const more = event.target.closest("#rec-panel summary")?.parentNode;
	if (more) {
		event.preventDefault();
		if ((more.open = !more.open)) $("input:not([type=hidden]),textarea,form > button", more).focus();
	}
	if (!one || event.target.closest("button") || event.ctrlKey || event.metaKey) return;
	event.preventDefault();
	select(one);
	if (innerWidth <= 1180) panel.scrollIntoView();
});
document.addEventListener("keydown", (event) => {
	const key = event.key.toUpperCase(), step = { J: 1, K: -1 }[key], at = event.target;
	if (key === "ESCAPE" && panel.contains(at)) at.blur();
	if (!plain(event)) return;
	if (step) select(null, step);
	else if (key === "ENTER" && !at.closest("a,button,summary")) {
		if (!event.repeat) $(event.shiftKey ? "[data-certain]" : "[aria-current] [data-accept]")?.click();
	} else if (key === "Z" && !event.repeat && (undos.length || box.all().length)) undo();
	else return;
	event.preventDefault();
}, true);

on("focusin", ({ target }) => target.select?.());
hide();
if (shown() && row(shown())) panels.set(shown(), panel.innerHTML);
restore(panel);
if (rows().length) select(current() ?? rows()[0]);
tell();
box.pump();
