"""A read paper in the books through the edges: attached to its line, drafted, approved, posted."""

from __future__ import annotations

import re
import threading

import psycopg
import sqlalchemy as sa

from app.accounting import queries
from app.accounting.ledger import PostingInput
from app.accounting.papers import commands
from app.accounting.reconcile import papers as reconcile_papers
from app.kernel import clock
from app.kernel.db import session
from tests import factories
from tests.accounting.papers.scenes import drafted, invoice, paid
from tests.documents.printed import papers
from tests.documents.readings import stage
from tests.tasks import request_stage
from tests.tasks.request_stage import Place


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


def test_a_paper_in_another_currency_says_why_it_has_no_draft_and_leads_on(place: Place) -> None:
    made = stage.add(place, papers.typeset(invoice(23_118, number="HP-9002", sign="USD")), "d.pdf")
    page = place.browser(place.staff).get(f"/c/{place.slug}/documents/{made}/reading").text
    assert "The document is in USD." in page
    assert f'href="/c/{place.slug}/books/entries/new"' in page


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


def test_no_stranger_attaches_or_drafts(place: Place, admin: psycopg.Connection) -> None:
    other = request_stage.build(place.app, place.worker_app, admin, "Strange")
    made = stage.add(place, papers.typeset(invoice(555, number="HP-9005", sign="£")), "g.pdf")
    them = other.browser(other.staff)
    assert them.get(f"/c/{place.slug}/documents/{made}/books/entry").status_code == 404
    assert them.get(f"/c/{other.slug}/documents/{made}/books/entry").status_code == 404
