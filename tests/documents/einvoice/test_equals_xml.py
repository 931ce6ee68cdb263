"""Every field of every valid shared e-invoice is what another, plain reading of its XML says."""

from __future__ import annotations

import pytest

from tests.documents.einvoice import plain_xml
from tests.documents.einvoice.test_extract_command import BROKEN, shared


@pytest.mark.skipif(not shared(), reason="the shared invoices are not here")
def test_every_field_of_every_valid_e_invoice_equals_its_xml() -> None:
    compared = fields = 0
    wrong = []
    for name, xml, found in plain_xml.pairs(shared(), broken=BROKEN):
        compared += 1
        for one, value in plain_xml.truth(xml).items():
            fields += 1
            ours = getattr(found, one)
            if ours != value:
                wrong.append(f"{name}: {one} {ours!r}, is {value!r}")
        named = plain_xml.lines(xml)
        if named is not None and found.lines:
            fields += len(named)
            ours = [line.name or "" for line in found.lines]
            if ours != named:
                wrong.append(f"{name}: lines {ours!r}, are {named!r}")
    print(f"\n{compared} e-invoices, {fields} fields compared with their XML, {len(wrong)} differ")
    assert compared
    assert wrong == []
