// What was typed survives a reload: kept in this browser until the server has taken the form.
const AGE = 7 * 864e5;
const key = (form) => `draft:${form.dataset.draft}`;
const fields = (form) =>
	[...form.elements].filter(
		(one) => one.name && !/^(hidden|file|password|submit|button)$/.test(one.type) && one.name !== "csrf_token",
	);
const settle = () => {
	const done = document.cookie.match(/(?:^|; )draft_done=([^;]*)/);
	if (!done) return;
	localStorage.removeItem(`draft:${decodeURIComponent(decodeURIComponent(done[1]))}`);
	document.cookie = "draft_done=; path=/; max-age=0; samesite=lax";
};
const keep = (form) => {
	const values = fields(form).map((one) => [one.name, one.value, one.checked]);
	localStorage.setItem(key(form), JSON.stringify({ at: Date.now(), values }));
};
const restore = (form) => {
	const found = JSON.parse(localStorage.getItem(key(form)) || "null");
	if (!found || Date.now() - found.at > AGE || form.querySelector("#errors")) return;
	fields(form).forEach((one, place) => {
		const [name, value, checked] = found.values[place] || [];
		if (name !== one.name) return;
		if (/^(radio|checkbox)$/.test(one.type)) one.checked = checked && value === one.value;
		else one.value = value;
	});
};
const start = (root) => {
	for (const form of root.querySelectorAll("[data-draft]")) {
		if (form.draftKept) continue;
		form.draftKept = true;
		restore(form);
		form.addEventListener("input", () => keep(form));
		form.addEventListener("submit", () => {
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
