"""The text of papers that have no pages: mails, XML, tables, office files; for the search."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from lxml import etree

from app.documents import raw_mail

MOST_MEMBER = 20_000_000
_PARTS = {
    "word": re.compile(r"word/(?:document|header\d*|footer\d*|footnotes)\.xml"),
    "xl": re.compile(r"xl/(?:sharedStrings|worksheets/sheet\d{1,3})\.xml"),
    "ppt": re.compile(r"ppt/slides/slide\d{1,3}\.xml"),
    "odf": re.compile(r"content\.xml"),
}
_ZIPPED = re.compile("|".join(one.pattern for one in _PARTS.values()))


def of(data: bytes, media_type: str) -> str:
    """The words of a file; empty where its kind has none that are read."""
    if media_type == "message/rfc822":
        return _mail(data)
    if media_type == "application/xml":
        return _xml(data)
    if media_type.startswith("text/"):
        return _decoded(data)
    if data.startswith(b"PK"):
        return _office(data)
    return ""


def _decoded(data: bytes) -> str:
    for name in ("utf-8-sig", "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "cp1252"):
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _mail(data: bytes) -> str:
    message = raw_mail.parse(data)
    heads = [str(message[name]) for name in ("Subject", "From", "To") if message[name]]
    body = message.get_body(preferencelist=("plain", "html"))
    words = ""
    if body is not None:
        try:
            words = str(body.get_content())
        except (LookupError, UnicodeError):
            words = ""
        if body.get_content_type() == "text/html":
            words = re.sub(r"<[^>]{0,2000}>", " ", words)
    return "\n".join([*heads, words])


def _xml(data: bytes) -> str:
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return ""
    if root is None:
        return ""
    return "\n".join(word.strip() for word in map(str, root.itertext()) if word.strip())


def _office(data: bytes) -> str:
    """The text of the parts that people write; a broken archive has none."""
    found: list[str] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                if _ZIPPED.fullmatch(name):
                    with archive.open(name) as part:
                        found.append(_xml(part.read(MOST_MEMBER)))
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError):
        return "\n".join(found)
    return "\n".join(found)
