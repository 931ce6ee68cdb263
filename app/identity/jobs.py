"""What happens after people's rights changed: owners and managers are told by mail."""

from __future__ import annotations

from app.identity import commands, queries
from app.kernel import events, mail
from app.kernel.words import _

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


def _owners(but: set[str]) -> list[queries.AccessRow]:
    return [
        row
        for row in queries.access()
        if row.living and row.role in {"owner", "operations_manager"} and str(row.id) not in but
    ]


@events.on(commands.AccessGiven)
def tell_owners(event: commands.AccessGiven) -> None:
    """Every owner there was learns of a new one, and of everybody else."""
    new = set(event.membership_ids)
    names = ", ".join(row.name for row in queries.access() if str(row.id) in new)
    for row in _owners(new):
        mail.send("identity.access-given", to_person=row.user_id, params={"names": names})


@events.on(commands.AccessEnded)
def tell_managers(event: commands.AccessEnded) -> None:
    """Managers learn that somebody lost access, so that the work finds another hand."""
    ended = set(event.membership_ids)
    names = ", ".join(row.name for row in queries.access(ended=True) if str(row.id) in ended)
    for row in _owners(ended):
        params = {"names": names, "reason": event.reason or "–"}
        mail.send("identity.access-ended", to_person=row.user_id, params=params)
