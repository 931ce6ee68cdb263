"""What a file calls its taxes, and the tax codes of the books they are taken for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from rapidfuzz import fuzz

from app.accounting.moving.accounts import Certainty, plain
from app.accounting.values import TaxCode

Side = Literal["sales", "purchases"]
_RATE = re.compile(r"(\d{1,2}(?:[.,]\d{1,4})?)\s*%")
_SALES = re.compile(r"sale|output|income|umsatz|\bust\b|verkauf|vente|venta|vendit|collect|omzet")
_PURCHASES = re.compile(
    r"purchase|input|expense|vorsteuer|\bvst\b|einkauf|achat|compra|acquist|deduct|reclaim|inkoop"
)
_REVERSE = re.compile(r"reverse|13b|autoliquid|inversi|verlegd|\brc\b")
_NO_TAX = re.compile(
    r"(no (vat|tax|gst)|none|outside( the)? scope.*|out of scope.*|bas excluded|keine( steuer)?|"
    r"not (reportable|applicable)|n/?a|-|0|oos|t9)"
)
# The keys that packages number their taxes with: Sage's T codes, DATEV's BU-Schlüssel.
_KEYS: Mapping[str, tuple[str, Side | None]] = {
    "2": ("0.07", "sales"),
    "3": ("0.19", "sales"),
    "8": ("0.07", "purchases"),
    "9": ("0.19", "purchases"),
    "t1": ("0.2", None),
    "t5": ("0.05", None),
    "t0": ("0", None),
    "t2": ("0", None),
}


@dataclass(frozen=True, slots=True)
class TaxTarget:
    """Which tax code a tax of the file becomes on one side, sales or purchases; None: no code."""

    source: str
    side: Side
    code: str | None
    certainty: Certainty
    postings: int = 0

    @property
    def key(self) -> str:
        """What it is remembered by."""
        return key_of(self.source, self.side)


def key_of(source: str, side: Side) -> str:
    """One name may stand for output tax on sales and for input tax on purchases."""
    return f"{plain(source) or source.casefold()}|{_rate_in(source) or ''}|{side}"


def tax_targets(
    found: Mapping[tuple[str, Side], int],
    codes: Sequence[TaxCode],
    remembered: Mapping[str, str | None],
) -> dict[tuple[str, Side], TaxTarget]:
    """The code of each name and side with how sure that is; `found` counts the postings."""
    living = {one.code for one in codes}
    targets: dict[tuple[str, Side], TaxTarget] = {}
    for (source, side), postings in found.items():
        key = key_of(source, side)
        kept = remembered.get(key)
        if key in remembered and (kept is None or kept in living):
            code, certainty = kept, "certain"
        else:
            code, certainty = _guess(source, side, codes)
        targets[source, side] = TaxTarget(source, side, code, certainty, postings)  # type: ignore[arg-type]  # words of Certainty
    return targets


def _guess(source: str, side: Side, codes: Sequence[TaxCode]) -> tuple[str | None, Certainty]:
    """The same name; else the same rate on the same side, the most alike by name."""
    name = source.casefold().strip()
    for one in codes:
        if _fits(one, side) and name in (one.code.casefold(), one.name.casefold()):
            return one.code, "certain"
    if _NO_TAX.fullmatch(name):
        return None, "likely"
    rate, said = _rate_and_side(name)
    if rate is None:
        return None, "unsure"
    reverse = bool(_REVERSE.search(name))
    same = [
        one
        for one in codes
        if Decimal(one.rate) == rate
        and (one.reverse_account_id is not None) == reverse
        and _fits(one, said or side)
    ]
    if not same:
        return None, "unsure"
    best = max(same, key=lambda one: fuzz.token_set_ratio(plain(name), plain(one.name)))
    return best.code, "likely" if len(same) == 1 or rate else "unsure"


def _rate_and_side(name: str) -> tuple[Decimal | None, Side | None]:
    if name in _KEYS:
        rate, side = _KEYS[name]
        return Decimal(rate), side
    if "zero" in name or "exempt" in name or "befreit" in name:
        return Decimal(0), None
    return _rate_in(name), _side_of(name)


def _rate_in(name: str) -> Decimal | None:
    found = _RATE.search(name)
    return Decimal(found[1].replace(",", ".")) / 100 if found else None


def _side_of(name: str) -> Side | None:
    if _PURCHASES.search(name):
        return "purchases"
    return "sales" if _SALES.search(name) else None


def _fits(code: TaxCode, side: Side) -> bool:
    """Whether a code may stand on a side: its name says the same, or nothing."""
    return _side_of(code.name.casefold()) in (None, side)


def side_of(type_: str, others: Iterable[str]) -> Side:
    """On which side a posting's tax stands: by its account, else by the rest of its entry."""
    if type_ == "expense":
        return "purchases"
    return "sales" if "income" in (type_, *others) else "purchases"
