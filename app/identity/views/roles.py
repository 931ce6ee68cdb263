"""Roles as a matrix: which permission is in which bundle, and a form to change one."""

from __future__ import annotations

from itertools import groupby

from flask import Response

from app.identity import commands, queries, roles, schemas
from app.identity.views import pages
from app.kernel import registry
from app.kernel.errors import NotFound
from app.kernel.registry import Permission, RoleTemplate
from app.kernel.words import _
from app.web import forms
from app.web.fresh import needs_fresh
from app.web.pages import Surface
from app.web.render import redirect_to, render, toast


def groups() -> list[tuple[str, list[Permission]]]:
    """The permissions of all packages under their headings."""
    found = sorted(registry.current().all(Permission), key=lambda one: str(one.group))
    return [(name, list(some)) for name, some in groupby(found, key=lambda one: str(one.group))]


@pages.get("/desk/roles", needs="access.list", surface=Surface.PROVIDER, endpoint="roles")
def matrix() -> Response:
    """Every role against every permission, as the database holds them now."""
    held = queries.roles()
    order = [one.name for one in registry.current().all(RoleTemplate) if one.name in held]
    order += sorted(set(held) - set(order))
    return render(
        "identity/roles.html", roles=order, held=held, groups=groups(), role_title=roles.title
    )


@needs_fresh
def role_page(role: str) -> Response:
    """One role with a box for each permission."""
    held = queries.roles()
    if role not in held:
        raise NotFound
    return render(
        "identity/role.html",
        role=role,
        title=roles.title(role),
        groups=groups(),
        form=forms.current(schemas.RolePermissions, values={"permissions": sorted(held[role])}),
    )


pages.get("/desk/roles/<role>", needs="role.edit", surface=Surface.PROVIDER, endpoint="role")(
    role_page
)


@pages.post("/desk/roles/<role>", needs="role.edit", surface=Surface.PROVIDER, again=role_page)
def save_role(role: str) -> Response:
    """Makes the role what the boxes say; it counts from the next statement on, everywhere."""
    form = forms.bind(schemas.RolePermissions)
    commands.set_role(role=role, permissions=frozenset(form.permissions))
    toast(_("The role is saved and counts from now on."))
    return redirect_to("identity.roles")
