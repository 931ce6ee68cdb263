"""A CSV of clients, people and grants: read, checked line by line, carried out whole or not at all.

One row a thing, told by `kind`; a column a kind does not use stays empty:
client  client,name,country[,legal_name,currency,time_zone,language,chart,fiscal_year_start_month,
        lines,from,until]
person  email,name,side
grant   email,client,role,lines[,write,from,until]
`lines` are separated by spaces, days are ISO 8601, `until` is exclusive.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as default
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from app.kernel import words
from app.kernel.db import session
from app.kernel.errors import Invalid, Problem, TooLarge
from tenants import commands
from tenants.schemas import LOCALES, NewFirm, complete

MAX_LINES: Final = 10_000
MAX_BYTES: Final = 5_000_000
KINDS = ("client", "person", "grant")
COLUMNS = (
    "kind client name legal_name country currency time_zone language chart fiscal_year_start_month"
    " lines from until email side role write"
).split()
_MAIL = re.compile(r"[^@\s\"'<>,;]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_KNOWN = sa.text(
    "select kind, key, id, detail from guard.known_for_import(cast(:emails as text[]),"
    " cast(:slugs as text[]))"
)
_WORDS = sa.text("select kind, word, detail from guard.import_words()")
_PEOPLE = sa.text(
    "select count(guard.operator_add_person(p.side, p.email, p.name)) from"
    " jsonb_to_recordset(cast(:people as jsonb)) p(side text, email text, name text)"
)
_GRANTS = sa.text(
    "with wanted as (select g.*, t.id tenant, x.id person from"
    " jsonb_to_recordset(cast(:grants as jsonb)) g(client text, email text, role text,"
    " lines text[], write boolean, starts date, ends date)"
    " join lateral (select k.id from guard.known_for_import('{}', array[g.client]) k) t on true"
    " join lateral (select k.id from guard.known_for_import(array[g.email], '{}') k) x on true)"
    " select guard.operator_give(jsonb_agg(jsonb_build_object('tenant', tenant, 'user', person,"
    " 'role', role, 'lines', lines, 'may_write', write, 'from', starts, 'to', ends))) from wanted"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: the line of the file (the header is line 1), the field, and what to do."""

    line: int
    field: str
    code: str
    params: Mapping[str, Any] = default(default_factory=dict)

    @property
    def remedy(self) -> str:
        """What to do, in the reader's language."""
        return words.error_text(self.code, dict(self.params))

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"line": self.line, "field": self.field, "code": self.code, "remedy": self.remedy}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file."""

    line: int
    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


@dataclass(slots=True)
class Plan:
    """What a file would do, and everything that keeps it from doing so."""

    firms: list[NewFirm] = default(default_factory=list)
    people: list[dict[str, str]] = default(default_factory=list)
    grants: list[dict[str, Any]] = default(default_factory=list)
    faults: list[Fault] = default(default_factory=list)
    known_people: int = 0


def read(text: str) -> list[Row]:
    """The rows of a file; raises Invalid for what is no such CSV and TooLarge beyond the bounds."""
    if len(text.encode()) > MAX_BYTES:
        raise TooLarge("import-too-large", most=MAX_BYTES // 1_000_000)
    if "\0" in text:
        raise Invalid.of("file", "control-character")
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(lines, [])]
        _check_header(header)
        return list(_rows(lines, header))
    except csv.Error as error:
        raise Invalid.of("file", "not-a-csv", line=lines.line_num) from error


def _check_header(header: list[str]) -> None:
    unknown = [name for name in header if name not in COLUMNS]
    if "kind" not in header or unknown or len(set(header)) != len(header):
        raise Invalid.of("file", "import-columns", columns=", ".join(COLUMNS))


def _rows(lines: Iterable[list[str]], header: list[str]) -> Iterator[Row]:
    for count, cells in enumerate(lines, start=1):
        if count > MAX_LINES:
            raise TooLarge("import-too-long", most=MAX_LINES)
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            yield Row(count + 1, {"kind": "?cells"})
            continue
        yield Row(count + 1, dict(zip(header, (cell.strip() for cell in cells), strict=True)))


def check(rows: list[Row]) -> Plan:
    """What the rows would do; faults name line, field and remedy. Reads the database once."""
    plan = Plan()
    known = _Known(rows)
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        _check_row(row, plan, known, seen)
    plan.faults.sort(key=lambda fault: (fault.line, fault.field))
    return plan


def carry_out(plan: Plan) -> None:
    """Makes clients, people, then grants in the caller's transaction; all or none.

    Mode `j` in the provider's tenant. Raises Invalid('import-has-faults').
    """
    if plan.faults:
        raise Invalid("import-has-faults", {"file": [Problem("import-has-faults")]})
    for firm in plan.firms:
        commands.create_client(firm=firm)
    if plan.people:
        session.execute(_PEOPLE, {"people": json.dumps(plan.people)})
    if plan.grants:
        session.execute(_GRANTS, {"grants": json.dumps(plan.grants)})


class _Known:
    """What the database and the file itself know, asked once."""

    def __init__(self, rows: list[Row]) -> None:
        emails = sorted({row["email"].lower() for row in rows if row["email"]})
        slugs = sorted({row["client"] for row in rows if row["client"]})
        found = session.execute(_KNOWN, {"emails": emails, "slugs": slugs}).all()
        self.people = {row.key: row.detail for row in found if row.kind == "person"}
        self.clients = {row.key: row.detail for row in found if row.kind == "client"}
        self.grants = {row.key for row in found if row.kind == "grant"}
        spoken = session.execute(_WORDS).all()
        self.roles = {row.word: row.detail for row in spoken if row.kind == "role"}
        self.lines = {row.word: row.detail for row in spoken if row.kind == "line"}
        self.new_people = {
            row["email"].lower(): row["side"] for row in rows if row["kind"] == "person"
        }
        self.new_clients = {row["client"]: row for row in rows if row["kind"] == "client"}

    def side(self, email: str) -> str:
        """The side of a person in the database, else in the file, else empty."""
        return self.people.get(email) or self.new_people.get(email, "")


def _check_row(row: Row, plan: Plan, known: _Known, seen: dict[tuple[str, str], int]) -> None:
    if row["kind"] == "?cells":
        plan.faults.append(Fault(row.line, "", "import-cells"))
        return
    if row["kind"] not in KINDS:
        plan.faults.append(Fault(row.line, "kind", "import-kind", {"kinds": ", ".join(KINDS)}))
        return
    before = len(plan.faults)
    for name, value in row.values.items():
        if value.startswith(_FORMULA):
            plan.faults.append(Fault(row.line, name, "looks-like-a-formula"))
    if len(plan.faults) > before:
        return
    first = seen.setdefault((row["kind"], _key(row)), row.line)
    if first != row.line:
        name = "client" if row["kind"] == "client" else "email"
        plan.faults.append(Fault(row.line, name, "import-double", {"line": first}))
        return
    {"client": _check_client, "person": _check_person, "grant": _check_grant}[row["kind"]](
        row, plan, known
    )


def _key(row: Row) -> str:
    if row["kind"] == "client":
        return row["client"]
    if row["kind"] == "person":
        return row["email"].lower()
    return f"{row['email'].lower()} {row['client']} {row['role']}"


def _check_client(row: Row, plan: Plan, known: _Known) -> None:
    if row["client"] in known.clients:
        plan.faults.append(Fault(row.line, "client", "slug-taken", {"slug": row["client"]}))
        return
    starts, ends = _days(row, plan)
    month = row["fiscal_year_start_month"] or "1"
    firm = NewFirm(
        slug=row["client"],
        name=row["name"],
        country=row["country"].upper(),
        legal_name=row["legal_name"],
        currency=row["currency"].upper(),
        time_zone=row["time_zone"],
        locale=row["language"],
        chart=row["chart"],
        fiscal_year_start_month=int(month) if month.isascii() and month.isdigit() else 0,
        lines=tuple(row["lines"].split()) or ("accounting",),
        serve_from=starts,
        serve_until=ends,
    )
    if row["language"] and row["language"] not in LOCALES:
        plan.faults.append(Fault(row.line, "language", "unknown-language"))
    _check_lines(row, firm.lines, plan, known, served_only=True)
    try:
        plan.firms.append(complete(firm))
    except Invalid as error:
        plan.faults += _faults(row.line, error)


_COLUMN_OF = {"slug": "client", "locale": "language", "serve_from": "from", "serve_until": "until"}


def _faults(line: int, error: Invalid) -> list[Fault]:
    return [
        Fault(line, _COLUMN_OF.get(name, name), problem.code, problem.params)
        for name, problems in error.fields.items()
        for problem in problems
    ]


def _check_person(row: Row, plan: Plan, known: _Known) -> None:
    email, side = row["email"].lower(), row["side"]
    if not _is_mail(email):
        plan.faults.append(Fault(row.line, "email", "bad-address"))
        return
    if side not in {"provider", "client"}:
        plan.faults.append(Fault(row.line, "side", "import-side"))
        return
    found = known.people.get(email)
    if found is not None and found != side:
        code = "person-has-left" if found == "left" else "person-other-side"
        plan.faults.append(Fault(row.line, "email", code))
        return
    if not 1 <= len(row["name"]) <= 120:
        plan.faults.append(Fault(row.line, "name", "required"))
        return
    plan.known_people += found is not None
    plan.people.append({"email": email, "name": row["name"], "side": side})


def _is_mail(text: str) -> bool:
    return len(text) <= 254 and bool(_MAIL.fullmatch(text))


def _check_grant(row: Row, plan: Plan, known: _Known) -> None:
    email, slug, role = row["email"].lower(), row["client"], row["role"]
    side = known.side(email)
    before = len(plan.faults)
    if side not in {"provider", "client"}:
        plan.faults.append(Fault(row.line, "email", "import-unknown-person"))
    if slug not in known.clients and slug not in known.new_clients:
        plan.faults.append(Fault(row.line, "client", "import-unknown-client"))
    if role not in known.roles or (side and known.roles[role] != side):
        roles = ", ".join(name for name, of in known.roles.items() if of == side or not side)
        plan.faults.append(Fault(row.line, "role", "import-role", {"roles": roles}))
    if f"{email} {slug} {role}" in known.grants:
        plan.faults.append(Fault(row.line, "email", "import-grant-exists"))
    if row["write"].lower() not in {"", "yes", "no"}:
        plan.faults.append(Fault(row.line, "write", "import-yes-or-no"))
    lines = tuple(row["lines"].split())
    _check_lines(row, lines, plan, known)
    starts, ends = _days(row, plan)
    if len(plan.faults) > before:
        return
    plan.grants.append(
        {
            "email": email,
            "client": slug,
            "role": role,
            "lines": list(lines),
            "write": row["write"].lower() == "yes",
            "starts": starts.isoformat() if starts else None,
            "ends": ends.isoformat() if ends else None,
        }
    )


def _check_lines(
    row: Row, lines: tuple[str, ...], plan: Plan, known: _Known, *, served_only: bool = False
) -> None:
    allowed = [name for name, kind in known.lines.items() if kind == "service" or not served_only]
    if not lines or any(line not in allowed for line in lines):
        plan.faults.append(Fault(row.line, "lines", "import-lines", {"lines": ", ".join(allowed)}))


def _days(row: Row, plan: Plan) -> tuple[date | None, date | None]:
    found: list[date | None] = []
    for name in ("from", "until"):
        try:
            found.append(date.fromisoformat(row[name]) if row[name] else None)
        except ValueError:
            plan.faults.append(Fault(row.line, name, "not-a-date"))
            found.append(None)
    starts, ends = found
    if starts and ends and ends <= starts:
        plan.faults.append(Fault(row.line, "until", "ends-before-it-starts"))
    return starts, ends
