"""A file of many invoices on screen: each is one of its own, up to those that are kept."""

from __future__ import annotations

from tests.documents.einvoice import samples
from tests.documents.readings import stage
from tests.tasks.request_stage import Place


def test_the_invoices_of_a_lot_are_walked_one_after_the_other(place: Place) -> None:
    lot = samples.fatturapa("TD01", "TD04").replace(b"<Imposta>2.20", b"<Imposta>9.40")
    made = stage.add(place, lot, "lot.xml")
    staff = place.browser(place.staff)
    first = staff.get(stage.address(place, made)).text
    assert "Invoice 1 of the 2 in this file" in first
    sent = staff.post(stage.address(place, made), {**stage.shown(first), "currency": "EUR"})
    assert sent.status_code == 303
    assert f"{made}/reading?invoice=2" in sent.headers["Location"]
    second = staff.get(f"{stage.address(place, made)}?invoice=2").text
    assert "Invoice 2 of the 2 in this file" in second
    kept = staff.post(f"{stage.address(place, made)}/keep?invoice=2", stage.shown(second))
    assert kept.headers["Location"].endswith("/reading?invoice=2")
    assert staff.get(f"{stage.address(place, made)}?invoice=3").status_code == 404
    assert staff.get(f"{stage.address(place, made)}?invoice=x").status_code == 404


def test_a_lot_of_more_invoices_than_are_kept_says_so(place: Place) -> None:
    made = stage.add(place, samples.fatturapa(*["TD01"] * 201), "too-many.xml")
    staff = place.browser(place.staff)
    last = staff.get(f"{stage.address(place, made)}?invoice=200").text
    assert "Only the first 200 of them were read." in last
    assert "invoice=199" in last
    assert "invoice=201" not in last
