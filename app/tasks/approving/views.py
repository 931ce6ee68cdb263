"""The rules of approvals on screen: a client's own, and the provider's for all clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response

from app.kernel import approval_rules, approvals, ids, people, reads, scope
from app.kernel.words import _
from app.tasks.approving import schemas, told
from app.web import context, forms
from app.web.fresh import needs_fresh
from app.web.pages import Pages, Surface
from app.web.render import redirect_to, render, toast

pages = Pages("approval_rules", __name__, surface=Surface.CLIENT)
portal = Pages("approval_rules_portal", __name__, surface=Surface.PORTAL)
provider = Pages("approval_rules_provider", __name__, surface=Surface.PROVIDER)
NEEDS = approval_rules.PERMISSION
PLACES = (
    (pages, "/c/<client>/approvals/rules"),
    (portal, "/portal/<client>/approvals/rules"),
    (provider, "/desk/approvals/rules"),
)


def index() -> Response:
    """The rules that hold here: one's own, those that ended, and the provider's."""
    reads.leave(reads.Look("approval_rules", "member"))
    return render(
        "tasks/approving/rules.html",
        rules=told.rules(approval_rules.own()),
        above=told.above(),
        at_portal=context.place().surface == Surface.PORTAL,
        everywhere=context.place().surface == Surface.PROVIDER,
        param=_param(),
    )


def _page(values: dict[str, Any], **more: Any) -> Response:
    chosen = approval_rules.people()
    names = people.names({one for side in chosen.values() for one in side})
    return render(
        "tasks/approving/rule.html",
        form=forms.current(schemas.RuleForm, values=values),
        kinds=[(one.kind, one.title) for one in approvals.kinds() if one.policies],
        people={
            side: sorted(((one, names.get(one, "–")) for one in found), key=lambda pair: pair[1])
            for side, found in chosen.items()
        },
        sequences=list(told.SEQUENCES.items()),
        second=list(told.SECOND.items()),
        sides=told.SIDES,
        at_portal=context.place().surface == Surface.PORTAL,
        everywhere=context.place().surface == Surface.PROVIDER,
        param=_param(),
        **more,
    )


@needs_fresh
def new() -> Response:
    """The form of a rule."""
    values = {"provider_needed": 1, "client_needed": 0}
    return _page(values, rule=None, versions=[], ours=True)


def add() -> Response:
    """Writes a rule; it holds for what is asked from now on."""
    approval_rules.keep(ids.uuid7(), forms.bind(schemas.RuleForm).policy())
    toast(_("Kept. It holds for what is asked from now on."))
    return redirect_to(".index")


def show(**named: UUID) -> Response:
    """One rule with all its versions."""
    (rule_id,) = named.values()
    versions = approval_rules.versions(rule_id)
    reads.leave(reads.Look("approval_policy", "member", rule_id))
    return _page(
        schemas.values_of(versions[0]),
        rule=versions[0],
        ours=versions[0].side == scope.current().rights.side,
        versions=told.rules(versions),
        names=people.names({one.made_by for one in versions}),
    )


def change(**named: UUID) -> Response:
    """Writes the next version of a rule."""
    (rule_id,) = named.values()
    form = forms.bind(schemas.RuleForm)
    approval_rules.keep(rule_id, form.policy(), version=form.version)
    toast(_("Kept. It holds for what is asked from now on."))
    return redirect_to(".index")


def end(**named: UUID) -> Response:
    """Ends a rule for what is asked from now on."""
    (rule_id,) = named.values()
    approval_rules.end(rule_id, version=forms.bind(schemas.VersionForm).version)
    toast(_("Ended. What was asked before goes on as it began."))
    return redirect_to(".index")


def _param() -> str:
    """How the address of a rule calls it: a client's own, or one of the provider's."""
    everywhere = context.place().surface == Surface.PROVIDER
    return "provider_rule_id" if everywhere else "approval_rule_id"


def _declare(place: Pages, at: str) -> None:
    name = "provider_rule_id" if place is provider else "approval_rule_id"
    one = f"{at}/<uuid:{name}>"
    gets: tuple[tuple[str, str, Callable[..., Response]], ...] = (
        (at, "index", index),
        (f"{at}/new", "new", new),
        (one, "show", show),
    )
    for rule, endpoint, view in gets:
        place.get(rule, needs=NEEDS, endpoint=endpoint)(view)
    place.post(f"{at}/new", needs=NEEDS, endpoint="add", again=new)(add)
    place.post(one, needs=NEEDS, endpoint="change", again=show)(change)
    place.post(f"{one}/end", needs=NEEDS, endpoint="end", again=show)(end)


for _place, _at in PLACES:
    _declare(_place, _at)
