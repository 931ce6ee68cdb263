"""The house rules about templates and other text files: each returns its findings as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tests.rules.sources import Source

INLINE = re.compile(
    r"""<style\b|<script(?![^>]*\bsrc=)[^>]*>|\sstyle\s*=|\son[a-z]+\s*=|hx-on""", re.I
)
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
TAGS = re.compile(r"<!--.*?-->|<svg\b.*?</svg>|<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", re.DOTALL)
SPOKEN = re.compile(r"""\b(?:placeholder|title|aria-label|alt)\s*=\s*("[^"]*"|'[^']*')""")
CODE = re.compile(r"<(code|pre|kbd)\b.*?</\1>|\{% block \w*class %\}.*?\{% endblock %\}", re.DOTALL)
ATTRIBUTE = re.compile(r"[\w-]+\s*=\s*\"[^\"]*\"|\bnovalidate\b")  # a macro may hold a tag's inside
WORD = re.compile(r"[^\W\d_]{2,}")
ENTITY = re.compile(r"&#?\w+;")
# Names and keys that are the same in every language.
UNTRANSLATED = {
    "Backoffice",
    "Esc",
    "Ctrl",
    "Enter",
    "Tab",
    "Shift",
    "Alt",
    "CSV",
    "JSON",
    "API",
    "RFC",
}
# Folders of a machine, as they stand in a path; the wheel of a shebang or a container is none.
MACHINE_PATH = re.compile(r"(?<![\w.~$}/-])/(?:home|root|work|Users|mnt|workspace)/[\w.-]+")
LOCK_URL = re.compile(r"https?://|--index-url|--extra-index-url|\"resolved\"")


def inline_code(files: Iterable[Source]) -> Iterator[str]:
    """The content security policy refuses inline styles and scripts, so none may be written."""
    for file in files:
        bare = re.sub(r"\{#.*?#\}", _blank, file.text, flags=re.DOTALL)
        for number, line in enumerate(bare.splitlines(), 1):
            if found := INLINE.search(line):
                yield f"{file.path}:{number} {found[0].strip()}"


def untranslated(files: Iterable[Source]) -> Iterator[str]:
    """Every text a person reads goes through _( ), also in attributes that are read aloud."""
    for file in files:
        bare = JINJA.sub(_blank, CODE.sub(_blank, file.text))
        for found in SPOKEN.finditer(bare):
            if _speaks(found[1]):
                yield f"{file.path}:{_line(bare, found.start())} {found[0]}"
        for number, line in enumerate(ATTRIBUTE.sub("", TAGS.sub(_blank, bare)).splitlines(), 1):
            if _speaks(line):
                yield f"{file.path}:{number} {line.strip()}"


def machine_paths(files: Iterable[Source]) -> Iterator[str]:
    """No path of one machine stands in the project."""
    for file in files:
        if file.path.startswith("tests/rules/"):
            continue
        for number, line in enumerate(file.text.splitlines(), 1):
            if found := MACHINE_PATH.search(line):
                yield f"{file.path}:{number} {found[0]}"


def lock_addresses(files: Iterable[Source]) -> Iterator[str]:
    """A lock file names versions and hashes, never the registry of whoever made it."""
    for file in files:
        for number, line in enumerate(file.text.splitlines(), 1):
            if LOCK_URL.search(line) and '"url": "https://github.com/sponsors' not in line:
                yield f"{file.path}:{number} {line.strip()}"


def _speaks(text: str) -> bool:
    words = WORD.findall(ENTITY.sub(" ", text))
    return any(word not in UNTRANSLATED for word in words)


def _blank(found: re.Match[str]) -> str:
    """Take text out and leave its line breaks, so that line numbers stay true."""
    return "\n" * found[0].count("\n") or " "


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
