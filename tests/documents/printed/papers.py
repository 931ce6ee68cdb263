"""Printed invoices of invented firms, typeset in three layouts and languages."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

import typst

ENGLISH = """
#set page(width: 595pt, height: 842pt, margin: 50pt)
#set text(size: 10pt)
#grid(columns: (1fr, 1fr), [*Harrow Press Ltd* \\ 4 Mill Lane \\ Leeds LS1 4AB],
  align(right)[VAT No: IE6388047V])
#v(20pt)
#grid(columns: (1fr, 1fr, 1fr), row-gutter: 6pt,
  [*Bill to:*], [*Invoice number*], [*Invoice date*],
  [Quern Mill Ltd], [HP-2026/0093], [14 March 2026],
  [2 River Road], [*Due date*], [], [Ghent], [13 April 2026], [])
#v(20pt)
#table(columns: (3fr, 1fr, 1fr, 1fr), stroke: none,
  [Description], [Qty], [Price], [Amount],
  [Brochures], [200], [1.25], [250.00], [Delivery], [1], [15.50], [15.50])
#align(right)[#grid(columns: 2, column-gutter: 60pt, row-gutter: 5pt,
  [Subtotal], [€ 265.50], [VAT 20% on 265.50], [€ 53.10], [Total], [€ 318.60],
  [Amount due], [€ 318.60])]
Please pay to IBAN IE29 AIBK 9311 5212 3456 78, BIC AIBKIE2D
"""
GERMAN = """
#set page(width: 595pt, height: 842pt, margin: 60pt)
#set text(size: 10pt)
#text(size: 7pt)[Fern & Söhne GmbH · Kiefernweg 3 · 04109 Leipzig]
#v(6pt)
Muster Mühle AG \\ Am Bach 9 \\ 01067 Dresden
#v(24pt)
#grid(columns: (1fr, 1fr), [*Rechnung*], [])
#grid(columns: (90pt, 120pt), row-gutter: 5pt, [Rechnungsnr.], [RE-77120], [Rechnungsdatum],
  [05.02.2026], [Fällig am], [19.02.2026], [Währung], [EUR])
#v(20pt)
#table(columns: (3fr, 1fr), stroke: none, [Beratung Januar], [1.840,00], [Fahrtkosten], [60,00])
#align(right)[#grid(columns: 2, column-gutter: 50pt, row-gutter: 5pt,
  [Nettobetrag], [1.900,00], [zzgl. 19 %], [], [MwSt. 19 %], [361,00],
  [Gesamtbetrag], [2.261,00 EUR])]
#v(60pt)
#text(size: 8pt)[USt-IdNr. DE136695976 #h(40pt) IBAN DE02 5001 0517 0137 0750 30]
"""
FRENCH = """
#set page(width: 595pt, height: 842pt, margin: 50pt)
#set text(size: 10pt)
Atelier Lune SARL \\ 8 rue du Port \\ 44000 Nantes \\ N° TVA : FR40303265045
#v(10pt)
#align(right)[Client : \\ Moulin Vert SAS \\ 3 place Haute \\ 69001 Lyon]
#v(20pt)
Facture n° F2026-0018 #h(40pt) Date de facture : 31/01/2026
#v(20pt)
#table(columns: (3fr, 1fr, 1fr), stroke: none, [Reliure], [40], [1 200,00], [Port], [1], [34,50])
#align(right)[Total HT : 1 234,50 € \\ TVA (20%) : 246,90 € \\ Total TTC : 1 481,40 €
  \\ Net à payer : 1 481,40 €]
"""


def typeset(source: str, *, form: Literal["pdf", "png"] = "pdf") -> bytes:
    """A paper as PDF, or its first page as a picture (`png`, 150 points an inch)."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "paper.typ"
        file.write_text(source, encoding="utf-8")
        made = typst.compile(file, format=form, ppi=150.0)
    assert isinstance(made, bytes)
    return made
