// What was typed survives a reload: kept in this browser until the server has taken the form. Where
// the browser's store is full the oldest drafts go; where there is none, leaving the page asks.
const AGE = 7 * 864e5, unkept = new Set();
const key = (form) => `draft:${form.dataset.draft}`;
const fields = (form) =>
	[...form.elements].filter(
		(one) => one.name && !/^(hidden|file|password|submit|button)$/.test(one.type) && one.name !== "csrf_token",
	);
const read = (name) => {
	try {
		return JSON.parse(localStorage.getItem(name) || "null");
	} catch {
		return null;
	}
};
const drop = (name) => {
	try {
		localStorage.removeItem(name);
	} catch {}
};
const oldest = (but) => {
	const names = Object.keys(localStorage).filter((one) => one.startsWith("draft:") && one !== but);
	return names.sort((a, b) => (read(a)?.at || 0) - (read(b)?.at || 0))[0];
};
const write = (name, text) => {
	for (;;) {
		try {
			localStorage.setItem(name, text);
			return true;
		} catch {
			let gone;
			try {
				gone = oldest(name);
			} catch {}
			if (!gone) return false;
			drop(gone);
		}
	}
};
const settle = () => {
	const done = document.cookie.match(/(?:^|; )draft_done=([^;]*)/);
	if (!done) return;
	drop(`draft:${decodeURIComponent(decodeURIComponent(done[1]))}`);
	document.cookie = "draft_done=; path=/; max-age=0; samesite=lax";
};
const keep = (form) => {
	const values = fields(form).map((one) => [one.name, one.value, one.checked]);
	const kept = write(key(form), JSON.stringify({ at: Date.now(), values }));
	unkept[kept ? "delete" : "add"](form);
};
const restore = (form) => {
	const found = read(key(form));
	if (!found?.values || Date.now() - found.at > AGE || form.querySelector("#errors")) return;
	fields(form).forEach((one, place) => {
		const [name, value, checked] = found.values[place] || [];
		if (name !== one.name) return;
		if (/^(radio|checkbox)$/.test(one.type)) one.checked = checked && value === one.value;
		else one.value = value;
	});
};
document.addEventListener("change", ({ target: one }) => {
	if (!one.dataset?.most) return;
	const large = [...one.files].some((file) => file.size > one.dataset.most);
	one.setCustomValidity(large ? one.dataset.tooLarge : "");
	one.reportValidity();
});
const start = (root) => {
	for (const form of root.querySelectorAll("[data-draft]")) {
		if (form.draftKept) continue;
		form.draftKept = true;
		restore(form);
		form.addEventListener("input", () => keep(form));
		form.addEventListener("submit", (event) => {
			const wrong = [...form.elements].find((one) => one.validity?.customError);
			if (wrong) return event.preventDefault(), wrong.reportValidity();
			unkept.delete(form);
			const mark = form.elements._draft || form.appendChild(document.createElement("input"));
			Object.assign(mark, { type: "hidden", name: "_draft", value: form.dataset.draft });
		});
	}
};
const look = () => {
	settle();
	start(document);
};
look();
document.addEventListener("htmx:after:swap", look);
addEventListener("beforeunload", (event) => {
	if ([...unkept].some((form) => form.isConnected)) event.preventDefault();
});
