"""Questions of the demo, some waiting and some answered, one with a receipt; notes; documents."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal
from uuid import UUID

import typst

from app.accounting.bank import queries as bank_queries
from app.accounting.bank.queries import BankLine
from app.documents import commands as documents
from app.kernel import db, words
from app.kernel.scope import Scope
from app.tasks import notes, questions
from app.tasks.client_requests import commands as lists
from app.tasks.client_requests import queries as list_queries
from app.tasks.client_requests.models import Wanted
from app.tasks.models import Audience

LINE = "accounting"
SUBJECT = "bank_transaction"
Kind = Literal["pdf", "png"]
_PAPER = """
#set page(width: {width}mm, height: auto, margin: 7mm)
#set text(size: 9pt)
*{title}*

{date}

#line(length: 100%, stroke: 0.4pt)
{rows}
#line(length: 100%, stroke: 0.4pt)
"""


def fill(staff: Scope, owner: Scope, *, today: date) -> None:
    """Asks about the newest lines, answers some as the owner, and writes notes."""
    with db.transaction(staff):
        found = bank_queries.lines(bank_queries.LineFilter(state="to_do"), limit=7)
        lines = list(found.rows)
    if len(lines) < 5:
        return
    with db.transaction(staff):
        answered = _ask(lines[0], words.gettext("What was this for?"))
        receipt = _ask(lines[1], words.gettext("Please send us the receipt."), wants_file=True)
        _ask(lines[2], words.gettext("Business or private?"), chips=("Business", "Private"))
        _ask(lines[3], words.gettext("What does this belong to?"), chips=())
        _ask(lines[4], words.gettext("Please send us the receipt."), wants_file=True)
        _write(lines[0], "Same payee as in spring; it was coded to supplies then.", "team")
        _write(lines[1], "Sent back: split the deposit from the rent, please.", "sent_back")
        documents.add(
            _paper("Engagement letter", today, ("Bookkeeping, monthly close, reports",), "pdf"),
            name="engagement-letter.pdf",
            line=LINE,
            source="staff",
        )
        listed = _list(today)
    with db.transaction(owner):
        _give(listed, today)
        questions.answer(answered, chip="Supplies", text="Flour bins for the back room.")
        photo = _paper(lines[1].title, lines[1].booked_on, _receipt_rows(lines[1]), "png")
        questions.answer(receipt, files=[questions.File("receipt.png", photo)])
        questions.ask_provider(line=LINE, text="Can we see the October figures before the 10th?")
        documents.add(
            _paper("Payroll summary", today, ("4 people", "paid on the 28th"), "pdf"),
            name="payroll-summary.pdf",
            line=LINE,
            document_class="payroll",
            source="portal",
        )


def _list(today: date) -> UUID:
    """A list that the client has begun to answer: a file, an answer, a confirmation."""
    made = lists.write(
        line=LINE,
        title="Before we close the month",
        message="With these three we can file your VAT return on time.",
        due_on=today + timedelta(days=5),
        wanted=[
            Wanted("file", "Invoice of the new oven", "The one with the VAT number on it."),
            Wanted("answer", "Who drives the delivery van?"),
            Wanted("confirmation", "Is the van used for business only?"),
        ],
    )
    lists.send(made, version=1)
    return made


def _give(listed: UUID, today: date) -> None:
    """Gives the first thing of the demo's list: a photographed invoice."""
    photo = _paper("Backofenbau Kern, invoice 2231", today, ("1 oven", "Total 4,998.00"), "png")
    first = list_queries.items(listed)[0]
    lists.give(first.id, files=[("oven.png", photo)])


def _ask(
    line: BankLine,
    text: str,
    *,
    chips: tuple[str, ...] = ("Supplies", "Wages", "Private"),
    wants_file: bool = False,
) -> UUID:
    (made,) = questions.ask(
        line=LINE,
        subject_type=SUBJECT,
        subject_ids=[line.id],
        text=text,
        chips=() if wants_file else chips,
        wants_file=wants_file,
    )
    return made


def _write(line: BankLine, text: str, audience: Audience) -> None:
    notes.write(
        line=LINE, subject_type=SUBJECT, subject_key=str(line.id), text=text, audience=audience
    )


def _receipt_rows(line: BankLine) -> tuple[str, ...]:
    amount = words.format_money(abs(line.amount.minor), line.amount.currency)
    return ("1 deposit", f"Total {amount}")


def _paper(title: str, on: date, rows: tuple[str, ...], kind: Kind) -> bytes:
    """A small paper with these words: a PDF, or a picture as a phone would take it."""
    plain = [_typed(one) for one in rows]
    source = _PAPER.format(
        width=74 if kind == "png" else 210,
        title=_typed(title),
        date=_typed(words.format_date(on)),
        rows=" \\\n".join(plain),
    )
    return typst.compile(source.encode(), format=kind, ppi=160.0)


def _typed(text: str) -> str:
    """A text as typst shows it, with nothing that it would read as its own marks."""
    return "".join(f"\\u{{{ord(sign):x}}}" if not sign.isalnum() else sign for sign in text)
