"""Reader of QIF (Quicken Interchange Format): bank, cash, card and investment registers.

A record is lines of one letter and its value, ended by `^`. The file names neither currency nor
the order of its dates nor the decimal mark: the two latter are proven over the whole file, and
what stays open is warned. Lists (categories, classes, memorised payments, prices) are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.catalog.bank import day_order, decimals, doubts, encoding, qif_record
from connectors.catalog.bank.qif_record import Raw
from connectors.catalog.bank.statement import (
    Notes,
    Statement,
    StatementFile,
    StatementRefused,
    _,
)

_REGISTERS = {
    "bank",
    "cash",
    "ccard",
    "oth a",
    "oth l",
    "invst",
    "invoice",
    "port",
    "401(k)/403(b)",
}
_LISTS = {
    "cat",
    "class",
    "memorized",
    "security",
    "prices",
    "budget",
    "invitem",
    "template",
    "tag",
    "tax",
}


@dataclass(slots=True)
class Section:
    """The records of one register of one account."""

    line: int
    account: str | None
    investment: bool
    closing: str | None = None
    records: list[Raw] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    """Gathers records by section; they are read when all of them are known."""

    notes: Notes
    sections: list[Section] = field(default_factory=list)
    accounts: list[Section] = field(default_factory=list)
    mode: str = ""
    total: int = 0

    def head(self, text: str, line: int) -> None:
        """Handle a line that begins with an exclamation mark."""
        word, _colon, value = text[1:].partition(":")
        word, kind = word.strip().lower(), value.strip().lower()
        if word == "account":
            self.mode = "account"
        elif word == "type" and kind in _REGISTERS:
            self.mode = "register"
            self._section(line, investment=kind in ("invst", "port"))
        elif word == "type":
            self.mode = "list"
            if kind not in _LISTS:
                self.notes.warn(
                    "section-unknown",
                    _("The section “%(name)s” is not known and was left out.", name=kind[:40]),
                    line=line,
                )
        elif word not in ("option", "clear"):
            self.notes.warn(
                "section-unknown",
                _("The section “%(name)s” is not known and was left out.", name=text[:40]),
                line=line,
            )

    def _section(self, line: int, *, investment: bool) -> None:
        account = self.accounts[-1] if self.accounts else None
        name = account.account if account else None
        closing = account.closing if account else None
        self.sections.append(Section(line, name, investment, closing))

    def record(self, raw: Raw) -> None:
        """Handle one record of the section that is open."""
        if self.mode == "account":
            name = raw.one("N")
            if name:
                self.accounts.append(
                    Section(raw.line, name, investment=False, closing=raw.one("$"))
                )
        elif self.mode == "register":
            self.total += 1
            doubts.bound(self.total, line=raw.line)
            self.sections[-1].records.append(raw)


def read(data: bytes, notes: Notes) -> StatementFile:
    """Read a QIF file; raises StatementRefused with the line of the fault."""
    reader = _Reader(notes)
    try:
        for piece in _pieces(encoding.decode(data, notes), notes):
            if isinstance(piece, Raw):
                reader.record(piece)
            else:
                reader.head(*piece)
        sections = [one for one in reader.sections if one.records]
        return StatementFile("qif", tuple(_statements(sections, reader, notes)))
    except StatementRefused as refused:
        refused.kind = refused.kind or "qif"
        raise


def _pieces(text: str, notes: Notes) -> Iterator[tuple[str, int] | Raw]:
    """Section heads and records in the order of the file."""
    fields: list[tuple[str, str, int]] = []
    begun = False
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        plain = line.strip(" \t\x1a")
        if not plain or (plain.startswith("#") and not begun):
            continue
        if plain.startswith("!"):
            if fields:
                yield Raw(tuple(fields))
                fields = []
            begun = True
            yield plain, number
        elif plain.startswith("^"):
            if fields:
                yield Raw(tuple(fields))
            fields = []
        else:
            if not begun:
                begun = True
                notes.warn(
                    "header-missing",
                    _("The file does not say what register it is; it was read as a bank account."),
                    line=number,
                )
                yield "!Type:Bank", number
            fields.append((plain[0], plain[1:].strip(), number))
    if fields:
        doubts.cut("^", notes, line=fields[-1][2])
        yield Raw(tuple(fields))


def _statements(sections: list[Section], reader: _Reader, notes: Notes) -> Iterator[Statement]:
    records = [raw for section in sections for raw in section.records]
    if not records:
        yield from _empty(reader, notes)
        return
    mark = decimals.decimal_mark((one for raw in records for one in raw.amounts()), notes)
    days = [raw.day() for raw in records if raw.one("D")]
    order = day_order.order_of(days, notes)
    notes.once(
        "currency-missing",
        _("The file names no currency here; amounts were read with two decimals."),
        line=records[0].line,
    )
    for section in sections:
        yield qif_record.statement(
            section.account,
            section.records,
            qif_record.Ways(mark, order, section.investment, section.closing),
            notes,
            line=section.line,
        )


def _empty(reader: _Reader, notes: Notes) -> Iterator[Statement]:
    """A file of accounts without a movement is a statement of each; of lists alone it is none."""
    named = {one.account: one for one in reader.accounts}
    found = [Statement(one.account, None, line=one.line) for one in named.values()]
    found = found or [Statement(None, None, line=one.line) for one in reader.sections[:1]]
    doubts.some(found, kind="qif")
    notes.warn("no-transactions", _("The file holds no movement."), line=found[0].line)
    yield from found
