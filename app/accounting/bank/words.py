"""What a reader of bank files had to say: kept as it was, told in the reader's language."""

from __future__ import annotations

from typing import Any

from app.kernel import words
from connectors.catalog.bank.statement import Saying


def kept(code: str, line: int | None, message: Saying) -> dict[str, Any]:
    """A doubt or a refusal as it is stored: code, line, and the text with its parameters."""
    return {"code": code, "line": line, "text": message.text, "params": message.params}


def said(note: dict[str, Any]) -> str:
    """The words of a stored note; numbers among its parameters are grouped."""
    params = {
        name: words.format_number(value) if isinstance(value, int) else value
        for name, value in note.get("params", {}).items()
    }
    return words.gettext(note.get("text", ""), **params)


def worded(saying: Saying) -> str:
    """What a reader says, in the language of who reads."""
    return said({"text": saying.text, "params": saying.params})


def shown(note: dict[str, Any]) -> dict[str, Any]:
    """A note as screen and API show it: code, line and message."""
    return {"code": note.get("code"), "line": note.get("line"), "message": said(note)}
