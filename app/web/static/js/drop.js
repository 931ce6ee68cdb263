// A file dropped anywhere on a form is sent as if it had been chosen.
for (const form of document.querySelectorAll("[data-drop]")) {
	form.ondragover = (event) => event.preventDefault();
	form.ondrop = (event) => {
		event.preventDefault();
		form.querySelector("[type=file]").files = event.dataTransfer.files;
		form.requestSubmit();
	};
}
