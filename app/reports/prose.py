"""Words to the client: paragraphs, headings, lists, bold and italics, and nothing else.

A small part of Markdown, read by hand and escaped, so that nobody's text becomes markup:
`## heading`, `- item`, `1. item`, `**bold**`, `*italics*`; a blank line ends a paragraph.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

_RUN = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*|\*(?=\S)(.+?)(?<=\S)\*")
_ITEM = re.compile(r"(?:[-*•]|([0-9]{1,3})[.)])\s+(.*)")


@dataclass(frozen=True, slots=True)
class Run:
    """A run of letters in one style."""

    text: str
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (`p`), a heading (`h`), an item of a list (`ul`, `ol`)."""

    kind: str
    runs: tuple[Run, ...]


def blocks(text: str) -> list[Block]:
    """The blocks of a text."""
    found: list[Block] = []
    open_lines: list[str] = []

    def close() -> None:
        if open_lines:
            found.append(Block("p", runs(" ".join(open_lines))))
            open_lines.clear()

    for line in (line.strip() for line in text.splitlines()):
        item = _ITEM.fullmatch(line)
        if not line:
            close()
        elif line.startswith("#"):
            close()
            found.append(Block("h", runs(line.lstrip("#").strip())))
        elif item:
            close()
            found.append(Block("ol" if item[1] else "ul", runs(item[2])))
        else:
            open_lines.append(line)
    close()
    return found


def runs(text: str) -> tuple[Run, ...]:
    """A line's runs: `**bold**` and `*italics*`, not one within the other."""
    found: list[Run] = []
    at = 0
    for match in _RUN.finditer(text):
        if match.start() > at:
            found.append(Run(text[at : match.start()]))
        bold = match[1] is not None
        found.append(Run(match[1] or match[2], bold=bold, italic=not bold))
        at = match.end()
    if at < len(text):
        found.append(Run(text[at:]))
    return tuple(found)


def html(text: str) -> Markup:
    """The text for a page, every letter of it escaped."""
    parts: list[Markup] = []
    for kind, group in groupby(blocks(text), key=lambda block: block.kind):
        tag = {"p": "p", "h": "h3"}.get(kind, "li")
        lines = Markup("").join(
            Markup("<{tag}>{text}</{tag}>").format(tag=tag, text=_inline(block)) for block in group
        )
        parts.append(
            Markup("<{kind}>{lines}</{kind}>").format(kind=kind, lines=lines)
            if tag == "li"
            else lines
        )
    return Markup("").join(parts)


def _inline(block: Block) -> Markup:
    shapes = {(True, False): Markup("<b>{}</b>"), (False, True): Markup("<i>{}</i>")}
    return Markup("").join(
        shapes.get((run.bold, run.italic), Markup("{}")).format(run.text) for run in block.runs
    )


def plain(text: str) -> str:
    """The text without its signs, for a sheet or a line of a list."""
    return "\n\n".join("".join(run.text for run in block.runs) for block in blocks(text))


def data(text: str) -> list[dict[str, Any]]:
    """The blocks as JSON values, for typesetting."""
    return [
        {
            "kind": block.kind,
            "runs": [
                {"text": run.text, "bold": run.bold, "italic": run.italic} for run in block.runs
            ],
        }
        for block in blocks(text)
    ]
