"""The statement files in what was dropped: files as they are, and a zip's files within bounds."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from app.kernel.errors import Invalid
from connectors.catalog.bank import reading
from connectors.catalog.bank.statement import MAX_BYTES

MOST_FILES = 200
MOST_BYTES = 200_000_000
MOST_RATIO = 100
_SMALL = 1_000_000
"""Below this size a ratio says nothing: a short text shrinks far."""
_HIDDEN = ("__MACOSX/", ".")


@dataclass(frozen=True, slots=True)
class Piece:
    """One file to take in; `refused` is the code of why it is not even opened."""

    name: str
    data: bytes
    refused: str | None = None


def pieces(files: Sequence[tuple[str, bytes]]) -> list[Piece]:
    """Every statement file of a drop; raises Invalid at the field for more than is taken."""
    found: list[Piece] = []
    left = MOST_BYTES
    for name, data in files:
        if reading.detect(data) == "zip":
            inside = _unpacked(data, left)
            left -= sum(len(one.data) for one in inside)
            found += inside
        else:
            found.append(Piece(name, data))
        if len(found) > MOST_FILES:
            raise Invalid.of("files", "drop-too-many", most=MOST_FILES)
    return found


def _unpacked(data: bytes, left: int) -> list[Piece]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            heads = [one for one in packed.infolist() if not one.is_dir() and _plain(one)]
            _check(heads, len(data), left)
            return [_piece(packed, one) for one in heads]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as fault:
        raise Invalid.of("files", "zip-broken") from fault
    except (NotImplementedError, RuntimeError) as fault:
        raise Invalid.of("files", "zip-locked") from fault


def _plain(one: zipfile.ZipInfo) -> bool:
    """Not what file managers put beside the files."""
    return not any(part.startswith(_HIDDEN[1]) for part in one.filename.split("/")) and (
        not one.filename.startswith(_HIDDEN[0])
    )


def _check(heads: Sequence[zipfile.ZipInfo], size: int, left: int) -> None:
    if len(heads) > MOST_FILES:
        raise Invalid.of("files", "drop-too-many", most=MOST_FILES)
    whole = sum(one.file_size for one in heads)
    if whole > left:
        raise Invalid.of("files", "zip-too-large", most=MOST_BYTES // 1_000_000)
    if whole > _SMALL and whole > MOST_RATIO * size:
        raise Invalid.of("files", "zip-bomb")


def _piece(packed: zipfile.ZipFile, one: zipfile.ZipInfo) -> Piece:
    name = cleaned(one.filename)
    if one.file_size > MAX_BYTES:
        return Piece(name, b"", "file-too-large")
    with packed.open(one) as opened:
        data = opened.read(one.file_size + 1)
    if len(data) != one.file_size:
        raise ValueError("size")
    if not data:
        return Piece(name, b"", "file-empty")
    if reading.detect(data) == "zip":
        return Piece(name, b"", "zip-nested")
    return Piece(name, data)


def cleaned(text: str) -> str:
    """The last part of a path, without control signs, at most 200 characters."""
    last = text.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in last if sign.isprintable())[-200:].strip() or "statement"
