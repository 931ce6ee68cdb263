// Drafts and acts outlive a reload. Acts wait in this browser, one entry of its store each so that tabs and reloads lose none, and
// are sent in order; the key of each makes a repetition after a cut line change nothing.
import { $, $$, on } from "./keys.js";

const pause = (time) => new Promise((done) => setTimeout(done, time));
const hex = (bytes) => [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
export const kept = (start) => Object.keys(localStorage).filter((one) => one.startsWith(start)).sort();

// The answer of the server: null says that nobody knows, so it is asked again.
export async function send({ url, body }, more = {}) {
	const values = new URLSearchParams(body);
	values.set("csrf_token", $("[name=csrf_token]").value);
	const signal = AbortSignal.timeout(20000), headers = { Accept: "application/json", ...more };
	try {
		const answer = await fetch(url, { method: "POST", body: values, headers, signal });
		const json = answer.headers.get("Content-Type")?.includes("json");
		if (answer.redirected || [429, 502, 503, 504].includes(answer.status)) return null;
		if (json) return { ok: answer.ok, ...(await answer.json()) };
		if (!answer.ok) return { reason: decodeURIComponent(answer.headers.get("X-Message") ?? "") };
	} catch {}
	return null;
}

// Where the browser keeps nothing, or its store is full of more than old drafts, an act goes at once.
function write(name, text) {
	for (;;) {
		try {
			localStorage[name] = text;
			return true;
		} catch {
			const old = Object.keys(localStorage).find((one) => one.startsWith("draft:") && one !== name);
			if (!old) return false;
			delete localStorage[old];
		}
	}
}
function plainly({ url, body }) {
	const form = Object.assign(document.createElement("form"), { method: "post", action: url });
	for (const [name, value] of new URLSearchParams(body)) {
		form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
	}
	form.append($("[name=csrf_token]").cloneNode());
	document.body.append(form);
	form.submit();
}

// `last` are headers of an act behind which none waits: the answer brings what is shown of all of them.
export function outbox(prefix, { done, back, tell, last }) {
	let count = 0, sending, pumping;
	const read = (key) => JSON.parse(localStorage[key]);

	async function drain() {
		for (let wait = 500; (sending = kept(prefix)[0]); ) {
			const one = read(sending), answer = await send(one, kept(prefix)[1] ? {} : last);
			if (!answer) {
				await pause(wait);
				wait = Math.min(wait * 2, 8000);
				continue;
			}
			wait = 500;
			delete localStorage[sending];
			(answer.ok ? done : back)(one, answer);
			tell(answer);
		}
	}
	async function pump() {
		if (pumping) return;
		pumping = true;
		await (navigator.locks ? navigator.locks.request(prefix, drain) : drain());
		pumping = false;
	}
	return {
		pump,
		all: () => kept(prefix).map(read),
		add(one) {
			const key = [Date.now(), count++].map((n) => String(n).padStart(15, "0")).join("");
			const body = new URLSearchParams(one.body);
			body.delete("csrf_token");
			body.set("key", hex(crypto.getRandomValues(new Uint8Array(16))));
			const act = { ...one, body: String(body) };
			if (!write(prefix + key, JSON.stringify(act))) return plainly(act);
			tell();
			pump();
		},
		// Takes the last act out again; true while it is on its way and cannot be taken out.
		take() {
			const last = kept(prefix).pop();
			if (!last || last === sending) return Boolean(last);
			const one = read(last);
			delete localStorage[last];
			tell();
			return one;
		},
	};
}

// What is typed into a form with data-draft is kept until its act is done.
const drafts = "draft:";
export const forget = (name) => kept(drafts + name).forEach((one) => delete localStorage[one]);

export function restore(place) {
	for (const form of $$("[data-draft]", place)) {
		for (const [name, value] of JSON.parse(localStorage[drafts + form.dataset.draft] ?? "[]")) {
			const field = form.elements[name];
			if (!field) continue;
			form.classList.remove("guessed");
			field.value = value;
			if (value) field.closest("details")?.setAttribute("open", "");
		}
	}
}
on("input", (event) => {
	const form = event.target.closest("[data-draft]");
	if (!form) return;
	form.classList.remove("guessed");
	const typed = [...new FormData(form)].filter(([name]) => !/token|version/.test(name));
	write(drafts + form.dataset.draft, JSON.stringify(typed));
});
