"""The person's own account: ways in, sessions, display, absence, and what they have access to."""

from __future__ import annotations

from uuid import UUID

from flask import Response, jsonify, url_for

from app.identity import commands, passkeys, queries, roles, schemas, sign_in, totp
from app.identity.views import ceremony, pages, welcome
from app.kernel import clock, scope
from app.kernel.errors import Invalid
from app.kernel.words import _, ngettext
from app.web import context, forms, recall, security
from app.web.fresh import needs_fresh
from app.web.pages import SIGNED_IN
from app.web.render import redirect_back, redirect_to, render, toast


def account_page() -> Response:
    """The person's access by client, their absence, and the way to everything else."""
    profile = queries.profile()
    covers = [row for row in _colleagues() if row[0] != str(scope.current().person_id)]
    return render(
        "identity/account.html",
        profile=profile,
        access=queries.own_access(),
        role_title=roles.title,
        line_title=roles.line_title,
        covers=covers,
        form=forms.current(
            schemas.Absence,
            values={"until": profile.away_until or "", "covered_by": profile.covered_by or ""},
        ),
    )


def _colleagues() -> list[tuple[str, str]]:
    return [(str(row.id), row.name) for row in queries.colleagues()]


pages.get("/me/", needs=SIGNED_IN, endpoint="account")(account_page)


@pages.post("/me/absence", needs=SIGNED_IN, again=account_page)
def set_absence() -> Response:
    """Away until, covered by."""
    form = forms.bind(schemas.Absence)
    if form.until is not None and form.until < clock.now().date():
        raise Invalid.of("until", "in-the-past")
    commands.set_absence(until=form.until, covered_by=form.covered_by)
    toast(_("Saved."))
    return redirect_to("identity.account")


# --- security -----------------------------------------------------------------------------------


def security_page(credential_id: UUID | None = None) -> Response:
    """Passkeys, password, authenticator and recovery codes; again after a refused act on one."""
    found = queries.own_credentials()
    return render(
        "identity/security.html",
        keys=[one for one in found if one.kind == "passkey"],
        password=next((one for one in found if one.kind == "password"), None),
        totp=next((one for one in found if one.kind == "totp"), None),
        form=forms.current(schemas.NewPassword),
    )


pages.get("/me/security", needs=SIGNED_IN, endpoint="security")(security_page)


@pages.get("/me/security/passkey/options", needs=SIGNED_IN)
def add_passkey_options() -> Response:
    """What the browser needs to make another passkey; keys known here are not made twice."""
    actor, profile = context.actor(), queries.profile()
    known = [one.handle for one in queries.own_credentials() if one.kind == "passkey"]
    challenge = passkeys.new_challenge()
    options = passkeys.creation_options(
        sign_in.relying(),
        person_id=actor.person_id,
        email=profile.email,
        name=profile.name,
        challenge=challenge,
        known=known,
    )
    return ceremony.keep(jsonify(options), ceremony.PASSKEY, challenge=challenge)


@pages.post("/me/security/passkey", needs=SIGNED_IN, again=security_page)
def add_passkey() -> Response:
    """Adds a passkey under its name."""
    form = forms.bind(schemas.PasskeyAnswer)
    made = welcome.registered(form, person_id=context.actor().person_id)
    commands.add_sealed_passkey(made)
    toast(_("Passkey added."))
    return ceremony.drop(redirect_to("identity.security"), ceremony.PASSKEY)


@pages.post("/me/security/passkey/<uuid:credential_id>/name", needs=SIGNED_IN, again=security_page)
def rename_passkey(credential_id: UUID) -> Response:
    """Gives a passkey another name."""
    commands.rename_passkey(credential_id, name=forms.bind(schemas.Rename).name)
    return redirect_to("identity.security")


@pages.post("/me/security/<uuid:credential_id>/drop", needs=SIGNED_IN, again=security_page)
def drop_credential(credential_id: UUID) -> Response:
    """Takes a way in away."""
    forms.bind(schemas.Confirm)
    commands.drop_credential(credential_id)
    toast(_("Removed."))
    return redirect_to("identity.security")


@pages.post("/me/security/password", needs=SIGNED_IN, again=security_page)
def set_password() -> Response:
    """Sets another password."""
    commands.set_password(password=forms.bind(schemas.NewPassword).password)
    toast(_("Your password is set."))
    return redirect_to("identity.security")


@needs_fresh
def authenticator_page() -> Response:
    """A new authenticator: the picture to scan and the first code to type."""
    try:
        seed = ceremony.kept(ceremony.ENROL)["seed"]
    except Invalid:
        seed = totp.new_seed()
    address = totp.address(seed, email=queries.profile().email, issuer=context.place().brand.name)
    response = render(
        "identity/authenticator.html",
        form=forms.current(schemas.Authenticator),
        seed=" ".join(seed[place : place + 4] for place in range(0, len(seed), 4)),
        picture=totp.picture(address),
    )
    return ceremony.keep(response, ceremony.ENROL, seed=seed)


pages.get("/me/security/authenticator", needs=SIGNED_IN, endpoint="authenticator")(
    authenticator_page
)


@pages.post("/me/security/authenticator", needs=SIGNED_IN, again=authenticator_page)
def set_authenticator() -> Response:
    """Sets the authenticator and shows the recovery codes, once."""
    form = forms.bind(schemas.Authenticator)
    codes = commands.set_totp(seed=ceremony.kept(ceremony.ENROL)["seed"], code=form.code)
    response = render("identity/recovery_codes.html", codes=codes, first=False)
    return ceremony.drop(response, ceremony.ENROL)


@pages.post("/me/security/recovery", needs=SIGNED_IN, again=security_page)
def renew_recovery_codes() -> Response:
    """Ten new recovery codes in place of the old ones."""
    forms.bind(schemas.Confirm)
    codes = commands.renew_recovery_codes()
    return render("identity/recovery_codes.html", codes=codes, first=False)


# --- sessions -----------------------------------------------------------------------------------


@pages.get("/me/sessions", needs=SIGNED_IN)
def sessions() -> Response:
    """Where the person is signed in, with device and place in words."""
    return render("identity/sessions.html", sessions=queries.own_sessions())


@pages.post("/me/sessions/<uuid:principal_id>/end", needs=SIGNED_IN)
def end_session(principal_id: UUID) -> Response:
    """Ends one session; ending this one signs out."""
    forms.bind(schemas.Confirm)
    commands.end_session(principal_id)
    if principal_id == context.actor().principal_id:
        recall.forget_actor(security.login_cookie())
        return security.clear_login_cookie(redirect_to("identity.sign_in"))
    toast(_("The session has ended."))
    return redirect_to("identity.sessions")


@pages.post("/me/sessions/end-others", needs=SIGNED_IN)
def end_other_sessions() -> Response:
    """Ends every session but this one."""
    forms.bind(schemas.Confirm)
    toast(
        ngettext(
            "%(n)s other session has ended.",
            "%(n)s other sessions have ended.",
            commands.end_other_sessions(),
        )
    )
    return redirect_to("identity.sessions")


# --- display ------------------------------------------------------------------------------------


def display_page() -> Response:
    """Language, theme, density and keys."""
    return render("identity/display.html", form=forms.current(schemas.Display, values=_display()))


def _display() -> dict[str, object]:
    found = queries.settings()
    return {
        "locale": found.locale,
        "mail_locale": found.mail_locale,
        "time_zone": found.time_zone,
        "theme": found.theme,
        "density": found.density,
        "keys_on": "true" if found.keys_on else "",
    }


pages.get("/me/display", needs=SIGNED_IN, endpoint="display")(display_page)


@pages.post("/me/display", needs=SIGNED_IN, again=display_page)
def save_display() -> Response:
    """Keeps how the person wants to see the product, from the next page on."""
    form = forms.bind(schemas.Display)
    if form.time_zone and form.time_zone not in queries.time_zones():
        raise Invalid.of("time_zone", "not-a-choice")
    commands.save_settings(**form.model_dump())
    recall.forget_actor(security.login_cookie())
    toast(_("Saved."))
    return redirect_to("identity.display")


@pages.post("/me/theme/<any(auto, light, dark):theme>", needs=SIGNED_IN)
def set_theme(theme: str) -> Response:
    """Changes the theme and nothing else; the command palette asks for it."""
    forms.bind(schemas.Confirm)
    found = queries.settings()
    commands.save_settings(
        locale=found.locale,
        mail_locale=found.mail_locale,
        time_zone=found.time_zone,
        theme=theme,
        density=found.density,
        keys_on=found.keys_on,
    )
    recall.forget_actor(security.login_cookie())
    toast(_("Saved."))
    return redirect_back(url_for("identity.display"))


def own_pages() -> tuple[tuple[str, str], ...]:
    """The tabs of the account."""
    return (
        (url_for("identity.account"), _("Your access")),
        (url_for("identity.security"), _("Security")),
        (url_for("identity.sessions"), _("Sessions")),
        (url_for("identity.display"), _("Display and language")),
    )
