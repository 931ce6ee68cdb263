// Files go up in parts, one after the other, and go on where they stopped: after a lost connection
// by themselves, after a reload when the same file is chosen again. Words come from the page.
const form = document.querySelector("[data-uploads]");
const list = form?.parentElement.querySelector("[data-upload-list]");
const input = form?.querySelector("[type=file]");
const base = form?.dataset.uploads;
const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
const queue = [];
let busy = false;
let troubled = false;

const key = (file) => `upload:${base}|${file.name}|${file.size}|${file.lastModified}`;
const remembered = (file) => {
	try {
		return localStorage.getItem(key(file));
	} catch {
		return null;
	}
};
const remember = (file, id) => {
	try {
		if (id) localStorage.setItem(key(file), id);
		else localStorage.removeItem(key(file));
	} catch {}
};

async function call(row, method, path, body, kind) {
	const headers = { "X-CSRF-Token": form.elements.csrf_token.value };
	if (kind) headers["Content-Type"] = kind;
	for (let pause = 1; ; pause = Math.min(pause * 2, 30)) {
		try {
			const answer = await fetch(base + path, { method, headers, body });
			if (answer.status < 500 && answer.status !== 429) return answer;
		} catch {}
		row.say("retry");
		await wait(pause);
	}
}

// What an answer says; one that is no JSON (a page of a gateway, a session that ended) says nothing.
const said = (answer) => answer.json().catch(() => ({}));

function rowOf(file) {
	const row = list.querySelector("template").content.firstElementChild.cloneNode(true);
	row.querySelector("[data-name]").textContent = file.name;
	list.append(row);
	list.hidden = false;
	const bar = row.querySelector("progress"), words = row.querySelector("[data-say]");
	bar.setAttribute("aria-label", file.name);
	return {
		say: (word) => (words.textContent = list.dataset[word]),
		tell: (text) => (words.textContent = text),
		at: (share) => (bar.value = share),
		end: () => bar.remove(),
	};
}

async function begin(file, row) {
	const id = remembered(file);
	if (id) {
		const known = await call(row, "GET", `/${id}`);
		const upload = known.ok && (await said(known));
		if (upload && upload.state === "open") return upload;
		remember(file);
	}
	const asked = { name: file.name, size: file.size };
	for (const name of ["line", "document_class"])
		if (form.elements[name]?.value) asked[name] = form.elements[name].value;
	const answer = await call(row, "POST", "", JSON.stringify(asked), "application/json");
	return said(answer);
}

async function send(file, row) {
	row.say("sending");
	let upload = await begin(file, row);
	if (!upload.id) return upload;
	remember(file, upload.id);
	const size = upload.part_bytes, all = Math.ceil(file.size / size);
	for (const no of upload.missing) {
		const part = file.slice((no - 1) * size, no * size);
		const answer = await call(row, "PUT", `/${upload.id}/parts/${no}`, part, "application/octet-stream");
		if (!answer.ok) return said(answer);
		row.say("sending");
		row.at(no / all);
	}
	const path = `/${upload.id}`;
	let answer = await call(row, "POST", `${path}/complete`);
	upload = await said(answer);
	row.say("checking");
	for (let pause = 0.3; upload.state === "complete" && pause < 20; pause *= 1.4) {
		await wait(pause);
		answer = await call(row, "GET", path);
		upload = await said(answer);
	}
	remember(file);
	return upload;
}

async function run() {
	if (busy) return;
	busy = true;
	while (queue.length) {
		const [file, row] = queue.shift();
		let upload = {};
		try {
			upload = await send(file, row);
		} catch {} // a file that cannot be read any more, an answer of another shape: the next goes on
		row.end();
		const word = upload.state || "refused";
		if (word === "held" || word === "refused") troubled = true;
		const why = upload.errors?.[0]?.message || upload.detail || upload.title;
		if (why) row.tell(why);
		else row.say(word);
	}
	busy = false;
	if (!troubled) location.reload();
}

function take(files) {
	for (const file of files) {
		const row = rowOf(file);
		row.say("waiting");
		queue.push([file, row]);
	}
	run();
}

if (form && list && input) {
	form.addEventListener("submit", (event) => {
		if (!input.files.length) return;
		event.preventDefault();
		take([...input.files]);
		input.value = "";
	});
	for (const place of [form, document.querySelector("main")]) {
		place.addEventListener("dragover", (event) => event.preventDefault());
	}
	document.querySelector("main").addEventListener("drop", (event) => {
		if (!event.dataTransfer.files.length) return;
		event.preventDefault();
		take([...event.dataTransfer.files]);
	});
}
