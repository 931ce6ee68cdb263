"""The values of a camt entry, taken from the places that its shape says.

A `Want` is a tree of names; what is not in it is stepped over. Several names may lead to the same
key: the first of them in the file is kept, which is the order the schema prefers. Names are
compared without their namespace. Entries of one bank mostly look alike, so where their wanted
elements stand is worked out once a shape (names and numbers of children) and remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from connectors.catalog.bank import camt_path

Written = tuple[str, str | None]
"""An amount as it is written, and its currency."""
_SHAPES = 512
_LARGEST = 400
"""Entries with more elements are looked through each time, so that memory stays bounded."""


@dataclass(slots=True)
class Want:
    """What to do with an element: keep its text, its amount, its words, or look inside."""

    key: str = ""
    amount: bool = False
    many: bool = False
    inside: dict[str, Want] = field(default_factory=dict)
    part: bool = False


@dataclass(slots=True)
class Values:
    """What was found, by key; `words` and `charges` may stand several times."""

    line: int | None = None
    texts: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, Written] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    charges: list[Written] = field(default_factory=list)


@dataclass(slots=True)
class Steps:
    """Where values stand, last to first, so that the first of several is the one that is kept."""

    texts: list[tuple[int, str]] = field(default_factory=list)
    amounts: list[tuple[int, str]] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    charges: list[int] = field(default_factory=list)


Plan = tuple[Steps, list[tuple[int, Steps]]]
"""Where the entry's own values stand, and of each part its place and where its values stand."""


def wanted(paths: dict[str, Iterable[str]]) -> dict[str, Want]:
    """The tree for paths by key; keys in capitals are amounts, `words` and CHARGES are many."""
    tree: dict[str, Want] = {}
    for key, several in paths.items():
        for path in several:
            inside = tree
            *above, last = path.split("/")
            for name in above:
                inside = inside.setdefault(name, Want()).inside
            want = inside.setdefault(last, Want())
            want.key, want.amount = key, key.isupper()
            want.many = key in ("words", "CHARGES")
    return tree


@lru_cache(maxsize=4096)
def local(tag: str) -> str:
    """The name of an element without its namespace, or without a prefix that names none."""
    return tag.rpartition("}")[2].rpartition(":")[2]


class Taker:
    """Takes the wanted values of entries; `tree` holds parts (details) as wants with `part`."""

    def __init__(self, tree: dict[str, Want]) -> None:
        self._tree = tree
        self._plans: dict[tuple[object, ...], Plan] = {}

    def take(self, entry: etree._Element) -> tuple[Values, list[Values]]:
        """The values of the entry itself, and those of each of its parts."""
        elements = list(entry.iter())
        own, parts = self._plan(elements)
        return (
            _taken(elements, 0, own),
            [_taken(elements, place, steps) for place, steps in parts],
        )

    def _plan(self, elements: list[etree._Element]) -> Plan:
        if len(elements) > _LARGEST:
            return _planned(elements, self._tree)
        shape = (*[one.tag for one in elements], *map(len, elements))
        plan = self._plans.get(shape)
        if plan is None:
            if len(self._plans) >= _SHAPES:
                self._plans.clear()
            plan = self._plans[shape] = _planned(elements, self._tree)
        return plan


def _planned(elements: list[etree._Element], tree: dict[str, Want]) -> Plan:
    """Where the wanted elements stand; names before numbers of children make shapes unique."""
    own = Steps()
    parts: list[tuple[int, Steps]] = []
    inside = {elements[0]: (tree, own)}
    for place, element in enumerate(elements[1:], 1):
        parent = element.getparent()
        above = inside.get(parent) if parent is not None else None
        want = above[0].get(local(element.tag)) if above else None
        if above is None or want is None:
            continue
        steps = above[1]
        if want.part:
            steps = Steps()
            parts.append((place, steps))
        elif want.key:
            _add(steps, place, want)
        if want.inside:
            inside[element] = (want.inside, steps)
    return own, parts


def _add(steps: Steps, place: int, want: Want) -> None:
    if want.many:
        (steps.charges if want.amount else steps.words).append(place)
    else:
        (steps.amounts if want.amount else steps.texts).insert(0, (place, want.key))


def _taken(elements: list[etree._Element], place: int, steps: Steps) -> Values:
    texts: dict[str, str] = {}
    for at, key in steps.texts:
        text = elements[at].text
        plain = " ".join(text.split()) if text else ""
        if plain:
            texts[key] = plain
    return Values(
        camt_path.line(elements[place]),
        texts,
        {key: _amount(elements[at]) for at, key in steps.amounts},
        [plain for at in steps.words if (plain := _plain(elements[at]))],
        [_amount(elements[at]) for at in steps.charges],
    )


def _plain(element: etree._Element) -> str:
    text = element.text
    return " ".join(text.split()) if text else ""


def _amount(element: etree._Element) -> Written:
    currency = element.get("Ccy")
    return _plain(element), (currency.strip() or None) if currency else None
