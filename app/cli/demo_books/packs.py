"""Report packs of the demo: two months published with words, and one that changed since."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from app.accounting import commands, queries
from app.accounting.ledger import PostingInput
from app.kernel import registry
from app.kernel.registry import ReportDefinition
from app.reports import pack_commands, remarks
from app.reports.document import Report, RowKind
from app.reports.pack_commands import Draft, Part
from app.reports.period import month_end, months_before

PUBLISHED_BACK = (2, 1)
LATE = 23_750  # an insurance bill that came after its month had been published


def publish(*, firm: str, ledger: dict[str, str], accounts: dict[str, UUID], today: date) -> None:
    """Makes and publishes a pack for each of the last two months, then posts into the first."""
    for back in PUBLISHED_BACK:
        first = months_before(today, back)
        _one(firm, first, month_end(first))
    _late_bill(ledger, accounts, month_end(months_before(today, PUBLISHED_BACK[0])))


def _one(firm: str, first: date, last: date) -> None:
    parts = (
        Part("profit-and-loss", "previous", True, "Income first, then what it cost to earn it."),
        Part("balance-sheet", "previous", False, "What you own, what you owe, what is yours."),
        Part("cash-flow", "previous", False, "Why the bank did not move as much as the profit."),
    )
    draft = Draft(f"{first:%B %Y}", first, last, parts, _words(firm, first))
    made = pack_commands.create_pack(draft, line="accounting")
    chapters = []
    for part in parts:
        report = _built(part, first, last)
        _note(report)
        chapters.append((remarks.frozen(report), part.words))
    pack_commands.publish_pack(made, chapters, line="accounting", version=1)


def _built(part: Part, first: date, last: date) -> Report:
    found = registry.current().all(ReportDefinition)
    definition = next(one for one in found if one.key == part.key)
    asked = f"{part.comparison},share" if part.share else part.comparison
    report: Report = definition.build(first, last, asked)
    return report


def _words(firm: str, month: date) -> str:
    return (
        f"Dear {firm},\n\nthe books of **{month:%B %Y}** are complete but for the lines we still"
        " ask you about. In short:\n\n"
        "- Income and costs stand side by side with the month before.\n"
        "- The largest cost has a note beside it.\n"
        "- Ask at any figure: touch it, and write to us there.\n"
    )


def _note(report: Report) -> None:
    """A note at the largest cost, for the client; at the money, for the team."""
    cell = report.columns[0].cell
    if report.key == "profit-and-loss":
        costs = [one for one in report.rows if one.kind is RowKind.FIGURE and one.good_up is False]
        if costs:
            most = max(costs, key=lambda one: one.amounts[0] or 0)
            text = "Your largest cost of the month. It follows the volume, so nothing is wrong."
            key = remarks.key_of(report.key, most.key, cell)
            remarks.write(line="accounting", key=key, text=text, audience="client")
    if report.key == "balance-sheet":
        key = remarks.key_of(report.key, "money", cell)
        text = "Agreed with the bank's own closing balance."
        remarks.write(line="accounting", key=key, text=text, audience="team")


def _late_bill(ledger: dict[str, str], accounts: dict[str, UUID], last: date) -> None:
    """What makes the first pack read "changed since published"."""
    base = queries.book().base_currency
    commands.post_entry(
        journal="GEN",
        date=last,
        description="Insurance bill that came late",
        postings=[
            PostingInput(accounts[ledger["insurance"]], LATE, base),
            PostingInput(accounts[ledger["prepaid"]], -LATE, base),
        ],
        key="demo:late-insurance",
    )
