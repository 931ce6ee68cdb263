// Passkeys: shows the forms that need this script, runs the browser's call, posts its answer.
const supported = Boolean(window.PublicKeyCredential && navigator.credentials);
let waiting = null;

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function decoded(options) {
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const list of [options.allowCredentials, options.excludeCredentials]) {
    for (const one of list ?? []) one.id = bytes(one.id);
  }
  return options;
}

function encoded(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
    clientExtensionResults: {},
  });
}

async function options(form) {
  const answer = await fetch(form.dataset.options, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("options");
  return decoded(await answer.json());
}

async function run(form, mediation) {
  const failed = form.querySelector("[data-failed]");
  if (waiting) waiting.abort();
  waiting = new AbortController();
  const signal = waiting.signal;
  try {
    const publicKey = await options(form);
    const call = form.dataset.passkey === "create" ? "create" : "get";
    const credential = await navigator.credentials[call](
      mediation ? { publicKey, mediation, signal } : { publicKey, signal },
    );
    if (!credential) return;
    form.elements.answer.value = encoded(credential);
    form.submit();
  } catch (failure) {
    if (failed && !mediation && failure.name !== "AbortError") failed.hidden = false;
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!supported) continue;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const failed = form.querySelector("[data-failed]");
    if (failed) failed.hidden = true;
    run(form);
  });
}

const conditional = document.querySelector("form[data-conditional]");
if (supported && conditional && PublicKeyCredential.isConditionalMediationAvailable) {
  if (await PublicKeyCredential.isConditionalMediationAvailable()) run(conditional, "conditional");
}
