"""What a file must pass: its kind by content, bombs, macros, viruses, names; never a crash."""

from __future__ import annotations

import base64
import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents import checks
from app.kernel.errors import Invalid

EICAR = checks.EICAR


def png(width: int, height: int) -> bytes:
    head = struct.pack(">II", width, height)
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + head + b"\x08\x02\x00\x00\x00" + b"\x00" * 8


def jpeg(width: int, height: int) -> bytes:
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03" + b"\x00" * 9
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 9 + frame + b"\xff\xd9"


def zipped(members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def ole(*names: str) -> bytes:
    rows = b""
    for name in names:
        text = name.encode("utf-16-le") + b"\0\0"
        rows += text.ljust(64, b"\0") + struct.pack("<H", len(text)) + b"\x02" + b"\0" * 61
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + rows


TYPES = b'<Types><Override ContentType="application/xml"/></Types>'
SHEET = zipped({"[Content_Types].xml": TYPES, "xl/workbook.xml": b"<workbook/>"})
MAIL = (
    b"From: a@example.com\r\nSubject: Hello\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nText\r\n"
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _named(value: bytes | str) -> str:
    """A case is called by its words: the bytes of an archive hold the second it was made in."""
    return value if isinstance(value, str) else "bytes"


@pytest.mark.parametrize(
    ("data", "name", "media_type"),
    [
        (b"%PDF-1.7\n%%EOF", "a.pdf", "application/pdf"),
        (b"\n%PDF-1.7\n%%EOF", "a.pdf", "application/pdf"),
        (png(10, 10), "a.png", "image/png"),
        (jpeg(4000, 3000), "a.jpg", "image/jpeg"),
        (b"GIF89a\x0a\x00\x0a\x00\x00\x00\x00;", "a.gif", "image/gif"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 " + b"\x00" * 20, "a.webp", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "IMG_1.HEIC", "image/heic"),
        (SHEET, "a.xlsx", XLSX),
        (ole("Root Entry", "Workbook"), "a.xls", "application/vnd.ms-excel"),
        (ole("WordDocument"), "a.doc", "application/msword"),
        (b"a;b\n1;2\n", "a.csv", "text/csv"),
        ("Größe\n".encode("cp1252"), "a.txt", "text/plain"),
        ("Größe\n".encode("utf-16"), "a.txt", "text/plain"),
        (b'<?xml version="1.0"?><Invoice/>', "a.xml", "application/xml"),
        (MAIL, "a.eml", "message/rfc822"),
    ],
    ids=_named,
)
def test_the_kind_is_told_by_the_content(data: bytes, name: str, media_type: str) -> None:
    assert checks.check(data, name=name) == checks.Checked(media_type, name)


def test_a_name_that_says_otherwise_gets_the_ending_of_its_content() -> None:
    assert checks.check(png(1, 1), name="invoice.pdf.exe").name == "invoice.pdf.exe.png"
    assert checks.check(b"plain", name="../../etc/\x07passwd").name == "passwd.txt"
    assert len(checks.check(b"plain", name="x" * 400 + ".txt").name) <= 200


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file-empty"),
        (b"MZ\x90\x00\x03", "file-not-kept"),
        (b"\x7fELF\x02\x01", "file-not-kept"),
        (b"\x00\x01\x02 binary", "file-not-kept"),
        (b"<!doctype html><script>alert(1)</script>", "file-not-kept"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "file-not-kept"),
        (EICAR, "file-virus"),
        (b"%PDF-1.7 " + EICAR, "file-virus"),
        (zipped({"[Content_Types].xml": TYPES, "xl/a.bin": EICAR}), "file-virus"),
        (zipped({"a.txt": b"hello"}), "file-archive"),
        (SHEET[:60], "file-damaged"),
        (png(60_000, 60_000), "file-bomb"),
        (jpeg(60_000, 60_000), "file-bomb"),
        (png(0, 5), "file-damaged"),
        (zipped({"[Content_Types].xml": TYPES, "xl/vbaProject.bin": b"x"}), "file-macros"),
        (
            zipped({"[Content_Types].xml": b"x macroEnabled.main+xml", "xl/w.xml": b"x"}),
            "file-macros",
        ),
        (ole("Workbook", "_VBA_PROJECT_CUR"), "file-macros"),
        (ole("EncryptedPackage"), "file-locked"),
        (b"%PDF-1.7 <</S /Launch /F (cmd.exe)>>", "file-macros"),
    ],
    ids=_named,
)
def test_what_is_not_kept_is_refused_with_its_reason(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        checks.check(data, name="a.pdf")
    assert [problem.code for problem in refusal.value.fields["file"]] == [code]


def test_a_bomb_is_refused_while_it_unpacks_within_the_bound() -> None:
    bomb = zipped({"[Content_Types].xml": TYPES, "xl/a.xml": b"\0" * (checks.MOST_UNPACKED + 1024)})
    assert len(bomb) < 200_000
    with pytest.raises(Invalid) as refusal:
        checks.check(bomb, name="a.xlsx")
    assert refusal.value.fields["file"][0].code == "file-bomb"


def test_a_virus_inside_a_mails_attachment_is_found() -> None:
    body = base64.encodebytes(EICAR)
    mail = (
        b"From: a@example.com\nSubject: x\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nhi\n'
        b"--b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n"
        + body
        + b"--b--\n"
    )
    assert EICAR not in mail
    with pytest.raises(Invalid) as refusal:
        checks.check(mail, name="a.eml")
    assert refusal.value.fields["file"][0].code == "file-virus"


@given(
    st.sampled_from([SHEET, MAIL, png(9, 9), jpeg(9, 9), ole("Workbook"), b"%PDF-1.7\n%%EOF"]),
    st.lists(st.tuples(st.integers(0, 4_000), st.binary(max_size=4)), max_size=8),
)
def test_a_mutated_file_is_kept_or_refused_and_nothing_else(
    data: bytes, cuts: list[tuple[int, bytes]]
) -> None:
    changed = bytearray(data)
    for at, piece in cuts:
        place = at % (len(changed) + 1)
        changed[place : place + len(piece)] = piece
    try:
        found = checks.check(bytes(changed), name="a.bin")
    except Invalid:
        return
    assert found.media_type in checks.EXTENSIONS


@given(st.binary(max_size=300))
def test_any_bytes_are_kept_or_refused(data: bytes) -> None:
    try:
        found = checks.check(data, name="x")
    except Invalid:
        return
    assert found.media_type in checks.EXTENSIONS
