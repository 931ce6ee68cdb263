"""The values of a camt entry, gathered in one walk over the elements a reader wants.

A `Want` is a tree of names; what is not in it is stepped over. Several names may lead to the same
key: the first of them in the file is kept, which is the order the schema prefers. Names are
compared without their namespace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

Written = tuple[str, str | None]
"""An amount as it is written, and its currency."""


@dataclass(slots=True)
class Want:
    """What to do with an element: keep its text, its amount, its words, or look inside."""

    key: str = ""
    amount: bool = False
    many: bool = False
    inside: dict[str, Want] = field(default_factory=dict)


@dataclass(slots=True)
class Values:
    """What was found, by key; `lists` holds what may stand several times."""

    texts: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, Written] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    charges: list[Written] = field(default_factory=list)


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


def gather(element: etree._Element, tree: dict[str, Want], found: Values) -> None:
    """Put what the tree wants of an element into `found`; the first of a key is kept."""
    for child in element:
        want = tree.get(local(child.tag))
        if want is None:
            continue
        if want.key:
            _keep(child, want, found)
        if want.inside:
            gather(child, want.inside, found)


def _keep(child: etree._Element, want: Want, found: Values) -> None:
    text = child.text
    plain = " ".join(text.split()) if text else ""
    if want.amount:
        currency = child.get("Ccy")
        written = (plain, (currency.strip() or None) if currency else None)
        if want.many:
            found.charges.append(written)
        elif want.key not in found.amounts:
            found.amounts[want.key] = written
    elif not plain:
        return
    elif want.many:
        found.words.append(plain)
    elif want.key not in found.texts:
        found.texts[want.key] = plain
