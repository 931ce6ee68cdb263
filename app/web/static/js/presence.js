// Who else is here: asked while somebody works on this page, so that a page left open goes idle.
import { $, on } from "./keys.js";
import { fragment } from "./list.js";

const here = $("[data-here]");
let acted = Date.now();
for (const name of ["keydown", "pointerdown", "scroll"]) on(name, () => (acted = Date.now()));

async function beat() {
	if (!document.hidden && Date.now() - acted < 180000) {
		here.innerHTML = await fragment(here.dataset.here).catch(() => "");
	}
	setTimeout(beat, 15000);
}
if (here) beat();
