"""What the reasons of suggestions say, in the reader's language when they are shown."""

from __future__ import annotations

from typing import Any

from app.accounting.matching.values import Reason
from app.kernel import words
from app.kernel.words import _

_TEXTS: dict[str, Any] = {
    "kept": _("Coded by %(who)s while pending"),
    "entry": _("Already in the books: %(label)s"),
    "entries": _("%(count)s entries in the books: %(labels)s"),
    "entry-of-two-lines": _("%(label)s with one other line"),
    "entry-of-lines": _("%(label)s with %(others)s other lines"),
    "item-receivable": _("Open invoice %(reference)s"),
    "item-payable": _("Open bill %(reference)s"),
    "item-part-receivable": _("Part of open invoice %(reference)s"),
    "item-part-payable": _("Part of open bill %(reference)s"),
    "item-difference-receivable": _("Open invoice %(reference)s, difference %(difference)s"),
    "item-difference-payable": _("Open bill %(reference)s, difference %(difference)s"),
    "item-foreign-receivable": _(
        "Open invoice %(reference)s over %(open)s, exchange difference %(exchange)s"
    ),
    "item-foreign-payable": _(
        "Open bill %(reference)s over %(open)s, exchange difference %(exchange)s"
    ),
    "item-foreign-fee-receivable": _(
        "Open invoice %(reference)s over %(open)s, bank fee %(fee)s,"
        " exchange difference %(exchange)s"
    ),
    "item-foreign-fee-payable": _(
        "Open bill %(reference)s over %(open)s, bank fee %(fee)s, exchange difference %(exchange)s"
    ),
    "items-receivable": _("%(count)s open invoices: %(references)s"),
    "items-payable": _("%(count)s open bills: %(references)s"),
    "items-difference-receivable": _(
        "%(count)s open invoices: %(references)s, difference %(difference)s"
    ),
    "items-difference-payable": _(
        "%(count)s open bills: %(references)s, difference %(difference)s"
    ),
    "payout": _("%(processor)s payout: %(count)s open invoices, fee %(fee)s"),
    "payout-entries": _("%(processor)s payout: %(count)s entries in the books, fee %(fee)s"),
    "transfer-line": _("Same amount on %(account)s on %(day)s"),
    "transfer-account": _("Your own account %(account)s"),
    "rule": _("Rule %(number)s: %(name)s"),
    "memory": _("%(times)s of %(of)s times"),
}
_DETAILS: dict[str, Any] = {
    "because-kept-resized": _("The amount was %(before)s while pending"),
    "because-kept-split": _(
        "The amount was %(before)s while pending: the parts no longer add up, the largest takes"
        " the difference"
    ),
    "because-kept-archived": _("An account, tax code or dimension of it is archived by now"),
    "because-ref-structured": _("The payment reference is this document's"),
    "because-ref-exact": _("The line cites the number"),
    "because-ref-digits": _("The line cites the digits of the number"),
    "because-ref-swapped": _("The line cites the number with two signs swapped"),
    "because-ref-cut": _("The line cites the beginning of the number"),
    "because-ref-another": _("The line cites another number"),
    "because-amount-equal": _("Same amount"),
    "because-amount-explained": _("A usual discount or fee explains the difference"),
    "because-amount-part": _("Less than what is open"),
    "because-amount-over": _("More than what is open"),
    "because-fx-booked": _("Worth exactly what was booked"),
    "because-fx-day": _("The day's exchange rate explains the amount"),
    "because-fx-near": _("About the rate at which it was booked"),
    "because-fx-fee-told": _("The line names the bank's fee"),
    "because-fx-fee-left": _("A bank fee is what the day's exchange rate leaves"),
    "because-fx-fee-usual": _("The bank kept a fee of such payments before"),
    "because-name-alike": _("Same name"),
    "because-name-differs": _("Another name"),
    "because-account-same": _("Known account number"),
    "because-account-another": _("Account number of somebody else"),
    "because-account-new": _("An account number the party has not used before"),
    "because-date-before": _("Paid before it was booked"),
    "because-date-late": _("Paid long after it was due"),
    "because-date-old": _("Due more than a year ago"),
    "because-date-near": _("On the same day"),
    "because-rival": _("Others would fit as well"),
    "because-taken": _("Another line fits it better"),
    "because-group-shared": _("All lines of these days that share a word"),
    "because-group-some": _("Some of the lines of these days"),
    "because-group-chance": _("Other sums could hit it by chance"),
    "because-payout-own": _("Booked on the processor"),
    "because-payout-fee-usual": _("The fee is the usual share"),
    "because-payout-fee-unusual": _("The fee is not the usual share"),
    "because-payout-some": _("Some of these days' takings are left out"),
    "because-transfer-number": _("The number of your own account"),
    "because-transfer-word": _("Both lines speak of a transfer"),
    "because-days-apart": _("Days between them"),
    "because-rule-party": _("The rule names the party"),
    "because-rule-both": _("The rule names party and text"),
    "because-rule-amount": _("The rule names the amount"),
    "because-rule-confirmed": _("Lines like this were booked so before"),
    "because-rule-contradicted": _("Lines like this were booked otherwise before"),
    "because-rule-broad": _("The rule fits more than half of all lines"),
    "because-memory-times": _("Booked so before"),
    "because-memory-share": _("Sometimes booked otherwise"),
    "because-memory-amount-usual": _("A usual amount for this party"),
    "because-memory-amount-unusual": _("Unusual amount for this party"),
    "because-memory-text-unusual": _("Unusual text for this party"),
    "because-memory-account-new": _("An account number not seen before"),
}


def said(reason: Reason) -> str:
    """The words of a reason; amounts, days and counts as the reader writes them."""
    text = _TEXTS.get(reason.code) or _DETAILS.get(reason.code)
    if text is None:
        return reason.code
    return words.gettext(text.message, **_shown(reason.params)).strip()


def _shown(given: dict[str, Any]) -> dict[str, Any]:
    found = {
        name: words.format_number(value) if isinstance(value, int) else value
        for name, value in given.items()
    }
    if "difference_minor" in given:
        found["difference"] = words.format_money(given["difference_minor"], given["currency"])
    if "before_minor" in given:
        found["before"] = words.format_money(given["before_minor"], given["currency"])
    if "fee_minor" in given:
        found["fee"] = words.format_money(given["fee_minor"], given["currency"])
    if "open_minor" in given:
        found["open"] = words.format_money(abs(given["open_minor"]), given["open_currency"])
        found["exchange"] = words.format_money(given["exchange_minor"], given["base_currency"])
    if "booked_on" in given:
        found["day"] = words.format_day_month(given["booked_on"])
    if not given.get("reference", True):
        found["reference"] = given["counterparty"]
    if not given.get("references", True):
        found["references"] = given["counterparty"]
    return found


def declare() -> None:
    """Adds the words of the faults of rules."""
    words.declare_errors(
        {
            "rule-without-pattern": _(
                "Say which name or which text: without either the rule would hit every line."
            ),
            "rule-pattern-short": _(
                "Use at least %(least)s letters or digits: a shorter pattern hits nearly all lines."
            ),
        }
    )
