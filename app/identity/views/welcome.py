"""What a mailed link opens: an invitation is accepted, a password is set anew."""

from __future__ import annotations

from uuid import UUID

from flask import Response, jsonify, render_template

from app.identity import credentials, passkeys, passwords, recovery, schemas, sign_in, totp
from app.identity.passkeys import PasskeyRefused
from app.identity.sign_in import CodeState, Proof
from app.identity.throttle import throttle
from app.identity.views import ceremony, pages
from app.kernel.errors import Invalid, NotFound
from app.kernel.words import _
from app.web import context, forms
from app.web.render import redirect_to, render, toast


def _state(code: str, purpose: str) -> CodeState | None:
    """The open code of this purpose, or None for one that is spent, too old or unknown."""
    try:
        found = sign_in.code_state(code)
    except NotFound:
        return None
    return found if found.purpose == purpose and found.state == "open" else None


def _spent(code: str, purpose: str) -> Response:
    """Says what to do about a code that no longer opens anything."""
    try:
        state = sign_in.code_state(code).state
    except NotFound:
        state = "unknown"
    return render("identity/spent.html", state=state, purpose=purpose, status=410)


def _open_to(code: str, purpose: str) -> CodeState:
    throttle().hit("network", ceremony.network())
    found = _state(code, purpose)
    if found is None:
        raise NotFound("code-unknown")
    return found


# --- invitation ---------------------------------------------------------------------------------


def invitation_page(code: str) -> Response:
    """Passkey first; a password otherwise, which staff set together with an authenticator."""
    found = _state(code, "invite")
    if found is None:
        return _spent(code, "invite")
    try:
        seed = ceremony.kept(ceremony.ENROL)["seed"]
    except Invalid:
        seed = totp.new_seed()
    address = totp.address(seed, email=found.email, issuer=context.place().brand.name)
    response = render(
        "identity/invitation.html",
        form=forms.current(schemas.Accept),
        invited=found,
        code=code,
        seed=" ".join(seed[place : place + 4] for place in range(0, len(seed), 4)),
        picture=totp.picture(address) if found.side == "provider" else "",
    )
    return ceremony.keep(response, ceremony.ENROL, seed=seed, code=sign_in.plain_code(code))


pages.get("/invite/<code>", public=True, endpoint="invitation")(invitation_page)


@pages.post("/invite/<code>", public=True, again=invitation_page)
def accept_by_password(code: str) -> Response:
    """Accepts with a password; staff show a code of the authenticator they have just set up."""
    form = forms.bind(schemas.Accept)
    invited = _open_to(code, "invite")
    if fault := passwords.fault(form.password, email=invited.email):
        raise Invalid.of("password", fault, least=passwords.MIN_LENGTH)
    made = [credentials.of_password(form.password, person_id=invited.person_id)]
    codes: tuple[str, ...] = ()
    if invited.side == "provider":
        seed = ceremony.kept(ceremony.ENROL)["seed"]
        if totp.step_of(seed, form.code) is None:
            raise Invalid.of("code", "code-refused")
        codes = recovery.new_codes()
        made.append(credentials.of_totp(seed, codes, person_id=invited.person_id))
    proof = sign_in.accept(code, "invite", made)
    return _welcome(proof, codes)


def _welcome(proof: Proof, codes: tuple[str, ...]) -> Response:
    """The first session; recovery codes are shown here, once."""
    response = ceremony.finish(proof)
    if codes:
        response.status_code = 200
        response.headers.pop("Location", None)
        response.headers.pop("HX-Redirect", None)
        response.set_data(render_template("identity/recovery_codes.html", codes=codes, first=True))
        response.mimetype = "text/html"
    toast(_("Welcome. You are signed in."))
    return response


@pages.get("/invite/<code>/passkey/options", public=True)
def invitation_passkey_options(code: str) -> Response:
    """What the browser needs to make the invited person's first passkey."""
    invited = _open_to(code, "invite")
    challenge = passkeys.new_challenge()
    options = passkeys.creation_options(
        sign_in.relying(),
        person_id=invited.person_id,
        email=invited.email,
        name=invited.name,
        challenge=challenge,
        known=[],
    )
    return ceremony.keep(jsonify(options), ceremony.PASSKEY, challenge=challenge)


@pages.post("/invite/<code>/passkey", public=True, again=invitation_page)
def accept_by_passkey(code: str) -> Response:
    """Accepts with a passkey: for staff that is both factors."""
    form = forms.bind(schemas.PasskeyAnswer)
    invited = _open_to(code, "invite")
    made = registered(form, person_id=invited.person_id)
    return _welcome(sign_in.accept(code, "invite", [made]), ())


def registered(form: schemas.PasskeyAnswer, *, person_id: UUID) -> dict[str, object]:
    """The passkey behind the browser's answer, as the guard takes it. Raises Invalid."""
    challenge = ceremony.kept(ceremony.PASSKEY)["challenge"]
    try:
        key = passkeys.register(sign_in.relying(), form.answer, challenge=challenge)
    except PasskeyRefused as refusal:
        raise Invalid("passkey-refused") from refusal
    return credentials.of_passkey(key, form.name, person_id=person_id)


# --- reset --------------------------------------------------------------------------------------


def ask_reset_page() -> Response:
    """Asks for the address the link goes to."""
    return render("identity/ask_reset.html", form=forms.current(schemas.AskByMail))


pages.get("/reset", public=True, endpoint="ask_reset")(ask_reset_page)


@pages.post("/reset", public=True, again=ask_reset_page)
def send_reset() -> Response:
    """Sends a link if there is somebody to send it to, and says the same if not."""
    form = forms.bind(schemas.AskByMail)
    throttle().hit("network", ceremony.network())
    throttle().hit("code", form.email)
    sign_in.request_code(form.email, "reset")
    toast(_("If we know this address, a link is on its way. It works for 15 minutes."))
    return redirect_to("identity.sign_in")


def reset_page(code: str) -> Response:
    """A new password; the authenticator and passkeys stay as they are."""
    found = _state(code, "reset")
    if found is None:
        return _spent(code, "reset")
    return render(
        "identity/reset.html", form=forms.current(schemas.NewPassword), code=code, person=found
    )


pages.get("/reset/<code>", public=True, endpoint="reset")(reset_page)


@pages.post("/reset/<code>", public=True, again=reset_page)
def set_new_password(code: str) -> Response:
    """Sets the password and ends every session; the person then signs in as always."""
    form = forms.bind(schemas.NewPassword)
    found = _open_to(code, "reset")
    if fault := passwords.fault(form.password, email=found.email):
        raise Invalid.of("password", fault, least=passwords.MIN_LENGTH)
    made = credentials.of_password(form.password, person_id=found.person_id)
    sign_in.accept(code, "reset", [made])
    toast(_("Your password is set. All sessions have ended; sign in again."))
    return redirect_to("identity.sign_in")
