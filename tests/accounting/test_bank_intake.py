"""Statements taken in through the browser: columns, desk, tray, portal, gaps, pending lines."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from app.accounting import commands, queries
from app.accounting.bank import complete as bank_complete
from app.accounting.bank import intake as bank_import
from app.accounting.bank import mapping as bank_mapping
from app.accounting.bank import queries as bank_queries
from app.accounting.ledger import PostingInput
from app.kernel import jobs
from app.kernel.db import session
from app.kernel.errors import Forbidden
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import NUMBER, ROWS, add_account, all_lines, mt940, upload
from tests.http import Browser

CSV = b"Date,Text,Amount\n13/02/2026,Rent,12.00\n14/02/2026,Fee,-3.50\n"
LATER = b"Date,Text,Amount\n01/03/2026,Rent,12.00\n02/03/2026,Sale,-9.00\n"


@pytest.fixture
def base(books: Books, admin: psycopg.Connection) -> str:
    """The address of the client's bank."""
    return f"/c/{factories.slug_of(admin, books.tenant)}/books/bank"


def sent(found: TestResponse) -> str:
    assert found.status_code == 303, found.get_data(as_text=True)[:3000]
    return str(found.headers["Location"])


def page(browser: Browser, address: str) -> str:
    found = browser.get(address)
    assert found.status_code == 200, (address, found.get_data(as_text=True)[:2000])
    return found.get_data(as_text=True)


def file(data: bytes, name: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(data), name


def zipped(files: Sequence[tuple[str, bytes]]) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files:
            packed.writestr(name, data)
    return kept.getvalue()


def columns(text: str) -> dict[str, str]:
    """The form of the columns as the page shows it."""
    found = {
        name: (re.search(r'<option value="([^"]*)" selected', body) or ["", ""])[1]
        for name, body in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', text, re.S)
    }
    return {name: value for name, value in found.items() if value}


def test_a_table_shows_its_guess_is_corrected_and_remembered(
    browser: Browser, books: Books, base: str
) -> None:
    account = add_account(books)
    page(browser, f"{base}/files")
    where = sent(browser.post(f"{base}/files", {"file": file(CSV, "feb.csv")}))
    assert where.endswith("/columns")
    text = page(browser, where)
    assert "Booking date" in text
    form = columns(text)
    assert [form[f"columns.{at}.role"] for at in range(3)] == ["date", "text", "amount"]
    turned = {**form, "turned": "true", "currency": "EUR"}
    looked = browser.post(where, {**turned, "act": "preview"})
    assert looked.status_code == 200
    assert "-12.00" in looked.get_data(as_text=True) or "−12.00" in looked.get_data(as_text=True)
    assert all_lines(books) == []
    done = sent(browser.post(where, {**turned, "bank_account_id": str(account), "act": "import"}))
    assert sorted(one.amount_minor for one in all_lines(books)) == [-1200, 350]
    assert "Imported" in page(browser, f"{base}/files")
    assert "feb.csv" in page(browser, done)
    with books.open():
        next_one = bank_import.upload_statement(data=LATER, name="march.csv")
    assert (next_one.state, next_one.lines_new) == ("imported", 2)
    assert sorted(one.amount_minor for one in all_lines(books)) == [-1200, -1200, 350, 900]


def test_a_mapping_without_amount_or_with_a_meaning_twice_is_refused_on_the_page(
    browser: Browser, books: Books, base: str
) -> None:
    page(browser, f"{base}/files")
    where = sent(browser.post(f"{base}/files", {"file": file(CSV + b"\n", "a.csv")}))
    form = columns(page(browser, where))
    for change in ({"columns.2.role": "ignore"}, {"columns.1.role": "amount"}):
        answer = browser.post(where, {**form, **change, "act": "import"})
        assert answer.status_code == 422, change
    assert all_lines(books) == []


def test_a_wrong_sign_that_the_balances_disprove_imports_nothing(
    browser: Browser, books: Books, base: str
) -> None:
    account = add_account(books)
    data = b"Date,Text,Amount,Balance\n2026-01-15,a,5.00,105.00\n2026-01-16,b,-1.00,104.00\n"
    data += b"2026-01-17,c,-2.00,102.00\n"
    page(browser, f"{base}/files")
    where = sent(browser.post(f"{base}/files", {"file": file(data, "s.csv")}))
    form = {**columns(page(browser, where)), "currency": "EUR", "bank_account_id": str(account)}
    wrong = browser.post(where, {**form, "turned": "true", "act": "import"})
    assert wrong.status_code == 422
    assert "wrong way round" in wrong.get_data(as_text=True)
    assert all_lines(books) == []
    sent(browser.post(where, {**form, "act": "import"}))
    assert len(all_lines(books)) == 3


def test_a_refused_file_is_tried_again_and_stays_refused_with_its_reason(
    browser: Browser, books: Books, base: str
) -> None:
    done = upload(books, b":20:S\n:25:X\n:60F:C260101EUR0,\n:61:broken\n")
    text = page(browser, f"{base}/files/{done.file_id}")
    assert "Try again" in text
    sent(browser.post(f"{base}/files/{done.file_id}/again"))
    assert "line 4" in page(browser, f"{base}/files/{done.file_id}")


def statement(number: int, opening: int, closing: int, day: int, *, text: str = "x") -> bytes:
    moved = closing - opening
    mark = "D" if moved < 0 else "C"
    return (
        f":20:S\n:25:{NUMBER}\n:28C:{number}\n:60F:C2603{day:02}EUR{opening},00\n"
        f":61:2603{day:02}{mark}{abs(moved)},00NTRFNONREF\n:86:{text}\n"
        f":62F:C2603{day:02}EUR{closing},00\n-\n"
    ).encode()


def test_a_gap_is_told_on_both_sides_listed_explained_and_counted_for_the_close(
    browser: Browser, books: Books, base: str
) -> None:
    add_account(books)
    first = upload(books, statement(1, 0, 100, 2), "one.sta")
    third = upload(books, statement(3, 150, 170, 4), "three.sta")
    upload(books, statement(9, 170, 180, 31), "nine.sta")

    def left() -> int:
        with books.open(read_only=True):
            return bank_complete.count_left(202603)

    assert left() == 1
    for done in (first, third):
        assert "something is missing" in page(browser, f"{base}/files/{done.file_id}")
    text = page(browser, f"{base}/gaps")
    assert "50.00" in text
    (target,) = re.findall(r'action="([^"]*/gaps/[0-9a-f-]{36})"', text)
    sent(browser.post(target, {"why": "Paid from the safe"}))
    assert "Paid from the safe" in page(browser, f"{base}/gaps")
    assert left() == 0
    sent(browser.post(f"{target}/reopen"))
    assert left() == 1
    page(browser, f"{base}/gaps")
    assert browser.post(target, {"why": " "}).status_code == 422
    upload(books, statement(2, 100, 150, 3), "two.sta")
    assert left() == 0


def test_months_that_moved_in_from_another_package_need_no_statements(books: Books) -> None:
    account = add_account(books)

    def post(source: str, key: str) -> int:
        with books.open():
            at = session.execute(
                sa.text("select account_id from app.bank_account where id = :id"), {"id": account}
            ).scalar_one()
            other = next(one.id for one in queries.accounts() if one.type == "income")
            commands.post_entry(
                journal="GEN",
                date=date(2026, 3, 10),
                description="Sale",
                postings=[PostingInput(at, 500, "EUR"), PostingInput(other, -500, "EUR")],
                key=key,
                source_type=source,
                source_id=uuid4(),
            )
        with books.open(read_only=True):
            return bank_complete.count_left(202603)

    assert post("moving_file", "moved") == 0
    assert post("thing", "ours") > 0


def test_two_statements_that_contradict_each_other_are_flagged_on_both(
    browser: Browser, books: Books, base: str
) -> None:
    add_account(books)
    one = upload(books, statement(1, 0, 100, 2), "true.sta")
    other = upload(books, statement(1, 0, 120, 2), "false.sta")
    assert "false.sta" in page(browser, f"{base}/files/{one.file_id}")
    assert "true.sta" in page(browser, f"{base}/files/{other.file_id}")
    assert "Contradiction" in page(browser, f"{base}/gaps")


@pytest.fixture
def second(app: Flask, worker_app: Flask, admin: psycopg.Connection, books: Books) -> Books:
    """Another client of the same accountant."""
    other = ledger_support.make_books(app, worker_app, admin)
    factories.grant(
        admin, other.tenant, books.session.person_id, role="ledger_tester", lines=("accounting",)
    )
    return Books(app, other.tenant, books.session, other.accounts)


def at_home(admin: psycopg.Connection, books: Books, *, lines: Sequence[str] = ("intake",)) -> None:
    provider = factories.make_provider(admin)
    ledger_support.role_with(admin, "ledger_home", ("accounting.import",))
    factories.grant(admin, provider, books.session.person_id, role="ledger_home", lines=list(lines))


def number_of(admin: psycopg.Connection, books: Books) -> str:
    """A number no other test knows."""
    return "XX" + str(books.tenant.int % 10**18).zfill(18)


def drop(browser: Browser, files: list[tuple[bytes, str]]) -> str:
    page(browser, "/desk/statements")
    chosen = {"files": [file(data, name) for data, name in files]}
    return page(browser, sent(browser.post("/desk/statements", chosen)))


def test_files_dropped_on_the_desk_find_their_clients_and_the_unknown_one_the_tray(
    browser: Browser, books: Books, second: Books, admin: psycopg.Connection
) -> None:
    at_home(admin, books)
    mine, theirs = number_of(admin, books), number_of(admin, second)
    add_account(books, number=mine)
    add_account(second, number=theirs)
    nobodys = "YY" + mine[2:]
    packed = zipped([("sub/two.sta", mt940(ROWS[:1], number=theirs)), ("__MACOSX/._x", b"junk")])
    text = drop(
        browser,
        [
            (mt940(ROWS, number=mine), "one.sta"),
            (packed, "more.zip"),
            (mt940(ROWS, number=nobodys), "nobody.sta"),
            (f":20:{mine}\n:25:X\n:60F:C260101EUR0,\n:61:broken\n".encode(), "bad.sta"),
        ],
    )
    assert "Line 4" in text
    assert len(all_lines(books)) == 3
    assert len(all_lines(second)) == 1
    assert "In the tray" in text
    desk = page(browser, "/desk/statements")
    assert nobodys in desk
    (tray,) = re.findall(r'href="(/desk/statements/tray/[^"]+)"[^>]*>nobody.sta', desk)
    slug = factories.slug_of(admin, second.tenant)
    page(browser, f"{tray}?to={slug}")
    account = add_account(second, number="ZZ" + mine[2:])
    where = sent(browser.post(f"{tray}?to={slug}", {"bank_account_id": str(account)}))
    assert f"/c/{slug}/" in where
    assert len(all_lines(second)) == 4
    assert "nobody.sta" not in page(browser, "/desk/statements")
    again = drop(browser, [(mt940([*ROWS, ("260310", "1,00", "New")], number=nobodys), "n2.sta")])
    assert "In the tray" not in again
    assert len(all_lines(second)) == 5
    owner = admin.execute(
        "select tenant_id, given_tenant_id, state from app.statement_tray where name = 'nobody.sta'"
        " and dropped_by = %s",
        (books.session.person_id,),
    ).fetchone()
    assert owner == (factories.make_provider(admin), second.tenant, "assigned")


def test_a_person_without_the_grant_learns_nothing_from_the_desk(
    app: Flask, books: Books, worker_app: Flask, admin: psycopg.Connection
) -> None:
    stranger = ledger_support.make_books(app, worker_app, admin)
    at_home(admin, stranger)
    number = number_of(admin, books)
    add_account(books, number=number)
    other = Browser(app, stranger.session)
    name = f"{books.tenant}.sta"
    text = drop(other, [(mt940(ROWS, number=number), name)])
    assert factories.slug_of(admin, books.tenant) not in text
    assert all_lines(books) == []
    desk = page(other, "/desk/statements")
    (tray,) = re.findall(rf'href="(/desk/statements/tray/[^"]+)"[^>]*>{name}', desk)
    page(other, tray)
    foreign = factories.slug_of(admin, books.tenant)
    assert browser_status(other, f"{tray}?to={foreign}") == 422
    third = ledger_support.make_books(app, worker_app, admin)
    at_home(admin, third, lines=())
    outsider = Browser(app, third.session)
    assert name not in page(outsider, "/desk/statements")
    assert outsider.get(tray).status_code == 404
    refused = drop(outsider, [(mt940(ROWS, number=number), "mine.sta")])
    assert "No client you may import for" in refused


def browser_status(browser: Browser, address: str) -> int:
    return browser.post(address, {"name": "x"}).status_code


def test_zips_that_burst_nest_or_are_locked_are_told(
    browser: Browser, books: Books, admin: psycopg.Connection
) -> None:
    at_home(admin, books)
    page(browser, "/desk/statements")
    bomb = zipped([("a.csv", b"0" * 30_000_000)])
    found = browser.post("/desk/statements", {"files": [file(bomb, "b.zip")]})
    assert found.status_code == 422
    assert "far more than it weighs" in found.get_data(as_text=True)
    nested = zipped([("inner.zip", zipped([("a.txt", b"x")])), ("empty.sta", b"")])
    text = drop(browser, [(nested, "n.zip")])
    assert "A zip inside a zip" in text
    broken = browser.post("/desk/statements", {"files": [file(nested[:60], "b.zip")]})
    assert broken.status_code == 422
    assert browser.post("/desk/statements", {}).status_code == 422


def test_more_than_twenty_files_are_left_to_jobs_and_still_all_come_in(
    browser: Browser, books: Books, worker_app: Flask, admin: psycopg.Connection
) -> None:
    at_home(admin, books)
    number = number_of(admin, books)
    add_account(books, number=number)
    files = [
        (f"{at:02}.sta", mt940([("260302", f"{at},00", f"No {at}")], number=number))
        for at in range(1, 26)
    ]
    text = drop(browser, [(zipped(files), "month.zip")])
    assert "Importing" in text
    assert len(all_lines(books)) == 20
    jobs.run_due(worker_app)
    assert len(all_lines(books)) == 25


def test_the_owner_sends_a_statement_from_the_portal_and_sees_what_became_of_it(
    app: Flask, books: Books, admin: psycopg.Connection
) -> None:
    add_account(books)
    address = f"/portal/{factories.slug_of(admin, books.tenant)}/statements"
    owner = Browser(app, factories.owner(admin, books.tenant))
    assert "No statement has been sent yet" in page(owner, address)
    sent(owner.post(address, {"file": file(mt940(ROWS), "bank.sta")}))
    text = page(owner, address)
    assert "Received" in text
    assert len(all_lines(books)) == 3
    sent(owner.post(address, {"file": file(CSV, "bank.csv")}))
    assert "With your accountant" in page(owner, address)
    sent(owner.post(address, {"file": file(b":20:S\n:25:X\n:61:broken\n", "bad.sta")}))
    assert "Could not be read" in page(owner, address)
    viewer = factories.make_person(admin, "client")
    factories.grant(
        admin, books.tenant, viewer, role="viewer", lines=("accounting",), may_write=False
    )
    looker = Browser(app, factories.sign_in(admin, viewer))
    assert 'type="file"' not in page(looker, address)
    refused = looker.post(address, {"file": file(mt940(ROWS[:1]), "b.sta")})
    assert refused.status_code == 403


def pending(rows: Sequence[tuple[str, str, str, str]], *, bank_id: str = "") -> bytes:
    """A camt.052 of (status, day, amount, who)."""
    ids = f"<AcctSvcrRef>{bank_id}</AcctSvcrRef>" if bank_id else ""
    entries = "".join(
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>{status}</Sts>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt>{ids}<NtryDtls><TxDtls><RltdPties><Cdtr><Nm>{who}</Nm>"
        "</Cdtr></RltdPties></TxDtls></NtryDtls></Ntry>"
        for status, day, amount, who in rows
    )
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.052.001.02"><BkToCstmrAcctRpt><Rpt>'
        f"<Acct><Id><IBAN>{NUMBER}</IBAN></Id></Acct>{entries}</Rpt></BkToCstmrAcctRpt></Document>"
    ).encode()


@pytest.mark.parametrize("late", [False, True])
def test_a_pending_line_becomes_its_booked_one_in_either_order_of_files(
    books: Books, late: bool
) -> None:
    add_account(books)
    notice = pending([("PDNG", "2026-03-02", "12.00", "CAFE ROSA 4711")])
    booked = pending([("BOOK", "2026-03-04", "12.00", "Cafe Rosa")])
    for data in (booked, notice) if late else (notice, booked):
        upload(books, data)
    (line,) = all_lines(books)
    assert (line.status, str(line.booked_on), line.amount_minor) == ("booked", "2026-03-04", -1200)
    assert upload(books, notice + b"\n").lines_new == 0
    assert len(all_lines(books)) == 1


def test_a_pending_line_keeps_its_id_when_the_bank_books_it_with_another_amount(
    books: Books,
) -> None:
    add_account(books)
    upload(books, pending([("PDNG", "2026-03-02", "12.00", "Hotel")], bank_id="AUTH-9X"))
    (before,) = all_lines(books)
    upload(books, pending([("BOOK", "2026-03-05", "12.40", "HOTEL BERLIN")], bank_id="AUTH-9X"))
    (after,) = all_lines(books)
    assert (after.id, after.amount_minor, after.status) == (before.id, -1240, "booked")
    assert after.version == before.version + 1


def test_a_pending_and_a_booked_line_of_one_file_are_two(books: Books) -> None:
    add_account(books)
    upload(
        books,
        pending([("BOOK", "2026-03-02", "3.00", "Cafe"), ("PDNG", "2026-03-03", "3.00", "Cafe")]),
    )
    assert sorted(one.status for one in all_lines(books)) == ["booked", "pending"]


def test_what_is_booked_cannot_be_rewritten_by_sql(books: Books) -> None:
    add_account(books)
    upload(books, mt940(ROWS))
    with pytest.raises(Forbidden), books.open():
        session.execute(sa.text("update app.bank_transaction set amount_minor = 1"))


def test_lines_that_came_in_another_format_already_are_a_doubt(books: Books) -> None:
    account = add_account(books)
    upload(books, mt940(ROWS))
    data = b"Date,Text,Amount\n2026-03-02,Incoming VOS,100.00\n"
    done = upload(books, data, "again.csv")
    with books.open():
        guessed, _data = bank_mapping.of_file(done.file_id)
        choice = bank_mapping.Choice(
            roles=tuple(one.role for one in guessed.columns), date_order="YMD", decimal="."
        )
        bank_import.confirm_mapping(file_id=done.file_id, choice=choice, bank_account_id=account)
    with books.open(read_only=True):
        found = bank_queries.file(done.file_id)
    assert "lines-look-alike" in [one["code"] for one in found.warnings]
