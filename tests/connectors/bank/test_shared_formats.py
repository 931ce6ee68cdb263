"""Every OFX, QIF, BAI2, CODA and Norma 43 file of the shared data set, to the last cent."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.catalog.bank import reading
from connectors.catalog.bank.ofx_movement import INVESTMENTS
from connectors.catalog.bank.statement import BankTransaction, StatementFile, StatementRefused

ROOT = Path(__file__).parents[4] / "shared" / "data" / "statements"
MARKED = ("busted", "invalid", "malformed", "not_a", "error")
"""Words in names and folders by which a source says that a file is broken."""
FILES = {
    name: sorted(path for path in (ROOT / name).rglob("*") if path.is_file())
    for name in ("ofx", "qif", "bai2", "coda", "n43")
}
_NO_MOVEMENT = r"<!--.*?-->|<INV401K(SUMMARY|BAL)>.*?</INV401K\1>"
QIF_DAYS = {
    "3_records_ddmmyy.qif": ["2010-01-01", "2010-06-01", "2010-12-29"],
    "3_records_dmyy.qif": ["2010-01-01", "2010-06-01", "2010-12-29"],
    "3_records_mmddyy.qif": ["2010-01-01", "2010-06-01", "2010-12-29"],
    "3_records_spaced.qif": ["2010-01-01", "2010-06-01", "2010-12-29"],
    "tests__test_files__test_split.qif": ["2000-01-01"],
}

pytestmark = pytest.mark.skipif(
    not any(FILES.values()), reason="the shared statement files are not here"
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def of(kind: str) -> list[Path]:
    return [path for path in FILES[kind] if not any(word in str(path) for word in MARKED)]


def read(path: Path) -> StatementFile:
    return reading.read(path.read_bytes())


def movements(found: StatementFile) -> list[BankTransaction]:
    return [one for statement in found.statements for one in statement.transactions]


def exact(one: BankTransaction) -> Decimal:
    """What the file says, finer than the currency where it is."""
    return Decimal(one.amount) if one.amount else Decimal(one.amount_minor) / 100


def doubts(path: Path) -> list[str]:
    """What is said against a file: its warnings, or why it is refused."""
    try:
        return [str(one.message) for one in read(path).warnings]
    except StatementRefused as refused:
        return [str(refused.message)]


@pytest.mark.parametrize("path", [path for paths in FILES.values() for path in paths], ids=named)
def test_files_marked_as_broken_are_refused_or_warned_and_all_others_are_read(path: Path) -> None:
    kind = path.relative_to(ROOT).parts[0]
    if not any(word in str(path) for word in MARKED):
        assert read(path).format == kind
        return
    assert doubts(path)


@pytest.mark.parametrize("path", of("ofx"), ids=named)
def test_every_ofx_movement_is_there_to_the_last_digit(path: Path) -> None:
    text = re.sub(_NO_MOVEMENT, "", path.read_bytes().decode("latin-1"), flags=re.DOTALL)
    tags = "|".join(("STMTTRN", "STMTTRNP", *sorted(INVESTMENTS)))
    found = movements(read(path))
    assert len(found) == len(re.findall(rf"<(?:{tags})>", text))
    stated = [
        Decimal(one.replace(",", "."))
        for one in re.findall(r"<(?:TRNAMT|TOTAL)>\s*([-+\d.,]+)", text)
    ]
    assert sum(map(exact, found)) == sum(stated)


@pytest.mark.parametrize("path", of("qif"), ids=named)
def test_every_qif_movement_is_there_to_the_cent(path: Path) -> None:
    stated: list[Decimal] = []
    register = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("!"):
            kind = line.removeprefix("!Type:")
            register = kind in ("Bank", "Cash", "CCard", "Invst", "Oth A", "Oth L")
        elif register and line.startswith("T"):
            stated.append(Decimal(line[1:].replace(",", "")))
    found = movements(read(path))
    assert sum(one.amount_minor != 0 for one in found) == len(stated)
    assert sum(abs(one.amount_minor) for one in found) == sum(abs(one) * 100 for one in stated)


@pytest.mark.parametrize("path", of("qif"), ids=named)
def test_the_days_of_qif_files_are_in_the_order_the_file_proves(path: Path) -> None:
    expected = QIF_DAYS.get(path.name)
    if expected is None:
        pytest.skip("no days are expected of this file")
    assert [str(one.booked_on) for one in movements(read(path))] == expected


@pytest.mark.parametrize("path", of("bai2"), ids=named)
def test_every_bai2_movement_is_there_to_the_cent(path: Path) -> None:
    records = re.findall(r"(?m)^16,(\d+),(\d*)", path.read_text(encoding="utf-8"))
    found = movements(read(path))
    assert [one.amount_minor for one in found] == [
        int(amount or 0) * (1 if int(code) < 400 else -1) for code, amount in records
    ]


def test_a_bai2_file_of_a_british_bank_agrees_with_its_balances() -> None:
    path = next((path for path in FILES["bai2"] if path.name == "nwb_example.bai2"), None)
    if path is None:
        pytest.skip("the file is not here")
    found = read(path)
    (statement,) = found.statements
    assert (statement.opening_minor, statement.closing_minor) == (36521, 33845)
    assert statement.balances_agree is True
    assert found.warnings == ()


@pytest.mark.parametrize("path", of("coda"), ids=named)
def test_every_coda_movement_makes_the_turnover_the_file_states(path: Path) -> None:
    trailer = path.read_text(encoding="latin-1").splitlines()[-1]
    debit, credit = int(trailer[22:37]), int(trailer[37:52])
    found = movements(read(path))
    assert sum(one.amount_minor for one in found if one.amount_minor < 0) * -10 == debit
    assert sum(one.amount_minor for one in found if one.amount_minor > 0) * 10 == credit


@pytest.mark.parametrize("path", of("n43"), ids=named)
def test_every_norma_43_account_agrees_with_its_own_totals(path: Path) -> None:
    found = read(path)
    text = path.read_text(encoding="latin-1")
    assert len(movements(found)) == len(re.findall(r"(?m)^22", text))
    assert [one.balances_agree for one in found.statements] == [True] * text.count("\n11") + [True]
    assert "totals-disagree" not in [one.code for one in found.warnings]
