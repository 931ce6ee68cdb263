"""Rules in words: what they ask about, who has to approve, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.kernel import approval_rules, approvals, people, words
from app.kernel.approval_rules import Policy
from app.kernel.words import _, gettext, ngettext

SEQUENCES = {
    "beside": _("Beside each other"),
    "provider": _("The provider first"),
    "client": _("The client first"),
}
SECOND = {
    "never": _("Not asked for"),
    "from": _("From an amount on"),
    "always": _("Always"),
}
SIDES = {"provider": _("Provider"), "client": _("Client")}


@dataclass(frozen=True, slots=True)
class Told:
    """A rule as a list shows it."""

    policy: Policy
    kind: Any
    when: str
    who: str
    more: str


def rules(found: Sequence[Policy]) -> list[Told]:
    """Rules in words, in their order."""
    known = people.names(
        {one for policy in found for one in (*policy.provider_people, *policy.client_people)}
        | {policy.made_by for policy in found}
    )
    return [_told(one, known) for one in found]


def _told(found: Policy, known: Mapping[UUID, str]) -> Told:
    return Told(
        found, approvals.kind(found.kind).title, _when(found), _who(found, known), _more(found)
    )


def _amounts(limits: Mapping[str, int]) -> str:
    return ", ".join(words.format_money(minor, currency) for currency, minor in limits.items())


def _when(found: Policy) -> str:
    if not found.limits:
        return gettext("always")
    return gettext("from %(amounts)s on", amounts=_amounts(found.limits))


def _who(found: Policy, known: Mapping[UUID, str]) -> str:
    parts = {
        "provider": _side(found.provider_needed, found.provider_people, known, client=False),
        "client": _side(found.client_needed, found.client_people, known, client=True),
    }
    order = ("client", "provider") if found.sequence == "client" else ("provider", "client")
    told = [parts[side] for side in order if parts[side]]
    return (gettext(", then ") if found.sequence != "beside" else gettext(" and ")).join(told)


def _side(needed: int, named: Iterable[UUID], known: Mapping[UUID, str], *, client: bool) -> str:
    if not needed:
        return ""
    names = ", ".join(known.get(one, "–") for one in named)
    if names:
        return gettext("%(n)s of %(names)s", n=needed, names=names)
    if client:
        return ngettext("%(n)s person of the client", "%(n)s people of the client", needed)
    return ngettext("%(n)s person of the provider", "%(n)s people of the provider", needed)


def _more(found: Policy) -> str:
    told = []
    if found.second_factor is not None:
        told.append(
            gettext("second factor from %(amounts)s on", amounts=_amounts(found.second_factor))
            if found.second_factor
            else gettext("second factor always")
        )
    if found.days:
        told.append(ngettext("lapses after %(n)s day", "lapses after %(n)s days", found.days))
    return " · ".join(told)


def above() -> list[Told]:
    """The provider's rules, which hold in the open client as well."""
    return rules(approval_rules.above())
