"""Finding elements of a camt file by their names, whatever namespace they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from lxml import etree


def line(element: etree._Element) -> int | None:
    """The line an element starts in, counted from 1."""
    return cast("int | None", element.sourceline)


def children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """The direct children of that name."""
    return element.iterchildren("{*}" + name)


def find(element: etree._Element | None, path: str) -> etree._Element | None:
    """The first element at a path of names such as `Refs/EndToEndId`, or None."""
    for name in path.split("/"):
        if element is None:
            return None
        element = next(element.iterchildren("{*}" + name), None)
    return element


def text(element: etree._Element | None, path: str = "") -> str | None:
    """The text at a path with its white space folded; None where there is none."""
    found = find(element, path) if path else element
    if found is None or not found.text:
        return None
    return " ".join(found.text.split()) or None


def first(element: etree._Element | None, *paths: str) -> str | None:
    """The first text there is at one of the paths."""
    for path in paths:
        found = text(element, path)
        if found:
            return found
    return None


def account(element: etree._Element | None) -> str | None:
    """The number of an account: IBAN, or whatever other number the bank gives (any version)."""
    found = first(
        element, "Id/IBAN", "Id/Othr/Id", "Id/PrtryAcct/Id", "Id/BBAN", "Id/UPIC", "IBAN", "Prxy/Id"
    )
    return found.replace(" ", "") if found else None


def currency(element: etree._Element | None) -> str | None:
    """The currency of an amount element."""
    found = element.get("Ccy") if element is not None else None
    return found.strip() or None if found else None
