// A button that copies its field. What cannot be written to the clipboard stays marked, for the
// reader's own keys.
for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
	button.hidden = false;
	button.addEventListener("click", async () => {
		const input = document.getElementById(button.dataset.copy);
		input.select();
		await navigator.clipboard.writeText(input.value);
		button.querySelector("span").textContent = button.dataset.copied;
	});
}
