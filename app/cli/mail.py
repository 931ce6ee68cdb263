"""`backoffice mail`: read raw mails without a database or the web application."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from app.mail import told
from app.mail.child import MOST_BYTES, Reader, Unreadable

_FILE = click.Path(path_type=Path)


@click.group()
def mail() -> None:
    """Read raw mails (offline)."""


@mail.command()
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, one line a file.")
@click.pass_context
def parse(context: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Say what the mails FILES hold; exit 1 when one of them is refused.

    Each is read in a program of its own with bounded time and memory, as replies are.
    """
    refused = False
    with Reader() as reader:
        for path in files:
            answer = _answer(reader, path)
            refused = refused or answer["error"] is not None
            click.echo(json.dumps(answer) if as_json else _shown(answer))
    context.exit(1 if refused else 0)


def _answer(reader: Reader, path: Path) -> dict[str, Any]:
    answer: dict[str, Any] = {"file": str(path)}
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as fault:
        reason = fault.strerror or "it cannot be read"
        return answer | told.nothing() | {"error": _error("file-unreadable", f"{reason}.")}
    try:
        return answer | told.told(reader.read(data)) | {"error": None}
    except Unreadable as fault:
        return answer | told.nothing() | {"error": _error(fault.code, _words(fault))}


def _words(fault: Unreadable) -> str:
    """The sentence of a refusal; loaded only when it is needed."""
    from app.mail import problems

    text = str(problems.ERROR_TEXTS[fault.code])
    return text % fault.params if fault.params else text


def _error(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "line": None, "message": message}


def _shown(answer: dict[str, Any]) -> str:
    """The answer for a person: who, what, which files, and the new words."""
    if answer["error"] is not None:
        return f"{answer['file']}: refused: {answer['error']['message']}"
    lines = [
        f"{answer['file']}: {answer['automated']}",
        f"  {answer['from'] or 'no sender'}: {answer['subject'] or 'no subject'}",
    ]
    bounce = answer["bounce"]
    if bounce is not None:
        kind = "hard" if bounce["hard"] else "soft"
        lines.append(f"  {kind}: {bounce['reason']} {bounce['dsn'] or ''}".rstrip())
    lines.extend(
        f"  {one['name'] or one['type']} ({one['size']} bytes)" for one in answer["attachments"]
    )
    lines.extend(f"  | {line}" for line in answer["reply"].splitlines())
    return "\n".join(lines)
