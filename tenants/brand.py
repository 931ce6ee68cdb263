"""The provider's face, checked: an accent that can be read, a logo that carries no code."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from typing import Final

from lxml import etree

from app.kernel.errors import Invalid

MAX_LOGO_BYTES: Final = 200_000
MAX_LOGO_SIDE: Final = 1_024
LEAST_CONTRAST: Final = 4.5  # WCAG 2.2, 1.4.3, for text

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_PNG = b"\x89PNG\r\n\x1a\n"
_KEPT_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_SVG_TAGS = frozenset(
    "svg g path rect circle ellipse line polyline polygon title desc defs linearGradient"
    " radialGradient stop clipPath".split()
)
_SVG_ATTRIBUTES = frozenset(
    "viewBox width height x y x1 x2 y1 y2 cx cy r rx ry d points fill fill-rule fill-opacity"
    " stroke stroke-width stroke-linecap stroke-linejoin stroke-opacity opacity transform id"
    " offset stop-color stop-opacity gradientUnits gradientTransform clip-path clip-rule"
    " preserveAspectRatio version role aria-label".split()
)


@dataclass(frozen=True, slots=True)
class Logo:
    """A logo that was taken apart and written anew."""

    data: bytes
    media_type: str


def checked_accent(text: str) -> str:
    """A colour `#rrggbb` that is readable on white and under white text; raises Invalid."""
    if not _HEX.fullmatch(text.strip()):
        raise Invalid.of("accent", "not-a-colour")
    colour = text.strip().lower()
    if contrast_with_white(colour) < LEAST_CONTRAST:
        raise Invalid.of("accent", "accent-too-pale")
    return colour


def contrast_with_white(colour: str) -> float:
    """The contrast ratio against white, 1 to 21 (WCAG 2.2, relative luminance)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def checked_logo(data: bytes) -> Logo:
    """The logo of an upload, known by its content, not its name; raises Invalid at `logo`."""
    if len(data) > MAX_LOGO_BYTES:
        raise Invalid.of("logo", "logo-too-large", most=MAX_LOGO_BYTES // 1000)
    if data.startswith(_PNG):
        return Logo(_rewritten_png(data), "image/png")
    if b"<svg" in data[:1000]:
        return Logo(_rewritten_svg(data), "image/svg+xml")
    raise Invalid.of("logo", "logo-kind")


def _rewritten_png(data: bytes) -> bytes:
    """The same picture with nothing but its picture: sums checked, comments and trailers gone."""
    out, at, seen = [_PNG], len(_PNG), False
    pixels = bytearray()
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        end = at + 12 + length
        if end > len(data) or zlib.crc32(kind + body) != int.from_bytes(data[end - 4 : end]):
            raise Invalid.of("logo", "logo-broken")
        if kind == b"IHDR":
            _check_size(body)
        if kind in _KEPT_CHUNKS:
            out.append(data[at:end])
        if kind == b"IDAT":
            pixels += body
        at, seen = end, seen or kind == b"IEND"
        if seen:
            break
    if not seen or out[1][4:8] != b"IHDR" or not _inflates(bytes(pixels)):
        raise Invalid.of("logo", "logo-broken")
    return b"".join(out)


def _check_size(header: bytes) -> None:
    if len(header) != 13:
        raise Invalid.of("logo", "logo-broken")
    width, height = struct.unpack(">II", header[:8])
    if not 1 <= width <= MAX_LOGO_SIDE or not 1 <= height <= MAX_LOGO_SIDE:
        raise Invalid.of("logo", "logo-too-wide", most=MAX_LOGO_SIDE)


def _inflates(pixels: bytes) -> bool:
    """Whether the pixel data unpack to no more than the largest picture allowed."""
    most = MAX_LOGO_SIDE * (MAX_LOGO_SIDE * 8 + 1)
    reader = zlib.decompressobj()
    try:
        return 0 < len(reader.decompress(pixels, most + 1)) <= most
    except zlib.error:
        return False


def _rewritten_svg(data: bytes) -> bytes:
    """The drawing, refused as soon as it holds anything but shapes."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise Invalid.of("logo", "logo-svg-refused")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Invalid.of("logo", "logo-broken") from error
    for element in root.iter():
        if not isinstance(element.tag, str) or _bare(element.tag) not in _SVG_TAGS:
            raise Invalid.of("logo", "logo-svg-refused")
        for name, value in element.attrib.items():
            if str(name) not in _SVG_ATTRIBUTES or _points_outside(str(value)):
                raise Invalid.of("logo", "logo-svg-refused")
    return etree.tostring(root, encoding="utf-8")


def _bare(tag: str) -> str:
    space, _, name = tag.rpartition("}")
    return name if space in {"", "{http://www.w3.org/2000/svg"} else ""


def _points_outside(value: str) -> bool:
    text = value.lower().replace(" ", "")
    return "javascript:" in text or ("url(" in text and "url(#" not in text)
