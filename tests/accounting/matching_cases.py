"""Seeded bank lines with what they truly are: firms, parties, and the noise of real payments."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import UUID

from app.accounting.matching import coded
from app.accounting.matching import text as texts
from app.accounting.matching.parties import Alias
from app.accounting.matching.prepared import Known
from app.accounting.matching.values import (
    Entry,
    Line,
    OpenItem,
    OwnAccount,
    Past,
    Rule,
    Suggestion,
)

START = dt.date(2026, 5, 1)
_FIRST = (
    "Anna Bernd Clara Dieter Eva Frank Greta Hans Ines Jonas Karin Lars Maria Nils Olga Paul Rosa"
    " Stefan Tina Ulrich Vera Willem Yusuf Zoe Émile François Søren Jürgen Łukasz"
).split()
_LAST = (
    "Müller Schmidt Weber Fischer Jansen Bakker Dubois Moreau Rossi Novak Kowalski Hansen Berg"
    " Lindqvist Meyer Schneider Walsh Carter Brooks Hayes Foster Greenfield Harrow Whitby Okafor"
).split()
_TRADES = (
    "Maschinenbau Logistics Studio Bakery Energy Insurance Telecom Software Travel Catering Paper"
    " Motors Textil Garden Clinic Print Media Security Estates Optik Consulting Möbel Metall"
).split()
_FORMS = ("GmbH", "Ltd", "B.V.", "SARL", "AG", "Inc.", "GmbH & Co. KG", "")
_SERIES: tuple[Callable[[int], str], ...] = (
    lambda n: f"GM-{20000 + n}",
    lambda n: f"RE 2026/{n:04d}",
    lambda n: f"INV{n:06d}",
    lambda n: f"2026-{n:05d}",
    lambda n: str(410_000 + n),
    lambda n: f"A{n:05d}B",
)
_PURPOSES = (
    "Rent {m}",
    "Monthly fee {m}",
    "Contract 77-{n} {m}",
    "SVWZ+Abschlag {m} Kundennr {n}",
    "Subscription {m}",
    "Versicherung Beitrag {m}",
)


@dataclass(frozen=True, slots=True)
class Truth:
    """What a line is: items settled, the entry, the opposite line, or where it is booked."""

    kind: str
    noise: str
    items: frozenset[tuple[UUID, int]] = frozenset()
    entry: UUID | None = None
    other: UUID | None = None
    account: UUID | None = None


@dataclass(slots=True)
class Party:
    """A customer or supplier."""

    id: UUID
    name: str
    account: str
    usual: int
    booked_to: UUID
    purpose: str
    known_account: bool
    style: float


@dataclass(slots=True)
class Firm:
    """One client's lines with their truth, and what is known when they are explained."""

    lines: list[Line] = field(default_factory=list)
    truth: dict[UUID, Truth] = field(default_factory=dict)
    known: Known = field(default_factory=Known)
    booked: list[tuple[Line, UUID]] = field(default_factory=list)
    """What was booked before, and to which account."""


@dataclass(slots=True)
class _Maker:
    chance: random.Random
    firm: Firm = field(default_factory=Firm)
    items: list[OpenItem] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)
    history: list[tuple[Line, UUID]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    seen: set[UUID] = field(default_factory=set)
    number: int = 0

    def id(self) -> UUID:
        """A random id."""
        return UUID(int=self.chance.getrandbits(128))


def firm(seed: int, *, lines: int = 100) -> Firm:
    """A firm of its own kind: names, number series, amounts and habits come from the seed."""
    make = _Maker(random.Random(seed))
    accounts = [make.id() for _ in range(20)]
    main = OwnAccount(make.id(), make.id(), "Main", "EUR", frozenset({"DE00MAIN"}))
    savings = OwnAccount(make.id(), make.id(), "Savings", "EUR", frozenset({"DE00SAVE"}))
    customers = [_party(make, accounts) for _ in range(make.chance.randint(5, 40))]
    suppliers = [_party(make, accounts) for _ in range(make.chance.randint(8, 30))]
    series = make.chance.choice(_SERIES)
    round_amounts = make.chance.random() < 0.4
    control, payable = make.id(), make.id()
    for party in customers:
        for _ in range(make.chance.randint(0, 5)):
            _item(make, party, series, control, round_amounts)
    for party in suppliers[: len(suppliers) // 3]:
        for _ in range(make.chance.randint(0, 3)):
            _item(make, party, _SERIES[4], payable, round_amounts, owed=True)
    for party in suppliers:
        _past(make, party, main, accounts)
    _rules(make, suppliers)
    open_ = list(make.items)
    make.chance.shuffle(open_)
    by_id = {one.id: one for one in (*customers, *suppliers)}
    while len(make.firm.lines) < lines:
        _line(make, main, savings, open_, by_id, suppliers, accounts)
    make.firm.booked = make.history
    make.firm.known = Known(
        items=make.items,
        entries=make.entries,
        accounts=(main, savings),
        rules=make.rules,
        past=_counted(make.history),
        aliases=make.aliases,
    )
    return make.firm


def right(suggestion: Suggestion, truth: Truth) -> bool:
    """Whether accepting the suggestion would do what is true."""
    if suggestion.kind == "open_item":
        shares = frozenset((one.entry_id, one.no) for one in suggestion.open_items)
        return truth.kind == "item" and shares == truth.items
    if suggestion.kind == "entry":
        return truth.kind == "entry" and suggestion.entry_id == truth.entry
    if suggestion.kind == "transfer":
        return truth.kind == "transfer" and suggestion.other_line_id == truth.other
    assert suggestion.coding is not None
    return truth.kind == "account" and suggestion.coding.parts[0].account_id == truth.account


def party_key(counterparty: str | None, text: str) -> str | None:
    """What app.party_key makes of a line, near enough."""
    words = texts.words(texts.fold(counterparty or text[:200]))
    return " ".join(w for w in words if w.isalpha())[:60] or None


def _party(make: _Maker, accounts: list[UUID]) -> Party:
    pick = make.chance.choice
    person = make.chance.random() < 0.25
    name = ""
    while not name or texts.name(name) in make.names:
        name = (
            f"{pick(_FIRST)} {pick(_LAST)}"
            if person
            else f"{pick(_LAST)} {pick(_TRADES)} {pick(_FORMS)}".strip()
        )
    make.names.add(texts.name(name))
    found = Party(
        make.id(),
        name,
        f"NL{make.chance.randrange(10**16):016d}",
        make.chance.randint(900, 250_000),
        pick(accounts),
        pick(_PURPOSES),
        make.chance.random() < 0.5,
        make.chance.random(),
    )
    if found.known_account:
        make.aliases.append(Alias(found.id, "iban", found.account))
    return found


def _amount(make: _Maker, round_amounts: bool) -> int:
    if round_amounts:
        return make.chance.choice((5_000, 10_000, 12_000, 25_000, 50_000, 100_000))
    return make.chance.randint(1_500, 900_000)


def _item(
    make: _Maker,
    party: Party,
    series: Callable[[int], str],
    control: UUID,
    round_amounts: bool,
    *,
    owed: bool = False,
) -> None:
    make.number += make.chance.randint(1, 3)
    on = START - dt.timedelta(days=make.chance.randint(1, 90))
    amount = _amount(make, round_amounts)
    make.items.append(
        OpenItem(
            make.id(),
            1,
            control,
            party.id,
            party.name,
            "payable" if owed else "receivable",
            on,
            on + dt.timedelta(days=30),
            series(make.number),
            "EUR",
            -amount if owed else amount,
        )
    )


def _past(make: _Maker, party: Party, main: OwnAccount, accounts: list[UUID]) -> None:
    """What was booked for a supplier; some are booked now so, now otherwise."""
    mixed, second = make.chance.random() < 0.2, make.chance.choice(accounts)
    for month in range(make.chance.choice((0, 1, 2, 3, 5, 8, 12))):
        to = second if mixed and make.chance.random() < 0.3 else party.booked_to
        on = START - dt.timedelta(days=30 * (month + 1))
        make.seen.add(party.id)
        make.history.append((_written(make, main, party, -_near(make, party), on), to))


def _near(make: _Maker, party: Party) -> int:
    return party.usual + make.chance.randint(0, party.usual // 5)


def _rules(make: _Maker, suppliers: list[Party]) -> None:
    for number, party in enumerate(suppliers):
        if make.chance.random() < 0.15:
            words = party.name.split()
            make.rules.append(
                Rule(
                    make.id(),
                    f"Rule {number}",
                    number,
                    party.booked_to,
                    direction="out",
                    party_pattern=" ".join(words[:2]).casefold(),
                )
            )


def _counted(history: list[tuple[Line, UUID]]) -> list[Past]:
    found: dict[tuple[str, bool, UUID], list[Line]] = defaultdict(list)
    for line, account in history:
        for party in (line.party_key, line.counterparty_account, coded.beginning(line)):
            if party:
                found[party, line.amount_minor > 0, account].append(line)
    return [
        Past(
            party,
            incoming,
            len(lines),
            account,
            least_minor=min(abs(one.amount_minor) for one in lines),
            most_minor=max(abs(one.amount_minor) for one in lines),
            last_on=max(one.booked_on for one in lines),
            texts=tuple(one.text for one in lines[:5]),
        )
        for (party, incoming, account), lines in found.items()
    ]


def _written(
    make: _Maker,
    account: OwnAccount,
    party: Party,
    amount: int,
    on: dt.date,
    text: str | None = None,
) -> Line:
    """A line as a bank writes it: names in capitals, cut, or missing; numbers now and then."""
    said = text or party.purpose.format(m=f"{on:%m/%Y}", n=party.usual)
    name: str | None = party.name
    style = party.style if make.chance.random() < 0.85 else make.chance.random()
    if style < 0.3:
        name = party.name.upper()
    elif style < 0.5:
        name = party.name[: make.chance.choice((14, 22, 27))].upper()
    elif style < 0.58:
        name, said = None, f"{said} {party.name}"
    number = party.account if make.chance.random() < 0.7 else None
    return Line(
        make.id(),
        account.id,
        account.account_id,
        on,
        amount,
        "EUR",
        counterparty=name,
        counterparty_account=number,
        text=said,
        party_key=party_key(name, said),
    )


def _cites(make: _Maker, reference: str) -> tuple[str, str]:
    """A text that names a number as payers do, and what kind of noise that is."""
    kind = make.chance.choice(("exact", "exact", "blanks", "digits", "none", "swapped", "cut"))
    if kind == "blanks":
        return f"Rechnung {reference.replace('-', ' ').replace('/', ' ')}", kind
    if kind == "digits":
        return "Zahlung " + "".join(s if s.isdigit() else " " for s in reference).strip(), kind
    if kind == "none":
        return "Thank you", kind
    if kind == "swapped":
        slip = f"{reference[:-2]}{reference[-1]}{reference[-2]}"
        if all(one.reference != slip for one in make.items):
            return f"Invoice {slip}", kind
    if kind == "cut":
        return f"Payment of your invoice {reference[: len(reference) - 2]}", kind
    return f"EREF+NOTPROVIDED SVWZ+Invoice {reference}", kind


def _line(
    make: _Maker,
    main: OwnAccount,
    savings: OwnAccount,
    open_: list[OpenItem],
    by_id: dict[UUID, Party],
    suppliers: list[Party],
    accounts: list[UUID],
) -> None:
    on = START + dt.timedelta(days=make.chance.randint(0, 27))
    kind = make.chance.random()
    if kind < 0.4 and open_:
        _paying(make, main, open_, by_id, on)
    elif kind < 0.75:
        _regular(make, main, make.chance.choice(suppliers), on)
    elif kind < 0.8:
        _transfer(make, main, savings, on)
    elif kind < 0.88:
        _waiting(make, main, make.chance.choice(suppliers), on)
    else:
        _stranger(make, main, on, accounts)


def _add(make: _Maker, line: Line, truth: Truth) -> None:
    make.firm.lines.append(line)
    make.firm.truth[line.id] = truth


def _paying(
    make: _Maker,
    main: OwnAccount,
    open_: list[OpenItem],
    by_id: dict[UUID, Party],
    on: dt.date,
) -> None:
    """Somebody pays: one item, several, a part, less a fee, twice, or for somebody else."""
    item = open_.pop()
    party = by_id[item.counterparty_id]
    text, noise = _cites(make, item.reference or "")
    amount, key = item.residual_minor, frozenset({item.key})
    way = make.chance.random()
    same = [one for one in open_ if one.counterparty_id == item.counterparty_id]
    if way < 0.12 and same:
        return _several(make, main, open_, [item, *same[:2]], party, on)
    if way < 0.2:
        half = amount // 2 + make.chance.randint(1, 99)
        for part in (half, amount - half):
            line = _written(make, main, party, part, on, text)
            _add(make, line, Truth("item", f"split-{noise}", items=key))
        return None
    if way < 0.26:
        line = _written(make, main, party, amount - 250 if amount > 0 else amount, on, text)
        return _add(make, line, Truth("item", f"fee-{noise}", items=key))
    if way < 0.31:
        for _ in range(2):  # paid twice: nobody can say which of them is the one too many
            line = _written(make, main, party, amount, on, text)
            _add(make, line, Truth("item", f"twice-{noise}", items=key))
        return None
    if way < 0.36:  # an item settled long ago is paid once more
        make.number += 1
        gone = (item.reference or "")[:-3] + f"{make.chance.randint(100, 999)}"
        line = _written(make, main, party, amount, on, f"Invoice {gone}")
        return _add(make, line, Truth("unknown", "paid-again"))
    payer = replace(party, name=f"{make.chance.choice(_LAST)} Holding") if way < 0.41 else party
    line = _written(make, main, payer, amount, on, text)
    return _add(make, line, Truth("item", f"one-{noise}", items=key))


def _several(
    make: _Maker,
    main: OwnAccount,
    open_: list[OpenItem],
    items: list[OpenItem],
    party: Party,
    on: dt.date,
) -> None:
    for one in items[1:]:
        open_.remove(one)
    cited = make.chance.random() < 0.6
    text = " ".join(one.reference or "" for one in items) if cited else "Statement, thank you"
    line = _written(make, main, party, sum(one.residual_minor for one in items), on, text)
    keys = frozenset(one.key for one in items)
    _add(make, line, Truth("item", "several-cited" if cited else "several", items=keys))


def _regular(make: _Maker, main: OwnAccount, party: Party, on: dt.date) -> None:
    """What comes every month; now and then it is something else, or comes back."""
    way = make.chance.random()
    if way < 0.06:
        line = _written(make, main, party, -party.usual * 9, on, "Purchase of a machine")
        return _add(make, line, Truth("unknown", "unusual"))
    if way < 0.1:
        line = _written(make, main, party, party.usual, on, "Refund")
        return _add(make, line, Truth("unknown", "refund"))
    line = _written(make, main, party, -_near(make, party), on)
    if party.id not in make.seen:
        return _add(make, line, Truth("unknown", "never seen"))
    return _add(make, line, Truth("account", "regular", account=party.booked_to))


def _transfer(make: _Maker, main: OwnAccount, savings: OwnAccount, on: dt.date) -> None:
    amount = make.chance.choice((10_000, 50_000, 123_400, 100_000))
    numbered = make.chance.random() < 0.6
    later = on + dt.timedelta(days=make.chance.randint(0, 2))
    out = _own(make, main, on, -amount, "DE00SAVE" if numbered else None)
    into = _own(make, savings, later, amount, "DE00MAIN" if numbered else None)
    _add(make, out, Truth("transfer", "transfer", other=into.id))
    _add(make, into, Truth("transfer", "transfer", other=out.id))


def _own(make: _Maker, account: OwnAccount, on: dt.date, amount: int, number: str | None) -> Line:
    return Line(
        make.id(),
        account.id,
        account.account_id,
        on,
        amount,
        "EUR",
        counterparty="Own Firm Ltd",
        counterparty_account=number,
        text="Umbuchung",
        party_key="own firm ltd",
    )


def _waiting(make: _Maker, main: OwnAccount, party: Party, on: dt.date) -> None:
    """An entry that waits for its line, sometimes beside another of the same amount."""
    amount = -make.chance.randint(2_000, 300_000)
    before = on - dt.timedelta(days=make.chance.randint(0, 6))
    entry = Entry(make.id(), main.account_id, before, amount, "EUR", "GEN 2026/1", party.name)
    make.entries.append(entry)
    line = _written(make, main, party, amount, on)
    if make.chance.random() < 0.25:
        make.entries.append(replace(entry, id=make.id(), description="Somebody Else entirely"))
    _add(make, line, Truth("entry", "entry", entry=entry.id))


def _stranger(make: _Maker, main: OwnAccount, on: dt.date, accounts: list[UUID]) -> None:
    """Nobody knows them; now and then their amount is that of an open item."""
    party = _party(make, accounts)
    amount = -make.chance.randint(500, 90_000)
    if make.items and make.chance.random() < 0.5:
        amount = make.chance.choice(make.items).residual_minor
    line = _written(make, main, party, amount, on, "Purchase 4711")
    _add(make, line, Truth("unknown", "stranger"))


def judge(
    count: Counter[str],
    noise: Counter[tuple[str, str]],
    truth: Truth,
    listed: tuple[Suggestion, ...],
) -> None:
    """Counts how one line's suggestions did: `unknown` lines are right with nothing certain."""
    count["lines"] += 1
    first = listed[0] if listed else None
    if first is not None and first.certainty == "certain":
        good = right(first, truth)
        count["certain"] += 1
        count["certain-right"] += good
        if not good:
            noise["certain and wrong", f"{truth.noise} as {first.kind}"] += 1
    if truth.kind == "unknown":
        return
    count["known"] += 1
    places = [right(one, truth) for one in listed]
    count["first"] += places[:1] == [True]
    count["third"] += any(places[:3])
    noise["lines", truth.noise] += 1
    noise["first right", truth.noise] += places[:1] == [True]
    noise["certain", truth.noise] += first is not None and first.certainty == "certain"


def told(count: Counter[str], noise: Counter[tuple[str, str]]) -> list[str]:
    """The figures in words, then each kind of noise."""
    known, sure = max(count["known"], 1), max(count["certain"], 1)
    found = [
        f"{count['lines']:,} lines, {count['known']:,} with a truth to be found",
        f"certain: {count['certain']:,}, right {count['certain-right'] / sure:.4%}",
        f"first right {count['first'] / known:.2%}, in the first 3 {count['third'] / known:.2%}",
    ]
    kinds = sorted({kind for what, kind in noise if what == "lines"})
    found += [
        f"  {kind:<16} {noise['lines', kind]:>6,} lines, first right"
        f" {noise['first right', kind] / noise['lines', kind]:>7.1%}, certain"
        f" {noise['certain', kind] / noise['lines', kind]:>7.1%}"
        for kind in kinds
    ]
    wrong = [(kind, n) for (what, kind), n in noise.items() if what == "certain and wrong"]
    return found + [f"  certain and wrong: {kind}: {n}" for kind, n in sorted(wrong)]
