"""What happens after people's rights changed: owners and managers are told by mail."""

from __future__ import annotations

from collections.abc import Callable, Collection

from app.identity import commands, queries
from app.identity.queries import AccessRow
from app.kernel import events, mail, scope
from app.kernel.words import _

ANSWERING = frozenset({"owner", "operations_manager"})

mail.register(
    "identity.access-given",
    subject=_("Somebody was given access"),
    paragraphs=(
        _(
            "%(names)s may now see data of your firm. You find who may see what, and can end it, "
            "under Who may see what."
        ),
    ),
)
mail.register(
    "identity.access-ended",
    subject=_("Access has ended"),
    paragraphs=(_("The access of %(names)s has ended. Reason: %(reason)s"),),
)


def _tell(
    template: str, ids: set[str], params: Callable[[Collection[AccessRow]], dict[str, str]]
) -> None:
    """Tells whoever answers for each client, once, and only of people of that client.

    The mail's words come from the memberships themselves: an event names them and says no more.
    """
    rows = queries.access(ended=True)
    changed = [row for row in rows if str(row.id) in ids]
    here = scope.current().tenant_id
    for tenant_id in {row.tenant_id for row in changed}:
        of_client = [row for row in changed if row.tenant_id == tenant_id]
        names = ", ".join(dict.fromkeys(row.name for row in of_client))
        told = {
            row.user_id
            for row in rows
            if row.living
            and str(row.id) not in ids
            and (
                (row.tenant_id == tenant_id and row.role in ANSWERING)
                or (row.tenant_id == here and row.role == "operations_manager")
            )
        }
        for person_id in sorted(told):
            mail.send(template, to_person=person_id, params={"names": names, **params(of_client)})


@events.on(commands.AccessGiven)
def tell_owners(event: commands.AccessGiven) -> None:
    """Every owner there was learns of a new one, and of everybody else."""
    _tell("identity.access-given", set(event.membership_ids), lambda _rows: {})


@events.on(commands.AccessEnded)
def tell_managers(event: commands.AccessEnded) -> None:
    """Owners and managers learn that somebody lost access, so that the work finds a hand."""
    _tell("identity.access-ended", set(event.membership_ids), _reason)


def _reason(rows: Collection[AccessRow]) -> dict[str, str]:
    """What whoever ended these memberships wrote; a dash where nothing was written."""
    said = dict.fromkeys(row.end_reason for row in rows if row.end_reason)
    return {"reason": "; ".join(said) or "–"}
