"""Ways in which mails break, each a function of bytes and chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

Mutation = Callable[[bytes, random.Random, Sequence[bytes]], bytes]
_MOST = 400_000
_MARKS = (
    b"--",
    b"\r\n\r\n",
    b"=?utf-8?q?",
    b"?=",
    b"Content-Type: multipart/mixed; boundary=x\r\n",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b'"',
    b"<",
    b">",
    b"(",
    b"\x00",
    b"=",
    b"\xff\xfe",
    b"charset=utf-7",
    b"<blockquote>",
    b"begin 644 x\r\n",
    b"On 1.1.2020 10:00 a <",
)


def _place(data: bytes, chance: random.Random) -> int:
    return chance.randrange(len(data) + 1)


def flipped(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """Some bytes are others."""
    changed = bytearray(data)
    for _number in range(chance.randint(1, 30) if changed else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """The end, the beginning or the middle is missing."""
    first, second = sorted((_place(data, chance), _place(data, chance)))
    return chance.choice((data[:first], data[second:], data[:first] + data[second:]))


def repeated(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """A piece comes many times."""
    start = _place(data, chance)
    piece = data[start : start + chance.randint(1, 300)]
    many = piece * chance.choice((2, 10, 100, min(2_000, _MOST // max(1, len(piece)))))
    return data[:start] + many + data[start:]


def marked(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """Signs that mean something stand where they should not."""
    for _number in range(chance.randint(1, 12)):
        start = _place(data, chance)
        mark = chance.choice(_MARKS) * chance.choice((1, 1, 1, 50, 2_000))
        data = data[:start] + mark + data[start:]
    return data


def swapped(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """Lines change their order, or one is missing."""
    lines = data.split(b"\n")
    for _number in range(chance.randint(1, 8)):
        first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[first], lines[second] = lines[second], lines[first]
    if chance.random() < 0.5:
        del lines[chance.randrange(len(lines))]
    return b"\n".join(lines)


def spliced(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """The head of one mail on the body of another."""
    other = chance.choice(others)
    return data[: _place(data, chance)] + other[_place(other, chance) :]


def ended(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """Other ends of lines."""
    return data.replace(b"\r\n", b"\n").replace(b"\n", chance.choice((b"\r", b"\r\r\n", b"\n\n")))


def nested(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """The mail lies in messages, multiparts or quotes, many deep."""
    times = chance.choice((3, 30, 300))
    kind = chance.randrange(3)
    if kind == 0:
        return b"Content-Type: message/rfc822\r\n\r\n" * times + data
    if kind == 1:
        opened = b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n"
        return b"".join(opened % (one, one) for one in range(times)) + data
    head, _blank, body = data.partition(b"\n\n")
    return head + b"\n\n" + b"> " * times + body.replace(b"\n", b"\n" + b"> " * (times // 10))


MUTATIONS: tuple[Mutation, ...] = (
    flipped,
    cut,
    repeated,
    marked,
    swapped,
    spliced,
    ended,
    nested,
)


def mutated(seeds: Sequence[bytes], number: int, *, seed: int) -> tuple[str, bytes]:
    """The n-th broken mail: which one and what was done to it, and its bytes.

    The mails take turns, so that every one of them is broken equally often.
    """
    chance = random.Random(f"{seed}-{number}")
    which = number % len(seeds)
    data, names = seeds[which], [f"mail {which}"]
    for _step in range(chance.choice((1, 1, 2, 3))):
        mutation = chance.choice(MUTATIONS)
        data = mutation(data, chance, seeds)[:_MOST]
        names.append(mutation.__name__)
    return "+".join(names), data
