"""What accounting offers beside a read paper: its bank line, and a draft entry."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for

from app.accounting import queries
from app.accounting.papers import queries as paper_queries
from app.accounting.papers import words as paper_words
from app.accounting.papers.fits import LineSide
from app.documents.readings import lots
from app.documents.readings.offers import Offer, PaperFacts, PaperOffers
from app.kernel import words
from app.kernel.words import _


def _offers(facts: PaperFacts) -> Sequence[Offer]:
    booked = paper_queries.booked(facts.document_id, source_type=paper_queries.source(facts.no))
    if booked is not None:
        return [
            Offer(
                _("Booked"),
                _("As entry %(label)s.", label=booked.label),
                "",
                _("Open the entry"),
                url_for("accounting.entry", entry_id=booked.id),
                "book-open",
                post=False,
                is_done=True,
            )
        ]
    line = paper_queries.linked_line(facts)
    if line is not None:
        return [_attached(line)]
    return [*_lines(facts), *_draft(facts)]


def _attached(line: LineSide) -> Offer:
    return Offer(
        _("Attached to its bank line"),
        _told(line),
        "",
        _("Open the line"),
        url_for("accounting_reconcile.line", line_id=line.id),
        "link",
        post=False,
        is_done=True,
    )


def _lines(facts: PaperFacts) -> list[Offer]:
    return [
        Offer(
            _("A bank line fits"),
            _told(line),
            paper_words.reason(found),
            _("Attach it"),
            url_for(
                "accounting_papers.attach",
                document_id=facts.document_id,
                **lots.named(facts.no),
            ),
            "landmark",
            values={"line_id": str(line.id)},
        )
        for found, line in paper_queries.lines_for(facts)
    ]


def _draft(facts: PaperFacts) -> list[Offer]:
    if not (facts.total or facts.payable):
        return []
    if facts.currency and facts.currency != queries.book().base_currency:
        return [_by_hand(facts.currency)]
    if not facts.currency:
        return []
    return [
        Offer(
            _("Book it as what is owed"),
            _("A draft with cost, tax and what is owed to the supplier, as it was last booked."),
            "",
            _("Draft an entry"),
            url_for(
                "accounting_papers.entry",
                document_id=facts.document_id,
                **lots.named(facts.no),
            ),
            "book-open",
            post=False,
        )
    ]


def _by_hand(currency: str) -> Offer:
    """What is no draft of ours says why, and where an entry is written instead."""
    return Offer(
        _("Book it by hand"),
        words.error_text("paper-foreign", {"currency": currency}),
        "",
        _("Write an entry"),
        url_for("accounting.new_entry"),
        "book-open",
        post=False,
    )


def _told(line: LineSide) -> str:
    amount = words.format_money(line.amount_minor, line.currency)
    who = line.counterparty or line.text
    return f"{words.format_date(line.booked_on)} · {who[:60]} · {amount}"


OFFERS = PaperOffers("accounting", "accounting", "accounting.read", _offers)
