"""API tokens of the signed-in person for one client: shown once, narrow, with an end."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.identity import commands, queries, roles, schemas
from app.identity.views import pages
from app.kernel import registry, scope
from app.kernel.errors import FreshSignInNeeded
from app.kernel.registry import Permission
from app.kernel.words import _
from app.web import context, forms
from app.web.fresh import is_fresh, needs_fresh
from app.web.pages import Surface
from app.web.render import redirect_to, render, toast


@needs_fresh
def tokens_page() -> Response:
    """The person's tokens of this client, and a form for a new one."""
    rights = scope.current().rights
    named = {one.name: one.title for one in registry.current().all(Permission)}
    here = context.client().tenant_id
    return render(
        "identity/tokens.html",
        tokens=[one for one in queries.own_sessions("token") if one.tenant_id == here],
        form=forms.current(schemas.NewToken, values={"days": "90"}),
        lines=[(name, roles.line_title(name)) for name in sorted(rights.lines | {"member"})],
        permissions=[(name, named[name]) for name in sorted(rights.permissions & set(named))],
    )


pages.get("/c/<client>/tokens", needs="token.make", surface=Surface.CLIENT, endpoint="tokens")(
    tokens_page
)


@pages.post("/c/<client>/tokens", needs="token.make", surface=Surface.CLIENT, again=tokens_page)
def make_token() -> Response:
    """Makes a token and shows its text this once."""
    form = forms.bind(schemas.NewToken)
    if not is_fresh():
        raise FreshSignInNeeded("fresh-sign-in-needed")
    made = commands.make_token(
        name=form.name,
        lines=tuple(form.lines),
        permissions=tuple(form.permissions),
        days=form.days,
    )
    return render("identity/token_made.html", token=made)


@pages.post("/c/<client>/tokens/<uuid:token_id>/end", needs="token.make", surface=Surface.CLIENT)
def end_token(token_id: UUID) -> Response:
    """Revokes a token at once."""
    forms.bind(schemas.Confirm)
    commands.end_session(token_id)
    toast(_("The token works no more."))
    return redirect_to("identity.tokens")
