"""What a file must pass before it becomes a paper: its kind by content, its bounds, nothing active.

Pure: no database, no web, no vendor. Kinds are told by their first bytes (never by name or by what
the sender says). Archives are read piece by piece against a bound, so that a bomb costs no memory.
"""

from __future__ import annotations

import email.errors
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TypeVar

from app.documents import raw_mail
from app.documents.raw_mail import MOST_PARTS
from app.kernel.errors import Invalid

MOST_BYTES = 25 * 1024 * 1024
MOST_UNPACKED = 100 * 1024 * 1024
MOST_MEMBERS = 5_000
MOST_PIXELS = 150_000_000
PIECE = 1024 * 1024
MAIL_FAULTS = (
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    RecursionError,
    email.errors.MessageError,
)
"""What odd headers, and parts inside parts without end, make of the standard parser."""
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The industry's harmless test virus (eicar.org): whoever scans must find it."""

Found = TypeVar("Found")
_HEIF = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"}
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xce")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAIL_HEAD = re.compile(rb"\A(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}", re.MULTILINE)
_MAIL_MARKS = re.compile(rb"^(from|received|message-id|return-path):", re.IGNORECASE | re.MULTILINE)
_MARKUP = re.compile(r"<\s*(?:!doctype\s+html|html|script|svg|iframe|body|head)\b", re.IGNORECASE)
_MACRO_MEMBERS = ("vbaproject", "macrosheets/", "basic/")
_MACRO_STORAGES = {"VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros"}
_PACKED = (".zip", ".rar", ".7z", ".gz", ".tar", ".xz", ".bz2", ".jar", ".iso")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")

EXTENSIONS: dict[str, tuple[str, ...]] = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg", ".jpe"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif", ".avif"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (".pptx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "application/vnd.oasis.opendocument.spreadsheet": (".ods",),
    "application/vnd.oasis.opendocument.presentation": (".odp",),
    "application/msword": (".doc",),
    "application/vnd.ms-excel": (".xls",),
    "application/vnd.ms-powerpoint": (".ppt",),
    "message/rfc822": (".eml",),
    "application/xml": (".xml",),
    "text/csv": (".csv", ".tsv"),
    "text/plain": (".txt", ".text", ".log", ".md", ".sta", ".mt940", ".json"),
    "application/octet-stream": (".bin",),  # let in by a second look, whatever it is
}
_OPEN_XML = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_OLE_STREAMS = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that passed: what it is, and its name with an ending that says the same."""

    media_type: str
    name: str


def check(data: bytes, *, name: str, most: int = MOST_BYTES) -> Checked:
    """The kind of a file and its name; raises Invalid at the field `file` for what we do not keep.

    Codes: `file-empty`, `file-too-large`, `file-not-kept` (a kind we do not take), `file-damaged`,
    `file-archive` (to be unpacked first), `file-bomb`, `file-macros`, `file-locked`, `file-virus`.
    """
    if not data:
        raise _refused("file-empty")
    if len(data) > most:
        raise _refused("file-too-large", most=most // 1024)
    refuse_virus(data)
    media_type = _kind(data, name)
    return Checked(media_type, proper_name(name, media_type))


def plain_name(name: str) -> str:
    """The last part of a name, printable and without signs that turn the writing; never empty."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(sign for sign in last if sign.isprintable()).strip(" .") or "file"
    return plain if len(plain) <= 200 else f"{plain[:150]}{plain[-50:]}"


def proper_name(name: str, media_type: str) -> str:
    """The last part of a name, printable, with an ending of its kind; never empty, at most 200."""
    plain = plain_name(name)
    endings = EXTENSIONS[media_type]
    if plain.lower().endswith(endings):
        stem, dot, ending = plain.rpartition(".")
        return f"{stem[:190]}{dot}{ending}"
    return f"{plain[:190]}{endings[0]}"


def refuse_virus(data: bytes) -> None:
    """Raises for the test virus, wherever it stands."""
    if EICAR in data:
        raise _refused("file-virus")


def _refused(code: str, **params: object) -> Invalid:
    return Invalid.of("file", code, **params)


def _kind(data: bytes, name: str) -> str:
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return _pdf(data)
    for sign, picture in _PICTURES:
        if data.startswith(sign):
            return picture(data)
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF:
        return "image/heic"
    if data.startswith(b"PK\x03\x04"):
        return _zipped(data)
    if data.startswith(_OLE):
        return _ole(data)
    if data.startswith(_PROGRAMS):
        raise _refused("file-not-kept")
    return _text(data, name)


def _pdf(data: bytes) -> str:
    if re.search(rb"/Launch\b", data):
        raise _refused("file-macros")
    return "application/pdf"


def _within(width: int, height: int) -> None:
    if not width or not height:
        raise _refused("file-damaged")
    if width * height > MOST_PIXELS:
        raise _refused("file-bomb")


def _png(data: bytes) -> str:
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise _refused("file-damaged")
    _within(*struct.unpack(">II", data[16:24]))
    return "image/png"


def _gif(data: bytes) -> str:
    if len(data) < 13:
        raise _refused("file-damaged")
    _within(*struct.unpack("<HH", data[6:10]))
    return "image/gif"


def _riff(data: bytes) -> str:
    if data[8:12] != b"WEBP" or len(data) < 30:
        raise _refused("file-not-kept")
    if data[12:16] == b"VP8X":
        _within(
            int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        )
    return "image/webp"


def _jpeg(data: bytes) -> str:
    """Walks the segments to the frame header, where width and height stand (ITU T.81, B.2)."""
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker in {0xFF, 0x01} or 0xD0 <= marker <= 0xD7:
            at += 1 if marker == 0xFF else 2
            continue
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            _within(width, height)
            return "image/jpeg"
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise _refused("file-damaged")


_PICTURES: tuple[tuple[bytes, Callable[[bytes], str]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"GIF8", _gif),
    (b"RIFF", _riff),
)


def _zipped(data: bytes) -> str:
    """An office file in a zip; any other archive is to be unpacked first."""
    return _unzipped(data, _office)


def _office(archive: zipfile.ZipFile) -> str:
    kind = _office_kind(archive, archive.namelist())
    _scan(archive)
    return kind


def _unzipped(data: bytes, look: Callable[[zipfile.ZipFile], Found]) -> Found:
    """What `look` finds in an archive; its faults and passwords are refusals."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return look(archive)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        EOFError,
        ValueError,
        KeyError,
        OSError,
    ):
        raise _refused("file-damaged") from None
    except RuntimeError:  # zipfile's word for a member with a password
        raise _refused("file-locked") from None


def _office_kind(archive: zipfile.ZipFile, names: list[str]) -> str:
    if len(names) > MOST_MEMBERS:
        raise _refused("file-bomb")
    lowered = [one.lower() for one in names]
    if any(mark in one for one in lowered for mark in _MACRO_MEMBERS):
        raise _refused("file-macros")
    if "mimetype" in names:
        with archive.open("mimetype") as head:
            found = head.read(100).decode("ascii", "replace").strip()
        if found in EXTENSIONS and "opendocument" in found:
            return found
    if "[Content_Types].xml" in names:
        for folder, kind in _OPEN_XML.items():
            if any(one.startswith(folder) for one in lowered):
                return kind
    raise _refused("file-archive")


def _scan(archive: zipfile.ZipFile) -> None:
    """Unpacks every member, a piece at a time, within the bound whatever the directory claims."""
    left = MOST_UNPACKED
    for member in archive.infolist():
        with archive.open(member) as content:
            tail = b""
            while piece := content.read(PIECE):
                left -= len(piece)
                if left < 0:
                    raise _refused("file-bomb")
                refuse_virus(tail + piece)
                if b"macroEnabled" in tail + piece and member.filename == "[Content_Types].xml":
                    raise _refused("file-macros")
                tail = piece[-len(EICAR) :]


def _ole(data: bytes) -> str:
    """An old office file, by the names in its directory ([MS-CFB] 2.6.1); none with macros."""
    names = set(_ole_names(data))
    if names & _MACRO_STORAGES:
        raise _refused("file-macros")
    if names & {"EncryptedPackage", "EncryptionInfo"}:
        raise _refused("file-locked")
    for stream, kind in _OLE_STREAMS.items():
        if stream in names:
            return kind
    raise _refused("file-not-kept")


def _ole_names(data: bytes) -> Iterator[str]:
    """Names of directory entries: they stand in 128-byte rows, wherever their sectors lie."""
    for at in range(512, len(data) - 127, 128):
        length = int.from_bytes(data[at + 64 : at + 66], "little")
        if 4 <= length <= 64 and data[at + 66] in {1, 2, 5} and not length % 2:
            yield data[at : at + length - 2].decode("utf-16-le", "replace")


def _text(data: bytes, name: str) -> str:
    if _is_mail(data):
        _check_mail(data)
        return "message/rfc822"
    text = _decoded(data)
    if text is None:
        raise _refused("file-not-kept")
    head = text[:4096].lstrip("\ufeff \t\r\n")
    if _MARKUP.search(head):
        raise _refused("file-not-kept")
    if head.startswith("<?xml"):
        return "application/xml"
    return "text/csv" if name.lower().endswith((".csv", ".tsv")) else "text/plain"


def _decoded(data: bytes) -> str | None:
    """The file as text, None when it holds signs that no text has."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8", "cp1252", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if _CONTROL.search(text) else text
    return None


def _is_mail(data: bytes) -> bool:
    head = data[:65_536].replace(b"\r\n", b"\n")
    found = _MAIL_HEAD.match(head)
    return found is not None and len(_MAIL_MARKS.findall(found[0])) >= 1


def _check_mail(data: bytes) -> None:
    """Looks into every part of a mail, decoded: a virus in base64 is not seen from outside."""
    try:
        message = raw_mail.parse(data)
        for number, part in enumerate(message.walk()):
            if number >= MOST_PARTS:
                raise _refused("file-bomb")
            _check_part(part)
    except RecursionError:
        raise _refused("file-bomb") from None
    except MAIL_FAULTS:
        raise _refused("file-damaged") from None


def _check_part(part: EmailMessage) -> None:
    if part.is_multipart():
        return
    content = part.get_payload(decode=True)
    if isinstance(content, bytes):
        check_inside(content)


def check_inside(content: bytes) -> None:
    """Refuses what a mail or a PDF may not carry: viruses, programs, macros, bombs, archives in
    archives. Other kinds may travel inside; they are checked in full when they become papers.
    """
    refuse_virus(content)
    if content.startswith(_PROGRAMS):
        raise _refused("file-macros")
    if content.startswith(_OLE) and set(_ole_names(content)) & _MACRO_STORAGES:
        raise _refused("file-macros")
    if content.startswith(b"PK\x03\x04"):
        _unzipped(content, _carried_archive)


def _carried_archive(archive: zipfile.ZipFile) -> None:
    lowered = [one.lower() for one in archive.namelist()]
    if len(lowered) > MOST_MEMBERS:
        raise _refused("file-bomb")
    if any(mark in one for one in lowered for mark in _MACRO_MEMBERS):
        raise _refused("file-macros")
    if any(one.endswith(_PACKED) for one in lowered):
        raise _refused("file-archive")
    _scan(archive)
