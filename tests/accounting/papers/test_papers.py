"""A read paper in the books through the edges: attached to its line, drafted, approved, posted."""

from __future__ import annotations

import re
import threading
from uuid import UUID

import psycopg
import sqlalchemy as sa

from app.accounting import queries
from app.accounting.bank import intake as bank_import
from app.accounting.ledger import PostingInput
from app.accounting.papers import approved, commands
from app.accounting.reconcile import papers as reconcile_papers
from app.documents import commands as documents
from app.kernel import approval_rules, approvals, clock, ids, undo
from app.kernel.approval_rules import PolicyIn
from app.kernel.db import session
from tests import factories
from tests.documents.einvoice import samples
from tests.documents.printed import papers
from tests.documents.readings import stage
from tests.factories import Session
from tests.tasks import request_stage
from tests.tasks.request_stage import IBAN, Place


def paid(place: Place, cents: int, name: str) -> tuple[UUID, UUID]:
    """A payment of today; the line and its bank account."""
    day = f"{clock.today():%y%m%d}"
    whole = f"{cents // 100},{cents % 100:02}"
    data = (
        f":20:S{cents}\n:25:{IBAN}\n:28C:1\n:60F:C{day}EUR{whole}\n"
        f":61:{day}D{whole}NTRFNONREF\n:86:{name}\n:62F:C{day}EUR0,00\n-\n"
    ).encode()
    with place.acting(place.staff):
        bank_import.upload_statement(data=data, name=f"{cents}.sta")
        row = session.execute(
            sa.text("select id, bank_account_id from app.bank_transaction where amount_minor = :a"),
            {"a": -cents},
        ).one()
    return row.id, row.bank_account_id


def paid_twice(place: Place, cents: int, name: str) -> list[tuple[UUID, UUID]]:
    """Two payments of today over one amount; each line and its bank account."""
    day = f"{clock.today():%y%m%d}"
    whole = f"{cents // 100},{cents % 100:02}"
    both = f"{2 * cents // 100},{2 * cents % 100:02}"
    lines = "".join(
        f":61:{day}D{whole}NTRFNONREF\n:86:{name} {place_of}\n" for place_of in ("ONE", "TWO")
    )
    data = (
        f":20:T{cents}\n:25:{IBAN}\n:28C:1\n:60F:C{day}EUR{both}\n{lines}:62F:C{day}EUR0,00\n-\n"
    ).encode()
    with place.acting(place.staff):
        bank_import.upload_statement(data=data, name=f"{cents}-twice.sta")
        rows = session.execute(
            sa.text(
                "select id, bank_account_id from app.bank_transaction where amount_minor = :a"
                " order by id"
            ),
            {"a": -cents},
        ).all()
    return [(row.id, row.bank_account_id) for row in rows]


def invoice(cents: int, *, number: str, sign: str = "€") -> str:
    """The English invoice of today over an amount without tax."""
    told = f"{sign} {cents // 100}.{cents % 100:02}"
    text = papers.ENGLISH.replace("14 March 2026", f"{clock.today():%d %B %Y}")
    text = text.replace("13 April 2026", "").replace("HP-2026/0093", number)
    text = text.replace("[VAT 20% on 265.50], [€ 53.10], ", "[VAT], [" + sign + " 0.00], ")
    return text.replace("€ 265.50", told).replace("€ 318.60", told)


def test_a_read_paper_finds_its_line_and_attached_clears_that_it_needs_one(place: Place) -> None:
    line, bank = paid(place, 23_117, "Harrow Press Ltd HP-9001")
    made = stage.add(place, papers.typeset(invoice(23_117, number="HP-9001")), "h.pdf")
    staff = place.browser(place.staff)
    page = staff.get(f"/c/{place.slug}/documents/{made}/reading").text
    assert "A bank line fits" in page
    assert "the invoice number" in page
    beside = staff.get(f"/c/{place.slug}/books/reconcile/lines/{line}", follow_redirects=True)
    assert beside.status_code == 200, beside.text[:500]
    assert "A document fits" in beside.text
    with place.acting(place.staff):
        assert line in reconcile_papers.unasked(bank)
    sent = staff.post(f"/c/{place.slug}/documents/{made}/books/attach", {"line_id": str(line)})
    assert sent.status_code == 303
    with place.acting(place.staff):
        assert line not in reconcile_papers.unasked(bank)
    shown = staff.get(f"/c/{place.slug}/documents/{made}/reading", follow_redirects=True).text
    assert "Attached to its bank line" in shown


def test_many_papers_of_one_amount_do_not_hide_the_one_that_fits(
    place: Place, admin: psycopg.Connection
) -> None:
    line, _bank = paid(place, 23_119, "Harrow Press Ltd HP-9031")
    other = stage.add(place, papers.typeset(invoice(23_119, number="HP-9030", sign="£")), "o.pdf")
    for statement in _CLONES:
        admin.execute(statement, {"tenant": place.tenant, "id": other})
    admin.commit()
    stage.add(place, papers.typeset(invoice(23_119, number="HP-9031")), "of-the-line.pdf")
    beside = place.browser(place.staff).get(
        f"/c/{place.slug}/books/reconcile/lines/{line}", follow_redirects=True
    )
    assert "of-the-line.pdf" in beside.text


_COPIES = "cross join generate_series(1, 600) n(n) where tenant_id = %(tenant)s"


def _copied(column: str) -> str:
    """An id of its own for each copy, before all others in order."""
    return f"('00000000' || left(md5(n.n::text || {column}), 24))::uuid"


_CLONES = (
    f"""insert into app.document (tenant_id, id, line, name, source, added_by)
    select tenant_id, {_copied("id")}, line, n.n || name, source, added_by from app.document
    {_COPIES} and id = %(id)s""",
    f"""insert into app.document_reading (tenant_id, id, document_id, version_id, line, state, kind,
    made_by) select tenant_id, {_copied("id")}, {_copied("document_id")}, version_id, line, state,
    kind, made_by from app.document_reading {_COPIES} and document_id = %(id)s and is_current""",
    f"""insert into app.document_field (tenant_id, reading_id, document_id, line, field, no, value,
    minor, on_day, confidence, method, said_by)
    select tenant_id, {_copied("reading_id")}, {_copied("document_id")}, line, field, no, value,
    minor, on_day, confidence, method, said_by from app.document_field {_COPIES}
    and document_id = %(id)s""",
)


def test_a_photographed_receipt_finds_its_line(place: Place) -> None:
    line, _bank = paid(place, 4_713, "CARD PAYMENT 4711")
    receipt = papers.typeset(
        "#set page(width: 80mm, height: auto, margin: 6mm)\n#set text(size: 11pt)\n"
        f"*Corner Stationers Ltd* \\ Receipt No. 5501 \\ Date: {clock.today():%d.%m.%Y} \\ "
        "#v(8pt) Paper and ink \\ #v(8pt) Total EUR 47.13 \\ Thank you",
        form="png",
    )
    made = stage.add(place, receipt, "receipt.png")
    found = stage.fields(place, made)
    assert found["total_minor"]["minor"] == 4_713
    assert found["total_minor"]["method"] == "ocr"
    page = place.browser(place.staff).get(f"/c/{place.slug}/documents/{made}/reading").text
    assert f'value="{line}"' in page


def test_a_paper_becomes_a_draft_that_a_second_person_approves(
    place: Place, admin: psycopg.Connection
) -> None:
    made = stage.add(place, papers.typeset(invoice(90_001, number="HP-9002", sign="£")), "d.pdf")
    staff = place.browser(place.staff)
    address = f"/c/{place.slug}/documents/{made}/books/entry"
    page = staff.get(address).text
    assert "900.01" in page
    with place.acting(place.staff):
        chart = queries.accounts()
    cost = next(one for one in chart if one.type == "expense")
    owed = next(one for one in chart if one.control == "payable")
    contact = admin.execute(
        "insert into ledger.counterparty (tenant_id, name, kind) values (%s, 'Harrow', 'supplier')"
        " returning id",
        (place.tenant,),
    ).fetchone()
    admin.commit()
    assert contact is not None
    values = {
        "key": re.findall(r'name="key" value="([^"]+)"', page)[0],
        "on": clock.today().isoformat(),
        "description": "Harrow Press HP-9002",
        "lines.0.account": cost.code,
        "lines.0.debit": "900.01",
        "lines.1.account": owed.code,
        "lines.1.credit": "900.01",
        "lines.1.contact": str(contact[0]),
    }
    asked = staff.post(f"{address}/approval", values)
    assert asked.status_code == 303, asked.text[:2000]
    other = factories.staff(admin, place.tenant, role="operations_manager")
    second = place.browser(other)
    sheet = second.get(asked.headers["Location"]).text
    assert "900.01" in sheet
    assert "_draft" not in sheet.lower().replace("data-draft", "")
    sha = re.findall(r'name="content_sha" value="([0-9a-f]{64})"', sheet)[0]
    done = second.post(
        asked.headers["Location"], {"decision": "approve", "content_sha": sha, "reason": ""}
    )
    assert done.status_code == 303, done.text[:2000]
    stage.work(place)
    with place.acting(place.staff):
        entry_id = queries.entries_of("document", [made])[made]
        entry = queries.entry(entry_id)
    assert entry.made_by == place.staff.person_id
    assert entry.approved_ref is not None
    assert "Booked" in staff.get(f"/c/{place.slug}/documents/{made}/reading").text


def asked_about(place: Place, document: UUID, cents: int, key: str) -> tuple[UUID, str]:
    """An entry of a paper that waits for an approval; the approval and its hash."""
    with place.acting(place.staff):
        chart = [one for one in queries.accounts() if one.control is None]
        costs = [one for one in chart if one.type == "expense"]
        made = approved.ask(
            commands.draft(
                document,
                on=clock.today(),
                description="Harrow Press",
                postings=[
                    PostingInput(costs[0].id, cents, "GBP"),
                    PostingInput(costs[1].id, -cents, "GBP"),
                ],
                key=key,
            )
        )
        return made, approvals.one(made).content_sha


def decided(place: Place, session: Session, asked: tuple[UUID, str]) -> None:
    """Somebody approves, and what follows is done."""
    with place.acting(session):
        assert approvals.decide(asked[0], "approve", content_sha=asked[1]) == "approved"
    stage.work(place)


def test_an_approved_entry_of_a_paper_booked_meanwhile_ends_and_says_why(
    place: Place, admin: psycopg.Connection
) -> None:
    made = stage.add(place, papers.typeset(invoice(90_011, number="HP-9011", sign="£")), "m.pdf")
    asked = asked_about(place, made, 90_011, "approved-late")
    staff = place.browser(place.staff)
    booked = staff.post(
        f"/c/{place.slug}/documents/{made}/books/entry",
        drafted(place, made, 90_011, "booked-first"),
    )
    assert booked.status_code == 303, booked.text[:800]
    other = factories.staff(admin, place.tenant, role="operations_manager")
    decided(place, other, asked)
    with place.acting(place.staff):
        label = queries.entry(queries.entries_of("document", [made])[made]).label
        count = sa.text("select count(*) from ledger.entry where source_id = :id")
        assert session.execute(count, {"id": made}).scalar_one() == 1
    told = admin.execute(
        "select owner_id from app.notice where subject_key = %s and kind = 'approval.failed'",
        (str(asked[0]),),
    )
    assert {row[0] for row in told} == {place.staff.person_id, other.person_id}
    left = admin.execute(
        "select state from app.job where tenant_id = %s and kind = 'approval.carry-out'"
        " and key like %s",
        (place.tenant, f"approved:{asked[0]}:%"),
    )
    assert [row[0] for row in left] == ["done"]
    for who in (staff, place.browser(other)):
        page = who.get(f"/c/{place.slug}/approvals/{asked[0]}").text
        assert "Not carried out" in page
        assert f"This document is booked already: {label}." in page
        assert "Take my decision back" not in page


def test_what_the_client_approves_is_posted_though_they_post_nothing_themselves(
    place: Place, admin: psycopg.Connection
) -> None:
    ours = request_stage.build(place.app, place.worker_app, admin, "Clientlast")
    made = stage.add(ours, papers.typeset(invoice(90_012, number="HP-9012", sign="£")), "n.pdf")
    with ours.acting(ours.owner):
        approval_rules.keep(
            ids.uuid7(),
            PolicyIn(kind=approved.KIND, title="Of us", provider_needed=0, client_needed=1),
        )
    asked = asked_about(ours, made, 90_012, "of-the-client")
    decided(ours, ours.owner, asked)
    with ours.acting(ours.staff):
        entry = queries.entry(queries.entries_of("document", [made])[made])
    assert (entry.made_by, entry.approved_ref) == (ours.staff.person_id, asked[0])


def test_nothing_is_posted_for_whoever_may_not_post_any_more(
    place: Place, admin: psycopg.Connection
) -> None:
    left = request_stage.build(place.app, place.worker_app, admin, "Makerleft")
    made = stage.add(left, papers.typeset(invoice(90_013, number="HP-9013", sign="£")), "o.pdf")
    asked = asked_about(left, made, 90_013, "of-who-left")
    admin.execute(
        "update guard.membership set valid_to = now() where user_id = %s and tenant_id = %s",
        (left.staff.person_id, left.tenant),
    )
    admin.commit()
    other = factories.staff(admin, left.tenant, role="operations_manager")
    decided(left, other, asked)
    page = left.browser(other).get(f"/c/{left.slug}/approvals/{asked[0]}").text
    assert "Whoever drafted this may not post entries any more." in page
    with left.acting(other):
        assert queries.entries_of("document", [made]) == {}


def test_the_next_paper_of_a_supplier_is_drafted_as_the_last_was_booked(
    place: Place, admin: psycopg.Connection
) -> None:
    first = stage.add(place, papers.typeset(invoice(70_001, number="HP-9003", sign="£")), "e.pdf")
    staff = place.browser(place.staff)
    address = f"/c/{place.slug}/documents/{first}/books/entry"
    page = staff.get(address).text
    with place.acting(place.staff):
        chart = queries.accounts()
    cost = [one for one in chart if one.type == "expense"][1]
    owed = next(one for one in chart if one.control == "payable")
    row = admin.execute(
        "insert into ledger.counterparty (tenant_id, name, kind)"
        " values (%s, 'Harrow Press Limited', 'supplier') returning id",
        (place.tenant,),
    ).fetchone()
    admin.commit()
    assert row is not None
    values = {
        "key": re.findall(r'name="key" value="([^"]+)"', page)[0],
        "on": clock.today().isoformat(),
        "description": "Harrow Press HP-9003",
        "lines.0.account": cost.code,
        "lines.0.debit": "700.01",
        "lines.1.account": owed.code,
        "lines.1.credit": "700.01",
        "lines.1.contact": str(row[0]),
    }
    assert staff.post(address, values).status_code == 303
    second = stage.add(place, papers.typeset(invoice(70_002, number="HP-9004", sign="£")), "f.pdf")
    page = staff.get(f"/c/{place.slug}/documents/{second}/books/entry").text
    assert f'value="{cost.code} {cost.name}"'[:40] in page


def drafted(place: Place, document: UUID, cents: int, key: str) -> dict[str, str]:
    """The form of an entry between two accounts that name no contact."""
    with place.acting(place.staff):
        chart = [one for one in queries.accounts() if one.control is None]
    costs = [one.code for one in chart if one.type == "expense"]
    amount = f"{cents // 100}.{cents % 100:02}"
    return {
        "key": key,
        "on": clock.today().isoformat(),
        "description": "Harrow Press",
        "lines.0.account": costs[0],
        "lines.0.debit": amount,
        "lines.1.account": costs[1],
        "lines.1.credit": amount,
    }


def test_two_people_who_book_one_paper_at_once_make_one_entry(
    place: Place, admin: psycopg.Connection
) -> None:
    made = stage.add(place, papers.typeset(invoice(70_003, number="HP-9006", sign="£")), "i.pdf")
    address = f"/c/{place.slug}/documents/{made}/books/entry"
    values = drafted(place, made, 70_003, "book-twice-b")
    second = place.browser(place.staff)
    second.get(address)
    answers = []
    late = threading.Thread(target=lambda: answers.append(second.post(address, values)))
    with place.acting(place.staff):
        chart = [one for one in queries.accounts() if one.control is None]
        costs = [one for one in chart if one.type == "expense"]
        first = commands.post(
            commands.draft(
                made,
                on=clock.today(),
                description="Harrow Press",
                postings=[
                    PostingInput(costs[0].id, 70_003, "GBP"),
                    PostingInput(costs[1].id, -70_003, "GBP"),
                ],
                key="book-twice-a",
            )
        )
        late.start()
        while late.is_alive() and not _waits(admin):
            late.join(0.05)
    late.join()
    page = second.get(f"/c/{place.slug}/documents/{made}/reading").text
    assert f"This document is booked already: {first.label}." in answers[0].text + page
    with place.acting(place.staff):
        count = sa.text("select count(*) from ledger.entry where source_id = :id")
        assert session.execute(count, {"id": made}).scalar_one() == 1


def _waits(admin: psycopg.Connection) -> bool:
    """Whether a session waits for a row that another holds."""
    row = admin.execute("select exists (select from pg_locks where not granted)").fetchone()
    admin.commit()
    return row is not None and bool(row[0])


def test_whoever_drafts_a_booked_paper_is_told_the_entry(place: Place) -> None:
    made = stage.add(place, papers.typeset(invoice(70_005, number="HP-9007", sign="£")), "j.pdf")
    staff = place.browser(place.staff)
    address = f"/c/{place.slug}/documents/{made}/books/entry"
    staff.get(address)
    assert staff.post(address, drafted(place, made, 70_005, "told-once")).status_code == 303
    with place.acting(place.staff):
        label = queries.entry(queries.entries_of("document", [made])[made]).label
    page = staff.get(address, follow_redirects=True).text
    assert f"This document is booked already: {label}." in page


def test_each_invoice_of_a_lot_finds_its_own_line_and_makes_its_own_entry(place: Place) -> None:
    lot = samples.fatturapa("TD01", "TD01").decode()
    day = f"{clock.today():%Y-%m-%d}"
    lot = re.sub(r"<Data>[^<]*</Data>", f"<Data>{day}</Data>", lot)
    first, second = lot.split("<Numero>2</Numero>")
    for said, much in (("10.00", "20.00"), ("2.20", "4.40"), ("6.10", "12.20"), ("2.50", "5.00")):
        second = second.replace(said, much)
    made = stage.add(place, f"{first}<Numero>2</Numero>{second}".encode(), "lot.xml")
    line, _bank = paid(place, 2_440, "MOLINO 2")
    staff = place.browser(place.staff)
    page = staff.get(f"/c/{place.slug}/documents/{made}/reading").text
    assert f'value="{line}"' not in page
    page = staff.get(f"/c/{place.slug}/documents/{made}/reading?invoice=2").text
    assert f'value="{line}"' in page
    base = f"/c/{place.slug}/documents/{made}/books"
    assert staff.post(f"{base}/entry", drafted(place, made, 1_220, "lot-1")).status_code == 303
    beside = staff.get(f"/c/{place.slug}/books/reconcile/lines/{line}", follow_redirects=True)
    assert "A document fits" in beside.text
    assert f"{made}/books/attach?invoice=2" in beside.text
    sent = staff.post(f"{base}/attach?invoice=2", {"line_id": str(line)})
    assert sent.status_code == 303
    page = staff.get(f"/c/{place.slug}/documents/{made}/reading?invoice=2").text
    assert "Attached to its bank line" in page
    values = drafted(place, made, 2_440, "lot-2")
    assert staff.post(f"{base}/entry?invoice=2", values).status_code == 303
    with place.acting(place.staff):
        rows = session.execute(
            sa.text("select source_type from ledger.entry where source_id = :id order by 1"),
            {"id": made},
        ).scalars()
        assert list(rows) == ["document", "document/2"]


def test_two_invoices_of_one_amount_in_a_lot_are_attached_each_to_its_own_line(
    place: Place,
) -> None:
    day = f"{clock.today():%Y-%m-%d}"
    lot = re.sub(
        r"<Data>[^<]*</Data>", f"<Data>{day}</Data>", samples.fatturapa("TD01", "TD01").decode()
    )
    made = stage.add(place, lot.encode(), "twins.xml")
    (one, _bank), (other, _same) = paid_twice(place, 1_220, "MOLINO")
    staff = place.browser(place.staff)
    base = f"/c/{place.slug}/documents/{made}"
    attached = staff.post(f"{base}/books/attach", {"line_id": str(one)})
    assert attached.status_code == 303
    assert "Attached to its bank line" in staff.get(f"{base}/reading").text
    second = staff.get(f"{base}/reading?invoice=2").text
    assert "Attached to its bank line" not in second
    assert f'value="{other}"' in second
    beside = staff.get(f"/c/{place.slug}/books/reconcile/lines/{other}", follow_redirects=True)
    assert f"{made}/books/attach?invoice=2" in beside.text
    assert f'{made}/books/attach"' not in beside.text
    assert staff.post(f"{base}/books/attach?invoice=2", {"line_id": str(other)}).status_code == 303
    with place.acting(place.staff):
        found = session.execute(
            sa.text("select subject_id, part from app.document_link where document_id = :id"),
            {"id": made},
        )
        assert {(row.subject_id, row.part) for row in found} == {(one, 1), (other, 2)}
        token = documents.unlink(made, subject_type="bank_transaction", subject_id=other)
        undo.take(token)
        part = sa.text("select part from app.document_link where subject_id = :id")
        assert session.execute(part, {"id": other}).scalar_one() == 2


def test_no_stranger_attaches_or_drafts(place: Place, admin: psycopg.Connection) -> None:
    other = request_stage.build(place.app, place.worker_app, admin, "Strange")
    made = stage.add(place, papers.typeset(invoice(555, number="HP-9005", sign="£")), "g.pdf")
    them = other.browser(other.staff)
    assert them.get(f"/c/{place.slug}/documents/{made}/books/entry").status_code == 404
    assert them.get(f"/c/{other.slug}/documents/{made}/books/entry").status_code == 404
