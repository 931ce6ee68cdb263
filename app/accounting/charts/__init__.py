"""Chart templates: the accounts and tax codes a new client's books start with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.accounting.charts import general, uk, us
from app.accounting.commands import AccountInput

TEMPLATES = ("general", "uk", "us")
_MODULES = {"general": general, "uk": uk, "us": us}


@dataclass(frozen=True, slots=True)
class Chart:
    """A template: its accounts, its tax codes as (code, name, rate), and their accounts' codes.

    `reverse_accounts`: by the code of a reverse charge where the tax owed is booked.
    """

    name: str
    accounts: tuple[AccountInput, ...]
    tax_codes: tuple[tuple[str, str, str], ...]
    tax_accounts: Mapping[str, str]
    reverse_accounts: Mapping[str, str]


def load(name: str) -> Chart:
    """A template by name; raises KeyError for an unknown one."""
    module = _MODULES[name]
    lines = [line for line in module.ACCOUNTS.splitlines() if line.strip()]
    accounts = tuple(_account(line) for line in lines)
    return Chart(name, accounts, module.TAX_CODES, module.TAX_ACCOUNTS, module.REVERSE_ACCOUNTS)


def _account(line: str) -> AccountInput:
    """One line `code | name | type | subtype | control | tax code`; the last two may be empty."""
    code, name, type_, subtype, *rest = (part.strip() for part in line.split("|"))
    control, tax_code = [*rest, "", ""][:2]
    return AccountInput(
        code=code,
        name=name,
        type=type_,
        subtype=subtype,
        control=control or None,
        tax_code=tax_code or None,
    )
