"""The shipped roles: editable bundles of permissions, and their names in words.

A role says what somebody may do; a grant says in which client and for which lines. The lines
here are what a grant of this role offers first; the database holds what was really given.
"""

from __future__ import annotations

from typing import Any

from app.kernel import registry
from app.kernel.registry import RoleTemplate, ServiceLine
from app.kernel.words import _

_PEOPLE = frozenset(
    {"access.list", "access.request", "access.grant", "access.end", "person.invite", "audit.read"}
)
_CLIENTS = frozenset(
    {"client.create", "client.list", "tenant.list", "tenant.state", "engagement.set"}
)
_JOBS = frozenset({"job.replay", "job.cancel"})
_BOOKS = frozenset(
    {"accounting.read", "accounting.import", "accounting.post", "accounting.accounts"}
)
_CLOSE = frozenset({"accounting.post_in_review", "accounting.close", "accounting.publish"})
_EXPORT = frozenset({"accounting.export"})
_SEE = frozenset({"document.read"})
_PAPERS = _SEE | {"document.add"}
_DECIDE = frozenset({"document.release", "document.share"})  # quarantine: a second look; links
_KEYS = frozenset({"client.keys", "approve.client.key.destroy"})  # all papers depend on it
_ASK = _PAPERS | {"request.ask", "document.check"}  # staff: questions, notes, readings
_ANSWER = _PAPERS | {"request.answer"}  # client people: answers, questions to the provider
_WHOLE = frozenset({"client.export"})  # everything of a client in one file
_ERASE = frozenset({"client.erase", "approve.client.erase"})  # ask, or approve another's
_WORK = frozenset({"task.read", "task.write", "time.write"})  # staff: tasks, their own hours
_PLAN = _WORK | {"task.plan"}  # and what comes round
_APPROVE = frozenset({"approve.access.grant"})
_APPROVE_ENTRY = frozenset({"approve.entry.post", "approve.period.close", "approve.report.publish"})
_RULES = frozenset({"approval.policy"})
_KEEP = frozenset({"document.keep", "document.hold"})
_DISPOSE = _KEEP | {"document.dispose"}
_RELEASE = frozenset({"approve.hold.release_client"})

SHIPPED = (
    RoleTemplate(
        "administrator",
        "provider",
        _("Administrator"),
        _PEOPLE
        | _CLIENTS
        | _JOBS
        | _ERASE
        | _KEYS
        | _RULES
        | {"person.leave", "role.edit", "token.make", "link.make", "provider.settings"},
        ("member", "security"),
    ),
    RoleTemplate(
        "operations_manager",
        "provider",
        _("Operations manager"),
        _PEOPLE
        | _JOBS
        | _BOOKS
        | _CLOSE
        | _EXPORT
        | _APPROVE
        | _APPROVE_ENTRY
        | _RULES
        | _ASK
        | _PLAN
        | _DECIDE
        | {"task.reviewer", "time.approve", "time.rates"}
        | _KEYS
        | {"tenant.list", "client.list", "client.create", "engagement.set", "accounting.reopen"}
        | {"accounting.close_override"}
        | _DISPOSE
        | {"approve.document.dispose", "approve.hold.release"}
        | {"token.make", "link.make"}
        | _WHOLE
        | _ERASE,
        ("accounting", "compliance", "tickets", "oversight"),
    ),
    RoleTemplate(
        "staff_accountant",
        "provider",
        _("Staff accountant"),
        _BOOKS
        | _CLOSE
        | _EXPORT
        | _ASK
        | _PLAN
        | _DECIDE
        | _DISPOSE
        | {"access.request", "token.make", "link.make"},
        ("accounting",),
    ),
    RoleTemplate(
        "finance_assistant",
        "provider",
        _("Finance assistant"),
        _ASK
        | _WORK
        | {"accounting.read", "accounting.import", "accounting.post", "access.request"},
        ("accounting",),
    ),
    RoleTemplate(
        "compliance_manager",
        "provider",
        _("Compliance manager"),
        _ASK
        | _WORK
        | _DECIDE
        | _DISPOSE
        | {"access.list", "access.request", "audit.read", "link.make"}
        | {"approve.document.dispose", "approve.hold.release"},
        ("compliance",),
    ),
    RoleTemplate(
        "it_support_agent",
        "provider",
        _("IT support agent"),
        _ASK | _WORK | {"access.request"},
        ("tickets",),
    ),
    RoleTemplate(
        "security_operations_manager",
        "provider",
        _("Security operations manager"),
        _JOBS | {"access.list", "access.end", "audit.read", "person.leave", "tenant.list"},
        ("security",),
    ),
    RoleTemplate(
        "data_analyst",
        "provider",
        _("Data analyst"),
        _SEE | {"task.read", "accounting.read", "access.request"},
        ("accounting", "analytics", "oversight"),
        may_write=False,
    ),
    RoleTemplate(
        "hr_assistant",
        "provider",
        _("HR assistant"),
        frozenset({"access.list", "person.invite", "person.leave"}),
        ("member",),
    ),
    RoleTemplate(
        "auditor",
        "provider",
        _("Auditor"),
        _SEE | {"task.read", "accounting.read", "accounting.export", "access.list", "audit.read"},
        ("accounting", "security", "oversight"),
        may_write=False,
    ),
    RoleTemplate(
        "owner",
        "client",
        _("Owner"),
        _APPROVE
        | _APPROVE_ENTRY
        | _RULES
        | _ANSWER
        | _KEEP
        | _RELEASE
        | _KEYS
        | {"document.share"}
        | {"access.list", "access.grant", "access.end", "person.invite", "audit.read"}
        | {"accounting.read", "accounting.import", "accounting.export", "token.make", "link.make"}
        | _WHOLE,
        ("accounting", "compliance", "tickets"),
    ),
    RoleTemplate(
        "approver",
        "client",
        _("Approver"),
        _APPROVE
        | _APPROVE_ENTRY
        | _ANSWER
        | _RELEASE
        | {"access.list", "accounting.read", "accounting.import"},
        ("accounting", "compliance", "tickets"),
    ),
    RoleTemplate(
        "member",
        "client",
        _("Member"),
        _ANSWER | {"accounting.read", "accounting.import"},
        ("accounting", "tickets"),
    ),
    RoleTemplate(
        "viewer",
        "client",
        _("Viewer"),
        _SEE | {"accounting.read"},
        ("accounting",),
        may_write=False,
    ),
)

_LINES = {
    "accounting": _("Accounting"),
    "compliance": _("Compliance"),
    "tickets": _("Tickets"),
    "analytics": _("Analytics"),
    "oversight": _("Oversight: counts and dates"),
    "security": _("Security: audit and jobs"),
    "billing": _("Billing"),
    "member": _("General"),
    "intake": _("Intake"),
}


def template(name: str) -> RoleTemplate | None:
    """The shipped role of this name."""
    return next((one for one in registry.current().all(RoleTemplate) if one.name == name), None)


def title(name: str) -> Any:
    """A role's name in words; a role of the provider's own is called as it was named."""
    found = template(name)
    return found.title if found is not None else name.replace("_", " ").capitalize()


def of_side(side: str) -> list[RoleTemplate]:
    """The shipped roles people of this side may hold."""
    return [one for one in registry.current().all(RoleTemplate) if one.side == side]


def line_title(name: str) -> Any:
    """A line's name in words."""
    for line in registry.current().all(ServiceLine):
        if line.name == name:
            return line.title
    return _LINES.get(name, name)


def line_choices(*, side: str, provider_tenant: bool = False) -> list[tuple[str, Any]]:
    """The lines a grant may name: service lines for everybody, reader lines for staff only."""
    names = ["accounting", "compliance", "tickets"]
    if side == "provider":
        names += ["analytics", "oversight", "security", "billing", "member"]
    if provider_tenant:
        names += ["intake"]
    return [(name, line_title(name)) for name in names]
