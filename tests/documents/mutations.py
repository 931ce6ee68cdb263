"""Files of many kinds, made here, and the ways in which they break on their way to us."""

from __future__ import annotations

import base64
import io
import random
import struct
import zipfile
from collections.abc import Sequence
from email.message import EmailMessage

from PIL import Image

from tests.connectors.bank import mutations as of_bytes
from tests.connectors.bank.mutations import Mutation
from tests.documents.test_checks import ole, zipped

_TYPES = b'<Types><Override ContentType="application/xml"/></Types>'
_HEADS = (
    b"%PDF-1.7\n",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0",
    b"GIF89a",
    b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    b"\x00\x00\x00\x18ftypheic",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b'<?xml version="1.0"?>',
    b"From: a@example.com\r\nSubject: x\r\n\r\n",
    b"MZ",
)
_PDF_WORDS = (b"/Pages", b"/Kids", b"/Length", b"/Filter", b"/Root", b"/Count", b"/Type", b"stream")


def own() -> list[bytes]:
    """One file of each kind that is taken, and of some that are not."""
    pictures = [_picture(kind) for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP")]
    sheet = zipped({"[Content_Types].xml": _TYPES, "xl/workbook.xml": b"<workbook/>"})
    writing = zipped(
        {
            "[Content_Types].xml": _TYPES,
            "word/document.xml": b"<w:document xmlns:w='w'><w:t>Rent of May</w:t></w:document>",
        }
    )
    open_text = zipped(
        {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<office/>"},
        method=zipfile.ZIP_STORED,
    )
    return [
        pdf(),
        pdf(attached=_INVOICE),
        *pictures,
        sheet,
        writing,
        open_text,
        zipped({"a.txt": b"a", "b/c.txt": b"b" * 5_000}),
        zipped({"inner.zip": zipped({"a.txt": b"a" * 100_000})}),
        ole("Root Entry", "Workbook"),
        _INVOICE,
        b"Date;Text;Amount\n2026-11-02;Rent;-800,00\n",
        "Quittung über 12,00 €\n".encode(),
        _mail(("rent.pdf", pdf()), ("photo.png", pictures[0])),
        _mail(("books.zip", sheet)),
    ]


def pdf(*, attached: bytes = b"") -> bytes:
    """A PDF of one page with some words, and with a file inside."""
    page = b"BT /F1 12 Tf 20 100 Td (Invoice 2026-17 Total 119.00 EUR) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R" + (_NAMES if attached else b"") + b">>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        _PAGE,
        _stream(b"", page),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    if attached:
        objects += [
            b"<</Type/Filespec/F(a.xml)/UF(a.xml)/EF<</F 7 0 R>>>>",
            _stream(b"/Type/EmbeddedFile", attached),
        ]
    body, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(body))
        body += str(number).encode() + b" 0 obj" + one + b"endobj\n"
    table = b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    count = str(len(objects) + 1).encode()
    return (
        body + b"xref\n0 " + count + b"\n0000000000 65535 f \n" + table
        + b"trailer<</Root 1 0 R/Size " + count + b">>\nstartxref\n"
        + str(len(body)).encode() + b"\n%%EOF\n"
    )  # fmt: skip


_PAGE = (
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R"
    b"/Resources<</Font<</F1 5 0 R>>>>>>"
)
_NAMES = b"/Names<</EmbeddedFiles<</Names[(a.xml) 6 0 R]>>>>"
_INVOICE = (
    b'<?xml version="1.0" encoding="UTF-8"?><Invoice'
    b' xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"><ID>17</ID>'
    b"<IssueDate>2026-11-02</IssueDate></Invoice>"
)


def _stream(head: bytes, content: bytes) -> bytes:
    length = str(len(content)).encode()
    return b"<<" + head + b"/Length " + length + b">>stream\n" + content + b"\nendstream"


def _picture(kind: str) -> bytes:
    held = io.BytesIO()
    Image.effect_noise((60, 40), 90).convert("L").save(held, kind)
    return held.getvalue()


def _mail(*files: tuple[str, bytes]) -> bytes:
    made = EmailMessage()
    made["From"], made["To"] = "Vos <vos@example.com>", "papers@example.com"
    made["Subject"], made["Date"] = "Papers of May", "Mon, 02 Nov 2026 10:00:00 +0000"
    made.set_content("Here they are.")
    for name, data in files:
        made.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


def another_head(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """The file says at its beginning that it is something else."""
    return chance.choice(_HEADS) + data[chance.choice((0, 4, 20)) :]


def measures(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """Four or two bytes, perhaps a length or a size, are vast, nothing, or below nothing."""
    at = chance.randint(0, max(len(data) - 4, 0))
    value = chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0xFFFF))
    piece = struct.pack(chance.choice(("<I", ">I")), value)[: chance.choice((2, 4))]
    return data[:at] + piece + data[at + len(piece) :]


def pdf_words(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """A reference of a PDF leads in a circle, or a word of it is another."""
    one = chance.choice(_PDF_WORDS)
    other = chance.choice((*_PDF_WORDS, b"/Kids[2 0 R]", b"/Length 99999999999", b"/Prev 9"))
    return data.replace(one, other, chance.choice((1, -1)))


def packed(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """The file stands in an archive, in archives in each other, or beside thousands of names."""
    kind = chance.randrange(3)
    if kind == 0:
        return zipped({"[Content_Types].xml": _TYPES, "xl/a.bin": data})
    if kind == 1:
        for _level in range(chance.choice((2, 10))):
            data = zipped({"a.zip": data})
        return data
    return zipped({f"{number}": b"" for number in range(chance.choice((100, 6_000)))})


def mailed(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """The file comes in a mail whose head is odd, or in mails in each other."""
    head = chance.choice(_MAIL_HEADS)
    body = base64.encodebytes(data[:200_000])
    mark = chance.choice((b"x", b"", b"=?utf-8?q?=", b"--", b"x" * 2_000))
    made = (
        b"From: a@example.com\n" + head + b"MIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="' + mark + b'"\n\n--' + mark + b"\n"
        b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n"
        b"Content-Disposition: attachment; filename=a.pdf\n\n" + body + b"\n--" + mark + b"--\n"
    )
    for _level in range(chance.choice((0, 0, 3, 150, 2_000))):
        made = b"From: a@example.com\nContent-Type: message/rfc822\n\n" + made
    return made


_MAIL_HEADS = (
    b"Subject: Papers\n",
    b"Subject: =?utf-8?b?////?= =?x-none?q?=zz?=\n",
    b"Date: Mon, 99 Foo 99999 99:99:99 +9999\n",
    b"From: \xff\xfe <@@>,,;:\n",
    b"Content-Disposition: attachment; filename*0*=utf-16''%FF%; filename*9=x\n",
    b"Content-Transfer-Encoding: \x00\nContent-Type: ;;;charset=\n",
    b"To: " + b"(" * 3_000 + b"\n",
    b"Message-ID: <" + b"[" * 500 + b"\n",
)
MUTATIONS: tuple[Mutation, ...] = (
    *(one for one in of_bytes.MUTATIONS if one is not of_bytes.declared),
    another_head,
    measures,
    measures,
    pdf_words,
    packed,
    mailed,
)
MOST = 8 * 1024 * 1024


def mutated(seeds: Sequence[bytes], number: int, *, seed: int) -> tuple[str, bytes]:
    """The mutation of that number: its name, and the broken file, at most eight megabytes."""
    chance = random.Random(seed * 10_000_019 + number)
    data = chance.choice(seeds)
    names = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        change = chance.choice(MUTATIONS)
        names.append(change.__name__)
        data = change(data, chance, seeds)[:MOST]
    return "+".join(names), data
