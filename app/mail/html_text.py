"""HTML of mails as plain text: paragraphs, lists, links that say more than their words, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree
from lxml.html import HTMLParser

MOST = 4 * 1024 * 1024
_SKIP = frozenset(("script", "style", "head", "title", "meta", "link", "template", "object", "svg"))
_BLOCK = frozenset(
    "address article aside blockquote center dd div dl dt fieldset figure footer form h1 h2 h3 h4"
    " h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul".split()
)
_APART = frozenset("blockquote dl h1 h2 h3 h4 h5 h6 ol p pre table ul".split())
_BLANK = re.compile(r"[ \t\r\n\f\u200b\ufeff]+")
_LINES = re.compile(r"\n{3,}")
_DEPTH = "\x02"
_MARK = re.compile(_DEPTH + r"(\d)")


def parse(html: str) -> etree._Element | None:
    """The tree of an HTML text, repaired as browsers do; None where there is none."""
    text = html[:MOST].replace("\x00", "").replace(_DEPTH, "")
    if not text.strip():
        return None
    parser = HTMLParser(recover=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def text_of(html: str) -> str:
    """The words of an HTML text."""
    tree = parse(html)
    return "" if tree is None else words(tree)


def words(tree: etree._Element) -> str:
    """The words of a tree, blocks on lines of their own."""
    writer = _Writer()
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        if event == "start":
            writer.start(element)
        else:
            writer.end(element)
    joined = "\n".join(line.rstrip() for line in _quoted("".join(writer.pieces)).split("\n"))
    return _LINES.sub("\n\n", joined).replace("\u00a0", " ").strip()


def _quoted(text: str) -> str:
    """Lines inside of quotes get their sign; the depth travels in marks that no text holds."""
    if _DEPTH not in text:
        return text
    lines, depth = [], 0
    for line in text.split("\n"):
        for mark in _MARK.findall(line):
            depth = int(mark)
        plain = _MARK.sub("", line)
        lines.append(f"{'>' * depth} {plain}".rstrip() if depth else plain)
    return "\n".join(lines)


def _is_quote(element: etree._Element) -> bool:
    """A quote, and not only an indent: programs draw those without a border."""
    style = (element.get("style") or "").replace(" ", "").lower()
    if (
        element.get("type") == "cite"
        or element.get("cite")
        or "quote" in (element.get("class") or "")
    ):
        return True
    return "border:none" not in style and "border-width:0" not in style


class _Writer:
    """Text as it is written, with the newlines that blocks ask for."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.hidden = 0
        self.pre = 0
        self.fresh = True
        self.space = False
        self.quotes: list[bool] = []

    def start(self, element: etree._Element) -> None:
        tag = str(element.tag)
        if self.hidden or tag in _SKIP:
            self.hidden += 1
            return
        if tag in _BLOCK:
            self.line(apart=tag in _APART)
        if tag == "blockquote":
            self.quotes.append(_is_quote(element))
            self.marked()
        if tag == "br":
            self.newline()
        elif tag == "li":
            self.put("- ")
        elif tag in ("td", "th") and not self.fresh:
            self.space = True
        self.pre += tag == "pre"
        self.put(element.text or "")

    def end(self, element: etree._Element) -> None:
        tag = str(element.tag)
        if self.hidden:
            self.hidden -= 1
        else:
            self.pre -= tag == "pre"
            if tag == "a":
                self.link(element)
            if tag in _BLOCK:
                self.line(apart=tag in _APART)
            if tag == "blockquote" and self.quotes:
                self.quotes.pop()
                self.marked()
        if not self.hidden:
            self.put(element.tail or "")

    def marked(self) -> None:
        """Say how deep the quotes are from here on."""
        if not self.fresh:
            self.newline()
        self.pieces.append(f"{_DEPTH}{min(sum(self.quotes), 9)}")
        self.fresh = True

    def put(self, text: str) -> None:
        if not text:
            return
        if self.pre:
            self.pieces.append(text)
            self.fresh = text.endswith("\n")
            return
        before, after = text[0] in " \t\r\n\f", text[-1] in " \t\r\n\f"
        plain = _BLANK.sub(" ", text).strip(" ")
        if not plain:
            self.space = self.space or before
            return
        if (before or self.space) and not self.fresh:
            self.pieces.append(" ")
        self.pieces.append(plain)
        self.fresh, self.space = False, after

    def link(self, element: etree._Element) -> None:
        """A link's address where its words do not say it."""
        href = (element.get("href") or "").strip()
        if not href.startswith(("http://", "https://")):
            return
        said = _BLANK.sub(" ", "".join(_texts(element))).strip()
        bare = href.removeprefix("http://").removeprefix("https://").rstrip("/")
        if said and bare not in said and len(href) < 2_000:
            self.put(f" <{href}>")

    def line(self, *, apart: bool) -> None:
        if not self.fresh:
            self.newline()
        if apart and self.pieces and self.pieces[-1] != "\n\n":
            self.pieces.append("\n")

    def newline(self) -> None:
        self.pieces.append("\n")
        self.fresh, self.space = True, False


def _texts(element: etree._Element) -> Iterator[str]:
    for text in islice(element.itertext(), 50):
        yield str(text)
