"""Sign-in pages: passkey first, password with a second factor, a code by mail, and once more."""

from __future__ import annotations

from uuid import UUID

from flask import Response, jsonify, make_response, redirect, request, url_for

from app.identity import commands, passkeys, schemas, sign_in
from app.identity.sign_in import HalfProof, Proof
from app.identity.throttle import throttle
from app.identity.views import ceremony, pages
from app.kernel import db
from app.kernel.errors import FreshSignInNeeded, Invalid
from app.kernel.words import _
from app.web import context, forms, recall, security
from app.web.pages import SIGNED_IN
from app.web.render import came_from, go, redirect_to, render, toast


def _next() -> str:
    return request.values.get("next", "")[:1_000]


@pages.get("/welcome", public=True)
def start() -> Response:
    """Where a new session begins: the desk for staff, the portal for client people."""
    actor = context.place().actor
    if actor is None:
        return make_response(redirect(url_for("identity.sign_in"), 303))
    return make_response(redirect("/desk" if actor.side == "staff" else "/portal/", 303))


def sign_in_page() -> Response:
    """Passkey first; the password form is there without JavaScript too."""
    return render("identity/sign_in.html", form=forms.current(schemas.SignIn), next=_next())


@pages.get("/login", public=True, endpoint="sign_in")
def sign_in_form() -> Response:
    """The sign-in page; somebody who is signed in goes on."""
    if context.place().actor is not None and not request.args.get("next"):
        return make_response(redirect(url_for("identity.start"), 303))
    return sign_in_page()


@pages.post("/login", public=True, again=sign_in_page)
def sign_in_by_password() -> Response:
    """Checks address and password; the same answer and time for an unknown address."""
    form = forms.bind(schemas.SignIn)
    throttle().hit("network", ceremony.network())
    throttle().hit("address", form.email)
    return _go_on(sign_in.by_password(form.email, form.password), form.next)


def _go_on(found: Proof | HalfProof, next_address: str, *, again: UUID | None = None) -> Response:
    if isinstance(found, Proof):
        return ceremony.finish(found, next_address=next_address, replaces=again)
    response = redirect_to("identity.second_factor")
    return ceremony.keep(
        response,
        ceremony.SECOND,
        person=str(found.person_id),
        next=next_address,
        again=str(again) if again else "",
        first=found.factor,
    )


def second_factor_page() -> Response:
    """Asks for the authenticator's code or a recovery code."""
    return render("identity/second_factor.html", form=forms.current(schemas.Code))


@pages.get("/login/second", public=True)
def second_factor() -> Response:
    """The second step after a right password."""
    try:
        ceremony.kept(ceremony.SECOND)
    except Invalid:
        return redirect_to("identity.sign_in")
    return second_factor_page()


@pages.post("/login/second", public=True, again=second_factor_page)
def check_second_factor() -> Response:
    """Opens the session for a right code; each code opens one session only."""
    form = forms.bind(schemas.Code)
    state = ceremony.kept(ceremony.SECOND)
    throttle().hit("network", ceremony.network())
    throttle().hit("person", state["person"])
    proof = sign_in.by_second_factor(UUID(state["person"]), form.code, first=state["first"])
    replaces = UUID(state["again"]) if state["again"] else None
    return ceremony.finish(proof, next_address=state["next"], replaces=replaces)


# --- passkeys -----------------------------------------------------------------------------------


@pages.get("/login/passkey/options", public=True)
def passkey_options() -> Response:
    """A fresh challenge for the browser; for a signed-in person only their own keys answer."""
    actor = context.place().actor
    asked = request.args.get("again") and actor is not None
    person_id = actor.person_id if asked and actor is not None else None
    challenge = passkeys.new_challenge()
    options = sign_in.passkey_options(challenge, person_id=person_id)
    return ceremony.keep(jsonify(options), ceremony.PASSKEY, challenge=challenge)


@pages.post("/login/passkey", public=True, again=sign_in_page)
def sign_in_by_passkey() -> Response:
    """Opens the session for a signature of a registered passkey over our challenge."""
    form = forms.bind(schemas.PasskeyAnswer)
    throttle().hit("network", ceremony.network())
    state = ceremony.kept(ceremony.PASSKEY)
    return ceremony.finish(
        sign_in.by_passkey(form.answer, challenge=state["challenge"]), next_address=form.next
    )


# --- a code by mail (client people) -------------------------------------------------------------


def ask_code_page() -> Response:
    """Asks for the address a code goes to."""
    return render("identity/ask_code.html", form=forms.current(schemas.AskByMail))


pages.get("/login/mail", public=True, endpoint="ask_code")(ask_code_page)


@pages.post("/login/mail", public=True, again=ask_code_page)
def send_code() -> Response:
    """Sends a code if there is somebody to send it to, and says the same if not."""
    form = forms.bind(schemas.AskByMail)
    throttle().hit("network", ceremony.network())
    throttle().hit("code", form.email)
    sign_in.request_code(form.email, "login")
    return redirect_to("identity.type_code")


def type_code_page(code: str = "") -> Response:
    """Where the code is typed, or confirmed when the link of the mail was opened."""
    form = forms.current(schemas.Code, values={"code": code})
    return render("identity/type_code.html", form=form, code=code)


pages.get("/login/code", public=True, endpoint="type_code")(type_code_page)
pages.get("/login/code/<code>", public=True, endpoint="open_code")(type_code_page)


@pages.post("/login/code", public=True, again=type_code_page)
def sign_in_by_code() -> Response:
    """Opens the session for a right code; opening the link alone has spent nothing."""
    form = forms.bind(schemas.Code)
    throttle().hit("network", ceremony.network())
    return _go_on(sign_in.by_mail_code(form.code), form.next)


# --- once more (step-up) ------------------------------------------------------------------------


def again_page() -> Response:
    """Asks a signed-in person to confirm who they are, and says for how long that counts."""
    ways = sign_in.ways_of(context.actor().person_id)
    return render(
        "identity/again.html",
        form=forms.current(schemas.Again),
        next=_next(),
        has_passkey=bool(ways and ways.passkeys),
        has_password=bool(ways and ways.password_hash),
        is_client=context.actor().side == "client",
    )


pages.get("/login/again", needs=SIGNED_IN, opens=False, endpoint="again")(again_page)


@pages.post("/login/again", needs=SIGNED_IN, opens=False, again=again_page)
def again_by_password() -> Response:
    """Confirms by password, and by the second factor where there is one."""
    form = forms.bind(schemas.Again)
    actor = context.actor()
    throttle().hit("person", str(actor.person_id))
    found = sign_in.again_by_password(actor.person_id, form.password)
    return _go_on(found, form.next, again=actor.principal_id)


@pages.post("/login/again/passkey", needs=SIGNED_IN, opens=False, again=again_page)
def again_by_passkey() -> Response:
    """Confirms by the person's own passkey."""
    form = forms.bind(schemas.PasskeyAnswer)
    actor = context.actor()
    throttle().hit("person", str(actor.person_id))
    state = ceremony.kept(ceremony.PASSKEY)
    proof = sign_in.by_passkey(form.answer, challenge=state["challenge"])
    if proof.person_id != actor.person_id:
        raise Invalid("passkey-refused")
    return ceremony.finish(proof, next_address=form.next, replaces=actor.principal_id)


def ask_again(_error: FreshSignInNeeded) -> Response:
    """Sends a person whose proof is older than five minutes to confirm, then back."""
    here = request.full_path.rstrip("?") if request.method == "GET" else came_from() or "/"
    return security.private(go(url_for("identity.again", next=ceremony.safe(here))))


@pages.post("/logout", public=True)
def sign_out() -> Response:
    """Ends the session on the server and takes the cookie back."""
    actor = context.place().actor
    if actor is not None:
        with db.transaction(context.scope_in(actor.home_tenant_id or actor.person_id)):
            commands.end_session(actor.principal_id)
    recall.forget_actor(security.login_cookie())
    toast(_("You are signed out."))
    return security.clear_login_cookie(go(url_for("identity.sign_in")))
