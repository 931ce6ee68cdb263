"""Reader of OFX 1 (SGML), OFX 2 (XML) and QFX, as banks, cards and brokers really write them.

The tags stream by and no tree is built, so tags that are never closed, empty ones and headers
that are broken or missing do no harm. Nothing is fetched and no entity but characters is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.catalog.bank import doubts, encoding, ofx_movement
from connectors.catalog.bank.ofx_movement import INVESTMENTS, Values
from connectors.catalog.bank.statement import (
    BankTransaction,
    Notes,
    Statement,
    StatementFile,
    StatementRefused,
    _,
)

_TOKEN = re.compile(r"<(/?)([A-Za-z][\w.\-]*)[^<>]*>([^<]*(?:<(?![/A-Za-z!?])[^<]*)*)", re.ASCII)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_ROOT = re.compile(r"<OFX[\s>]", re.IGNORECASE)
_VERSION = re.compile(r'(?<!XML )VERSION\s*[:=]\s*"?(\d+)', re.IGNORECASE)
_CHARSET = re.compile(rb"CHARSET\s*:\s*([\w.\-]+)", re.IGNORECASE)
_PAGE = re.compile(r"(?:(?:windows-?|cp-?)?(125[0-8])|(?:iso-?)?8859-([1-9]|1[013456]))\Z")
_STATEMENTS = {"STMTRS", "CCSTMTRS", "INVSTMTRS"}
_MOVEMENTS = {"STMTTRN", "STMTTRNP", *INVESTMENTS}
_GROUPS = {
    "BANKACCTFROM",
    "CCACCTFROM",
    "INVACCTFROM",
    "BANKACCTTO",
    "CCACCTTO",
    "PAYEE",
    "CURRENCY",
    "ORIGCURRENCY",
    "LEDGERBAL",
    "AVAILBAL",
    "STATUS",
    "SECID",
    "INVPOS",
    "BAL",
    "INVBAL",
    "SONRS",
}
_CLOSERS = {"LEDGERBAL", "AVAILBAL", "INVBAL", "INVPOSLIST", "BALLIST"}


@dataclass(slots=True)
class _Reader:
    """Where the tags have led so far."""

    notes: Notes
    statements: list[Statement] = field(default_factory=list)
    entries: list[BankTransaction] = field(default_factory=list)
    head: Values | None = None
    movement: Values | None = None
    group: str = ""
    answered: int | None = None
    status: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, value: str, line: int) -> None:
        """Handle an opening tag and the text behind it."""
        if name in _STATEMENTS:
            self._end_statement()
            self.head = Values(name, line)
        elif name in _MOVEMENTS and self.head is not None:
            self._end_movement()
            self.movement = Values(name, line)
            self.group = ""
        elif name in _CLOSERS and self.movement is not None:
            self._end_movement()
            self.group = name
        elif name in _GROUPS and not value:
            self.group = name
        elif name.endswith(("MSGSRSV1", "MSGSRSV2")):
            self.answered = self.answered or line
        elif value:
            self._leaf(name, value)

    def _leaf(self, name: str, value: str) -> None:
        key = f"{self.group}.{name}" if self.group else name
        if self.group == "STATUS":
            self._status(name, value)
        elif self.movement is not None:
            self.movement.fields.setdefault(key, value)
        elif self.head is not None:
            self.head.fields.setdefault(key, value)

    def _status(self, name: str, value: str) -> None:
        """The bank's own word on the request; the first that is no success is kept."""
        if name == "CODE" and self.status.get("SEVERITY") != "ERROR":
            self.status = {}
        self.status.setdefault(name, value)

    def end(self, name: str) -> None:
        """Handle a closing tag."""
        if self.movement is not None and name == self.movement.name:
            self._end_movement()
        elif name in _STATEMENTS or name in ("BANKTRANLIST", "INVTRANLIST"):
            self._end_movement()
            if name in _STATEMENTS:
                self._end_statement()
        elif name == self.group:
            self.group = ""

    def _end_movement(self) -> None:
        movement, head = self.movement, self.head
        self.movement, self.group = None, ""
        if movement is None or head is None:
            return
        doubts.bound(len(self.entries), line=movement.line)
        self.entries.append(ofx_movement.transaction(movement, head, self.notes))

    def _end_statement(self) -> None:
        self._end_movement()
        head, self.head = self.head, None
        if head is None:
            return
        found = ofx_movement.statement(head, tuple(self.entries), self.notes)
        self.entries = []
        self.statements.append(found)


def read(data: bytes, notes: Notes) -> StatementFile:
    """Read an OFX or QFX file; raises StatementRefused with the line of the fault."""
    try:
        text = encoding.decode(data, notes, declared=_declared(data))
        return StatementFile(
            "ofx", _statements(text.replace("\r\n", "\n").replace("\r", "\n"), notes)
        )
    except StatementRefused as refused:
        refused.kind = refused.kind or "ofx"
        raise


def _declared(data: bytes) -> str | None:
    """The code page of the header; `1252` and `8859-1` are written without what they are of."""
    found = _CHARSET.search(data[:2000])
    page = _PAGE.match(found[1].decode("ascii").lower()) if found else None
    if page is None:
        return None
    return f"cp{page[1]}" if page[1] else f"iso-8859-{page[2]}"


def _statements(text: str, notes: Notes) -> tuple[Statement, ...]:
    root = _ROOT.search(text)
    if root is None:
        raise StatementRefused(
            "no-statement",
            _("The file has no <OFX> part, so it holds no statement; export it again."),
            line=1,
        )
    _envelope(text[: root.start()], notes)
    reader = _Reader(notes)
    ended = False
    for mark, name, value, line in _tokens(text, root.start()):
        if mark:
            reader.end(name)
            ended = ended or name == "OFX"
        else:
            reader.start(name, value, line)
    if not ended:
        _cut_off(reader, text)
    reader._end_statement()
    if not reader.statements:
        _nothing(reader, notes)
    return tuple(reader.statements)


def _tokens(text: str, start: int) -> Iterator[tuple[str, str, str, int]]:
    """Closing mark, name in capitals, folded value and line of every tag."""
    if "<!" in text:
        text = _COMMENT.sub(_only_lines, text)
        text = _CDATA.sub(_escaped, text)
    line, at = text.count("\n", 0, start) + 1, start
    for found in _TOKEN.finditer(text, start):
        begin = found.start()
        line += text.count("\n", at, begin)
        at = begin
        mark, name, value = found.groups()
        yield mark, name.upper(), "" if mark else ofx_movement.folded(value), line


def _only_lines(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def _escaped(found: re.Match[str]) -> str:
    return found[1].replace("&", "&amp;").replace("<", "&lt;")


def _envelope(head: str, notes: Notes) -> None:
    """Doubts about what stands before `<OFX>`."""
    version = _VERSION.search(re.sub(r"<\?xml.*?\?>", "", head, flags=re.IGNORECASE | re.DOTALL))
    if "OFXHEADER" not in head.upper():
        notes.warn("header-missing", _("The file has no OFX header."), line=1)
        return
    if version is None or not version[1].startswith(("1", "2")) or len(version[1]) != 3:
        notes.warn(
            "version-unknown",
            _(
                "The file says it is of version %(version)s.",
                version=version[1][:10] if version else "-",
            ),
            line=head[: version.start()].count("\n") + 1 if version else 1,
        )
    if "<?" not in head and not re.search(r"\n[ \t]*\n\s*\Z", head):
        notes.warn(
            "header-broken",
            _("No empty line stands between the header and <OFX>."),
            line=head.count("\n") + 1,
        )


def _cut_off(reader: _Reader, text: str) -> None:
    """A file that ends inside a movement lost something; one that only lacks its end is warned."""
    last = text.count("\n") + 1
    if reader.movement is not None:
        raise StatementRefused(
            "file-cut",
            _("The file ends inside a movement, so it was cut off; export it from the bank again."),
            line=reader.movement.line,
        )
    doubts.cut("</OFX>", reader.notes, line=last)


def _nothing(reader: _Reader, notes: Notes) -> None:
    """An answer without a statement: the bank's fault is told, an empty file is refused."""
    if reader.answered is None:
        doubts.some(reader.statements, kind="ofx")
    if reader.status.get("SEVERITY", "").upper() == "ERROR":
        notes.warn(
            "bank-error",
            _(
                "The bank answered with an error instead of a statement: %(message)s"
                " (%(code)s). Ask it for the file again.",
                message=reader.status.get("MESSAGE", "-")[:200],
                code=reader.status.get("CODE", "-")[:10],
            ),
            line=reader.answered,
        )
        return
    notes.warn(
        "no-transactions", _("The file holds no statement of an account."), line=reader.answered
    )
