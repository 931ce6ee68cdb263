"""A hundred lines by keyboard with twenty tempting wrong suggestions among them: keys are counted.

The lines and what is right for each are written here, by hand and without a look at how suggestions
are made. The run presses keys in a real browser as a bookkeeper would: what is certain is accepted
after its count was seen, then line by line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import expect
from werkzeug.serving import make_server

from app.accounting import commands
from app.accounting.bank import commands as bank_commands
from app.accounting.bank.commands import AccountCoding
from app.accounting.ledger import PostingInput
from app.accounting.rules import commands as rule_commands
from app.accounting.rules.commands import RuleInput
from tests.accounting import reconcile_scene
from tests.accounting.reconcile_scene import MAIN, SAVINGS, Scene
from tests.accounting.test_bank import upload
from tests.serving import serving
from tests.web.browser import browser

__all__ = ["browser"]

MOST_KEYS = 185


@dataclass(frozen=True, slots=True)
class Case:
    """A line to do with what is right for it.

    `right` is an account's code, a document's number, `transfer`, `ask`, or two codes with the
    first's share for a split. `planted` says what tempts.
    """

    name: str
    text: str
    cents: int
    right: str
    planted: str = ""
    iban: str = ""


@dataclass(slots=True)
class World:
    """What is known before the hundred lines come."""

    past: list[Case] = field(default_factory=list)
    bills: list[tuple[str, str, int]] = field(default_factory=list)  # who, number, cents
    invoices: list[tuple[str, str, int]] = field(default_factory=list)
    lines: list[Case] = field(default_factory=list)


def world() -> World:
    """The hundred lines, their past and the open documents."""
    made = World()
    _documents(made)
    _habits(made)
    _planted(made)
    for place in range(5):
        amount = -(60_000 + place * 1_700)
        made.lines.append(Case("Eigen rekening", f"Spaarstorting {place}", amount, "transfer"))
    for place in range(5):
        made.lines.append(Case("", f"CHECK {2071 + place * 7}", -(7_130 + place * 911), "ask"))
    for place, shop in enumerate(("Hyperstore", "Bouwmarkt Oost", "Cash and Carry")):
        amount = -(20_000 + place * 4_000)
        made.lines.append(Case(shop, "mixed basket", amount, "5000 6900 25%"))
    return made


def _documents(made: World) -> None:
    """Forty lines that cite the number of what they pay, to the cent."""
    for place in range(25):
        who, number = f"Klant {_word(place)} BV", f"INV-26{place + 101}"
        cents = 31_000 + place * 1_373
        made.invoices.append((who, number, cents))
        made.lines.append(Case(who, f"Invoice {number}", cents, number))
    for place in range(15):
        who, number = f"{_word(place + 30)} Supplies", f"GR-88{place + 411}"
        cents = 14_500 + place * 2_911
        made.bills.append((who, number, cents))
        made.lines.append(Case(who, f"Payment of {number}", -cents, number))


def _habits(made: World) -> None:
    """Parties that were always booked the same way, some by a rule: twenty lines and seven."""
    parties = [
        ("Stadtwerke Nord", "Strom Abschlag", "6200", 8_900),
        ("Telekom Mobil", "Rechnung Mobilfunk", "6400", 4_995),
        ("Golden Mill", "flour delivery", "5000", 22_000),
        ("Vermieter Hafenhaus", "Miete Laden", "6100", 120_000),
        ("Lohnbüro Klein", "Lohnabrechnung", "6500", 9_900),
    ]
    for name, text, code, cents in parties:
        for place in range(8):
            made.past.append(Case(name, f"{text} {place + 1}", -(cents + place * 10), code))
        for place in range(4):
            made.lines.append(Case(name, f"{text} {place + 9}", -(cents + 80 + place * 10), code))
    for name, cents in (("Kiosk am Ring", 1_250), ("Taxi Blau", 2_310)):
        for place in range(4):
            code = "6900" if name.startswith("Kiosk") else "6600"
            made.past.append(Case(name, f"{name} {place}", -(cents + place * 35), code))
        for place in range(4 if name.startswith("Kiosk") else 3):
            made.lines.append(Case(name, f"{name} {place + 5}", -(cents + place * 60), code))


def _planted(made: World) -> None:
    """Twenty lines whose nearest explanation is wrong."""
    for place in range(4):  # the amount of somebody else's open bill
        cents = 84_000 + place * 1_111
        made.bills.append((f"Stone Timber {place}", f"ST-{7001 + place}", cents))
        made.lines.append(
            Case(f"Brook Paper {_word(place)}", "office order", -cents, "6300", "same amount")
        )
    for place in range(4):  # nearly the name of a rule and of a habit
        name = ("Golden Millinery", "Goldener Mühlstein", "Golden Mile Cafe", "Golden Miller Art")
        made.lines.append(Case(name[place], "card", -(3_300 + place * 70), "6600", "near name"))
    for place in range(2):  # a bill paid twice: the second is nobody's
        who, number, cents = f"Doppel {_word(place)}", f"DP-{510 + place}", 45_600 + place * 999
        made.bills.append((who, number, cents))
        made.lines.append(Case(who, f"Payment {number}", -cents, number, "duplicate"))
        made.lines.append(Case(who, f"Payment {number}", -cents, "1150", "duplicate"))
    for place in range(4):  # always cash sales, but now an invoice is open
        who, number = f"Stammkunde {_word(place)}", f"INV-27{place + 501}"
        for back in range(6):
            made.past.append(Case(who, f"Einkauf {back}", 5_000 + back * 100, "4000"))
        made.invoices.append((who, number, 7_700 + place * 310))
        made.lines.append(Case(who, "Überweisung", 7_700 + place * 310, number, "memory"))
    for place, code in enumerate(("6300", "6600", "6900", "5000")):  # the rule `payment`
        who = ("Druckerei Falk", "Hotel Post", "Blumen Rosa", "Bäko Zentrale")[place]
        made.lines.append(Case(who, f"payment order {place}", -(9_100 + place * 57), code, "wide"))


def _word(place: int) -> str:
    """A name that no other begins with."""
    first = ("Ahorn", "Birke", "Ceder", "Distel", "Esche", "Fichte", "Ginster", "Hasel")
    last = ("berg", "feld", "hof", "kamp", "stein", "tal")
    return first[place % 8] + last[place // 8 % 6]


def statement(cases: Sequence[Case], *, number: str, start: dt.date) -> bytes:
    """An MT940 file of these lines, four a day."""
    lines = [f":20:S\n:25:{number}\n:28C:1\n:60F:C260101EUR0,00\n"]
    for place, case in enumerate(cases):
        day = (start + dt.timedelta(days=place // 4)).strftime("%y%m%d")
        sign = "D" if case.cents < 0 else "C"
        amount = f"{abs(case.cents) // 100},{abs(case.cents) % 100:02d}"
        name = f"?32{case.name[:27]}" if case.name else ""
        lines.append(f":61:{day}{sign}{amount}NTRFNONREF//B{place:05d}\n")
        lines.append(f":86:166?20{case.text}{name}\n")
    return ("".join(lines) + "-\n").encode()


def arrange(app: Flask, worker_app: Flask, admin: psycopg.Connection, made: World) -> Scene:
    """Books in which all that is so, with the hundred lines to do."""
    scene = reconcile_scene.make(app, worker_app, admin, rows=())
    accounts = scene.books.accounts
    contacts: dict[str, UUID] = {}
    with scene.books.open():
        for name, code, pattern in (
            ("Mobile", "6400", "telekom mobil"),
            ("Rent", "6100", "vermieter hafenhaus"),
            ("Payments", "6900", ""),
        ):
            rule = RuleInput(
                name,
                accounts[code],
                party_pattern=pattern or None,
                text_pattern=None if pattern else "payment",
                direction="out",
            )
            rule_commands.create_rule(rule)
        for control, sign, documents in (("1100", 1, made.invoices), ("2000", -1, made.bills)):
            for place, (who, number, cents) in enumerate(documents):
                if who not in contacts:
                    contacts[who] = commands.create_counterparty(name=who)
                _open(accounts, control, sign * cents, contacts[who], number, place)
    past = statement(made.past, number=MAIN, start=dt.date(2026, 1, 5))
    upload(scene.books, past, "past.sta")
    by_text = {(case.name, case.text, case.cents): case for case in made.past}
    found = scene.lines("to_do")
    with scene.books.open():
        for line in found:
            case = by_text[line.counterparty or "", line.text, line.amount_minor]
            bank_commands.book_line(
                line_id=line.id, version=line.version, coding=AccountCoding(accounts[case.right])
            )
    upload(scene.books, statement(made.lines, number=MAIN, start=dt.date(2026, 3, 2)), "march.sta")
    moves = [Case("", "Ingang", -case.cents, "") for case in made.lines if case.right == "transfer"]
    upload(scene.books, statement(moves, number=SAVINGS, start=dt.date(2026, 3, 22)), "sav.sta")
    return scene


def _open(
    accounts: dict[str, UUID], control: str, cents: int, who: UUID, number: str, place: int
) -> None:
    other = accounts["4000" if cents > 0 else "5000"]
    commands.post_entry(
        journal="GEN",
        date=dt.date(2026, 2, 2 + place % 20),
        description=number,
        postings=(
            PostingInput(accounts[control], cents, "EUR", counterparty_id=who, memo=number),
            PostingInput(other, -cents, "EUR"),
        ),
        key=f"document:{number}",
    )


@dataclass(slots=True)
class Typist:
    """Presses keys and counts them."""

    page: Any
    keys: int = 0

    def press(self, *names: str) -> None:
        """One key each; with Shift held it is two."""
        for name in names:
            self.keys += 1 + name.startswith("Shift+")
            self.page.keyboard.press(name)

    def write(self, text: str) -> None:
        """One key a letter."""
        self.keys += len(text)
        self.page.keyboard.type(text)


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """The application on a port of its own."""
    made = make_server("localhost", 0, app, threaded=True)
    with serving(made):
        yield f"http://localhost:{made.port}"


def test_a_hundred_lines_take_at_most_185_keys_and_no_wrong_guess_is_accepted_by_the_machine(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, browser: Any, served: str
) -> None:
    """Counts keys; compares what was booked with what is right."""
    made = world()
    assert len(made.lines) == 100
    assert sum(bool(case.planted) for case in made.lines) == 20
    scene = arrange(app, worker_app, admin, made)
    context = browser.new_context(base_url=served, locale="en-GB")
    context.set_default_timeout(20_000)
    context.add_cookies([{"name": "login", "value": scene.books.session.cookie, "url": served}])
    typist = Typist(context.new_page())
    typist.page.goto(scene.url)
    typist.press("Shift+Enter")
    expect(typist.page.locator("button[data-key=ENTER]")).to_be_visible()
    typist.press("Enter")
    expect(typist.page.locator("#lines tr[data-row]").first).to_be_visible()
    together = booked(admin, scene, made, "certain_batch")
    singly = decide(typist, scene, made, admin)
    expect(typist.page.locator("#unsaved")).to_be_hidden(timeout=60_000)
    context.close()
    everything = booked(admin, scene, made, None)
    print(f"\n100 lines, 20 planted: {typist.keys} keys")
    print(f"accepted together as certain: {together.count}, wrong {len(together.wrong)}")
    print(f"guesses accepted one by one: {singly}")
    print(f"booked in the end: {everything.count}, wrong {len(everything.wrong)}")
    assert together.wrong == []
    assert everything.wrong == []
    assert everything.count == 95
    assert typist.keys <= MOST_KEYS


@dataclass(frozen=True, slots=True)
class Booked:
    """How many lines are booked, and those booked otherwise than right."""

    count: int
    wrong: list[str]


def booked(admin: psycopg.Connection, scene: Scene, made: World, by: str | None) -> Booked:
    """Compares the postings beside the bank's with what is right for each line."""
    rows = admin.execute(_BOOKED, (scene.books.tenant, scene.main, by, by)).fetchall()
    open_right = rights(made)
    wrong = []
    for name, text, cents, found in rows:
        key = (name or "", text, cents)
        match = next((one for one in open_right.get(key, []) if _is(one, found)), None)
        if match is None:
            wrong.append(f"{key}: {found}, right is {open_right.get(key)}")
        else:
            open_right[key].remove(match)
    return Booked(len(rows), wrong)


def _is(right: str, found: list[str]) -> bool:
    """Whether what a line was booked against (`code` or `code/memo`) is what is right."""
    if right == "transfer":
        return found == ["savings"]
    if "-" in right:
        return [one.partition("/")[2] for one in found] == [right]
    return sorted(one.partition("/")[0] for one in found) == sorted(right.split()[:2])


def rights(made: World) -> dict[tuple[str, str, int], list[str]]:
    """What is right by name, text and amount; twins have one each."""
    found: dict[tuple[str, str, int], list[str]] = {}
    for case in made.lines:
        found.setdefault((case.name, case.text, case.cents), []).append(case.right)
    return found


def decide(typist: Typist, scene: Scene, made: World, admin: psycopg.Connection) -> int:
    """Does what is left line by line; answers how many guesses were taken over."""
    lines = {str(line.id): line for line in scene.lines("to_do")}
    open_right = rights(made)
    for line in scene.lines("booked"):
        key = (line.counterparty or "", line.text, line.amount_minor)
        if open_right.get(key):
            open_right[key].pop(0)
    taken, last, page = 0, "", typist.page
    while lines:
        current = page.locator("#lines tr[aria-current]").get_attribute("data-line")
        if current not in lines:
            break
        line = lines.pop(current)
        key = (line.counterparty or "", line.text, line.amount_minor)
        right = open_right[key].pop(0)
        expect(page.locator(f'[data-panel="{current}"]')).to_be_visible()
        took, last = _one(typist, right, last)
        taken += took
    return taken


def _one(typist: Typist, right: str, last: str) -> tuple[bool, str]:
    """One line: a guess where one is right, else by hand in the fewest keys."""
    guesses = [one.inner_text() for one in typist.page.locator(".cand:not([disabled])").all()]
    place = next((n for n, text in enumerate(guesses, 1) if _fits(right, text)), 0)
    if place:
        typist.press("Enter" if place == 1 else str(place))
        return True, right
    if right == "ask":
        typist.press("q", "Enter")
        return False, last
    if right == "transfer":
        typist.press("t", "Enter")
        return False, last
    if right == last:
        typist.press("+")
        return False, last
    first, *more = right.split()
    typist.press("a")
    typist.write(first)
    if more:
        typist.press("Escape", "/")
        typist.write(more[1])
        typist.press("Tab")
        typist.write(more[0])
    typist.press("Enter")
    return False, "" if more else right


def _fits(right: str, guess: str) -> bool:
    """Whether a guess as it stands on screen is what is right."""
    if right == "transfer":
        return "Transfer" in guess
    if "-" in right:
        return right in guess and "difference" not in guess and "Part of" not in guess
    return guess.split(maxsplit=1)[1].startswith(f"{right} ") and "Open " not in guess


_BOOKED = """
select t.counterparty, t.text, t.amount_minor, array_agg(
  case when b.id is not null then 'savings' else a.code || coalesce('/' || p.memo, '') end)
from app.bank_transaction t join ledger.posting p on p.tenant_id = t.tenant_id
  and p.entry_id = t.entry_id join ledger.account a on a.tenant_id = p.tenant_id
  and a.id = p.account_id left join app.bank_account b on b.tenant_id = p.tenant_id
  and b.account_id = p.account_id
where t.tenant_id = %s and t.bank_account_id = %s and t.booked_on >= '2026-03-01'
  and b.id is distinct from t.bank_account_id and (%s::text is null or t.decided_by = %s)
group by t.id, t.counterparty, t.text, t.amount_minor
"""
