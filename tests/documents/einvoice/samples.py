"""Invoices of invented firms in each syntax; the templates are in `fixtures`."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "fixtures"


def ubl(*, net: str = "200.00", iban: str = "DE02500105170137075030", file: str = "YSxi") -> bytes:
    """An invoice over 238.00 EUR of which 38.00 was prepaid."""
    return _filled("ubl.xml", net=net, iban=iban, file=file).encode()


def cii(
    *, profile: str = "urn:factur-x.eu:1p0:minimum", due: str = "20260302", lines: str = ""
) -> bytes:
    """A credit note over 120.00 EUR, without lines unless given."""
    return _filled("cii.xml", profile=profile, due=due, lines=lines).encode()


def fatturapa(*kinds: str) -> bytes:
    """A lot with one invoice over 12.20 EUR for each kind."""
    bodies = (
        _filled("fatturapa_body.xml", kind=kind, number=str(number))
        for number, kind in enumerate(kinds, start=1)
    )
    return _filled("fatturapa.xml", bodies="".join(bodies)).encode()


def _filled(name: str, **values: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8").format(**values)
