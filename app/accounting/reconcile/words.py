"""The words of the Reconcile screen: reasons, decisions, and what a difference is made of."""

from __future__ import annotations

from typing import Any

from app.accounting.matching import words as matching_words
from app.accounting.matching.values import Reason, Suggestion
from app.kernel import words
from app.kernel.words import _

DECIDED = {
    "person": _("By hand"),
    "suggestion": _("Suggestion accepted"),
    "certain_batch": _("Accepted with all certain"),
}
SHARES = {
    "to_do": _("Lines to do"),
    "skipped": _("Lines skipped"),
    "opening": _("Before the first line: opening balance, or missing statements"),
    "transfers": _("Transfers whose line has not come"),
    "entries": _("Entries without a line"),
    "reversed": _("Entries reversed on another day"),
    "later": _("Lines booked by an entry of a later day"),
}
TABS = {
    "to_do": _("To do"),
    "certain": _("Certain"),
    "papers": _("Needs document"),
    "asked": _("Asked"),
    "pending": _("Pending"),
    "skipped": _("Skipped"),
    "done": _("Done"),
}
ERRORS = {
    "bank-line-decided": _("%(who)s did this line meanwhile. Look at it again."),
    "bank-line-month-closed": _(
        "This line is done and its month is closed. Have the month reopened first."
    ),
    "bank-line-not-pending": _("The bank has booked this line meanwhile. Book it now."),
    "nothing-kept": _("No coding is kept for this line."),
    "nothing-to-repeat": _("There is no coding above to repeat. Choose an account."),
    "split-not-repeatable": _("The line above has parts of both signs. Code this one by hand."),
    "split-differs": _("The parts do not add up to the line. Leave one amount blank for the rest."),
    "split-blank-twice": _("Only one part can take the rest. Fill in the other amounts."),
    "split-part-zero": _("A part of nothing books nothing. Fill in an amount or clear the row."),
    "split-empty": _("Choose an account."),
    "split-too-many": _("A line has at most %(most)s parts."),
    "part-currency": _("All parts are in the line's currency, %(currency)s."),
    "not-a-sum": _("This cannot be worked out. Write it like 25%, 12*3 or 100+20."),
    "entry-amount-differs": _("The entry moves another amount on this bank account."),
    "entry-taken": _("Another bank line has this entry already."),
    "entries-needed": _("Choose 2 to %(most)s different entries."),
    "entries-or-lines": _("Name further entries or further lines, not both."),
    "lines-needed": _("Choose 2 to %(most)s lines."),
    "lines-of-one-account": _("The lines are of several bank accounts. Take those of one."),
    "entry-reversed": _("This entry has been reversed. Choose another."),
    "transfer-same-account": _("Choose another own account than the line's."),
    "transfer-line-needed": _(
        "The accounts are in different currencies. Import the other account's line first, "
        "then choose it."
    ),
    "transfer-amount-differs": _("The two lines are not the same money. Choose another line."),
    "items-one-currency": _("Settle items of one currency at a time: these are in %(currencies)s."),
    "items-foreign-side": _(
        "Settle invoices and credit notes of another currency one by one, in the line's direction."
    ),
    "items-foreign-rest": _(
        "The fee leaves nothing of the line for the items. Enter the fee that the bank kept."
    ),
    "items-needed": _("Choose 1 to %(most)s open items."),
    "suggestion-changed": _("The suggestion is not the same any more. Look at the line again."),
    "suggestion-incomplete": _("Code the difference first: a fee or a discount."),
    "certain-changed": _("There are %(count)s certain lines by now. Look at them, then accept."),
    "nothing-left-over": _("The open items are the whole line. Accept the suggestion."),
    "rule-hits-most": _(
        "The rule fits %(hits)s of %(tried)s lines. Say more about which, or tick that it may."
    ),
    "rule-amounts": _("The span ends before it begins."),
    "papers-asked-already": _("Nothing is left to ask for: these lines were asked about already."),
    "amount-out-of-range": _("Fill in an amount of zero or more."),
    "certain-running": _("The lines are still being booked. Wait until that is done."),
    "nothing-certain": _("No line is certain just now."),
}


def reason(why: Reason) -> str:
    """Why a suggestion is made."""
    return matching_words.said(why)


def what(suggestion: Suggestion, coding: str) -> str:
    """What accepting it would do."""
    if suggestion.kind == "transfer":
        return words.gettext("Transfer: %(account)s", account=coding)
    if suggestion.with_line_ids:
        return words.gettext("An entry in the books, with other lines")
    if suggestion.more_entry_ids:
        return words.gettext("Entries in the books")
    if suggestion.kind == "entry":
        return matched()
    return coding


def parts(first: str, more: int) -> str:
    """The first of several parts."""
    return words.ngettext("%(first)s and %(n)s more", "%(first)s and %(n)s more", more, first=first)


def matched() -> str:
    """A line that only points at an entry."""
    return words.gettext("An entry in the books")


def decided_by(by: str | None) -> Any:
    """How a decision came about."""
    return DECIDED.get(by or "", "")
