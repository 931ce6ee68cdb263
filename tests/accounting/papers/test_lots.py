"""Each invoice of a lot finds its own bank line and makes its own entry."""

from __future__ import annotations

import re

import sqlalchemy as sa

from app.documents import commands as documents
from app.kernel import clock, undo
from app.kernel.db import session
from tests.accounting.papers.scenes import drafted, paid, paid_twice
from tests.documents.einvoice import samples
from tests.documents.readings import stage
from tests.tasks.request_stage import Place


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
