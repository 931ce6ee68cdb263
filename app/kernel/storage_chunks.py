"""The sealed form of a stored object: one-megabyte pieces, each proved on its own.

Layout: magic `BO1`, a version byte, the number of the client's key, eight random bytes;
then each piece as AES-256-GCM ciphertext with its tag. A piece's nonce is the random bytes and its
number, its associated data the client, the object, the number and whether it is the last, so that
pieces can be neither swapped, moved, repeated nor cut off (the construction of STREAM, Hoang et
al. 2015).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.kernel.errors import Unavailable

MAGIC = b"BO1\x02"
NUMBER_BYTES = 4
RANDOM_BYTES = 8
HEAD_BYTES = len(MAGIC) + NUMBER_BYTES + RANDOM_BYTES
PIECE_BYTES = 1024 * 1024
TAG_BYTES = 16
SEALED_BYTES = PIECE_BYTES + TAG_BYTES


def _about(label: str, number: int, last: bool) -> bytes:
    return f"{label}|{number}|{int(last)}".encode()


def _nonce(head: bytes, number: int) -> bytes:
    return head[-RANDOM_BYTES:] + number.to_bytes(4, "big")


def key_number(head: bytes) -> int:
    """Under which of the client's keys an object stands, by its first bytes.

    Raises Unavailable for what is no sealed object.
    """
    if head[: len(MAGIC)] != MAGIC or len(head) < HEAD_BYTES:
        raise Unavailable("object-damaged")
    return int.from_bytes(head[len(MAGIC) : len(MAGIC) + NUMBER_BYTES], "big")


def sealed(plain: IO[bytes], *, number: int, key: bytes, label: str) -> Iterator[bytes]:
    """The sealed form of a stream, piece by piece; an empty stream has one empty piece."""
    head = MAGIC + number.to_bytes(NUMBER_BYTES, "big") + os.urandom(RANDOM_BYTES)
    cipher, place, piece = AESGCM(key), 0, plain.read(PIECE_BYTES)
    yield head
    while True:
        following = plain.read(PIECE_BYTES)
        last = not following
        yield cipher.encrypt(_nonce(head, place), piece, _about(label, place, last))
        if last:
            return
        place, piece = place + 1, following


def opened(stream: Iterable[bytes], *, key: Callable[[int], bytes], label: str) -> Iterator[bytes]:
    """The plain pieces of a sealed stream; raises Unavailable when it is not what was stored.

    `key` answers the client's key of a number; it is asked at once, the pieces come as they are
    read.
    """
    pieces = _regrouped(stream)
    head = next(pieces, b"")
    return _opened(head, pieces, AESGCM(key(key_number(head))), label)


def _opened(head: bytes, pieces: Iterator[bytes], cipher: AESGCM, label: str) -> Iterator[bytes]:
    number = 0
    piece = next(pieces, None)
    while piece is not None:
        following = next(pieces, None)
        yield _decrypted(cipher, head, piece, label, number, following is None)
        number, piece = number + 1, following
    if number == 0:
        raise Unavailable("object-damaged")


def _decrypted(
    cipher: AESGCM, head: bytes, piece: bytes, label: str, number: int, last: bool
) -> bytes:
    try:
        return cipher.decrypt(_nonce(head, number), piece, _about(label, number, last))
    except InvalidTag as error:
        raise Unavailable("object-damaged") from error


def _regrouped(stream: Iterable[bytes]) -> Iterator[bytes]:
    """The head, then sealed pieces of full length, whatever the network made of them."""
    held, wanted = bytearray(), HEAD_BYTES
    for part in stream:
        held += part
        while len(held) >= wanted:
            yield bytes(held[:wanted])
            del held[:wanted]
            wanted = SEALED_BYTES
    if held:
        yield bytes(held)
