"""Templates hold no words of their own: every text a reader sees goes through the catalogues."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.kernel.refusals import PACKAGES, ROOT

# Names that no language changes, and what stands in code for programs.
NAMES = {"Backoffice", "(RFC 9457):"}
_UNSEEN = re.compile(
    r"\{#.*?#\}|<(?P<tag>script|style|svg|code|kbd|pre)\b.*?</(?P=tag)>"
    r"|\{%-?\s*macro\b.*?%\}|\{%.*?%\}",
    re.DOTALL,
)
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_TAG = re.compile(r"<!?/?[a-zA-Z](?:[^>\"']|\"[^\"]*\"|'[^']*')*>", re.DOTALL)
_SAID = re.compile(r"\b(?:title|aria-label|placeholder|alt)=\"([^\"]*)\"")
_ATTRIBUTES = re.compile(
    r"\{% (?:block body_class|macro (?:error_form|_marks)\b[^%]*) %\}.*?\{% end(?:block|macro) %\}"
)
_WORD = re.compile(r"[A-Za-z]{2,}")


def bare_words(template: str) -> Iterator[str]:
    """Words outside tags and expressions, and words written into attributes that are read out."""
    seen = _EXPRESSION.sub("\0", _UNSEEN.sub("\0", template))
    for value in _SAID.findall(seen):
        yield from (part for part in value.split("\0") if _WORD.search(part))
    for part in re.split("[\0\1]", _TAG.sub("\1", seen)):
        left = part.strip(" ·\n")
        if _WORD.search(left) and left not in NAMES:
            yield left


def _without_attributes(template: str) -> str:
    """A template without what fills attributes only: the body's class, marks of a field."""
    return _ATTRIBUTES.sub("", template)


@pytest.mark.parametrize("package", PACKAGES)
def test_templates_hold_no_words_outside_the_catalogues(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {words}"
        for path in sorted((ROOT / package).rglob("templates/**/*.html"))
        for words in bare_words(_without_attributes(path.read_text()))
    ]
    assert not found


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("<p>Hello {{ name }}</p>", ["Hello"]),
        ('<p title="Look here">{{ _("Hello") }}</p>', ["Look here"]),
        ('<a href="/x" class="big">{{ _("Hello") }}</a> · <code>limit</code>', []),
        ("{% if total > 3 %}{{ total }}{% endif %}", []),
    ],
)
def test_bare_words_are_found(template: str, words: list[str]) -> None:
    assert list(bare_words(template)) == words
