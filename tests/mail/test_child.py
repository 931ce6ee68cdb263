"""Reading in a program of its own, and the command line on top of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from app.kernel import words
from app.mail import problems, reading, wire
from app.mail.child import Reader, Unreadable
from tests.mail import letters

FIELDS = [
    "file",
    "message_id",
    "in_reply_to",
    "references",
    "from",
    "to",
    "subject",
    "date",
    "text",
    "reply",
    "quoted",
    "attachments",
    "automated",
    "bounce",
    "error",
]


def test_a_mail_comes_back_as_it_was_read() -> None:
    """Nothing changes on the way from the child."""
    raw = letters.multipart(
        "mixed", "\r\nHallo Größe", letters.file_part("filename=a.pdf", b"x\x00")
    )
    with Reader() as reader:
        assert reader.read(raw) == reading.read(raw)
        assert reader.read(letters.letter("next")).text == "next"
    assert wire.unpacked(wire.packed(reading.read(raw))) == reading.read(raw)


def test_a_mail_that_takes_too_long_is_refused_and_the_next_is_read() -> None:
    """The child is ended and another one takes its place."""
    with Reader(seconds=0.0) as reader:
        with pytest.raises(Unreadable) as fault:
            reader.read(letters.letter("words"))
        assert fault.value.code == "mail-too-slow"
        reader.seconds = 30.0
        assert reader.read(letters.letter("words")).text == "words"


def test_a_child_that_dies_costs_only_its_mail() -> None:
    """As when its memory runs out."""
    with Reader(seconds=30.0) as reader:
        reader.read(letters.letter("words"))
        assert reader.process is not None
        reader.process.kill()
        reader.process.wait()
        assert reader.read(letters.letter("more")).text == "more"


def test_every_refusal_has_words() -> None:
    """They say what became of the message."""
    words.declare_errors(problems.ERROR_TEXTS)
    for code, params in (
        ("mail-too-large", {"most": 64}),
        ("mail-too-slow", {"seconds": 2.0}),
        ("mail-unreadable", {}),
    ):
        assert "raw message" in str(words.error_text(code, params))


def test_the_command_prints_one_object_a_file(tmp_path: Path) -> None:
    """In the order of the files, with the fields of the contract; 0 when all were handled."""
    first, second = tmp_path / "a.eml", tmp_path / "b.eml"
    first.write_bytes(letters.letter("It works.\n\n-- \nAnn"))
    second.write_bytes(b"")
    done = CliRunner().invoke(main, ["mail", "parse", "--json", str(first), str(second)])
    assert done.exit_code == 0
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(one) for one in answers] == [FIELDS, FIELDS]
    assert answers[0]["from"] == "Ann Example <ann@example.com>"
    assert (answers[0]["reply"], answers[0]["quoted"]) == ("It works.", "--\nAnn")
    assert [one["error"] for one in answers] == [None, None]


def test_the_command_refuses_what_is_not_there(tmp_path: Path) -> None:
    """With exit code 1, and it goes on with the next file."""
    there = tmp_path / "a.eml"
    there.write_bytes(letters.letter("words"))
    done = CliRunner().invoke(main, ["mail", "parse", "--json", str(tmp_path / "x"), str(there)])
    assert done.exit_code == 1
    refused, read = (json.loads(line) for line in done.stdout.splitlines())
    assert list(refused) == FIELDS
    assert refused["error"]["code"] == "file-unreadable"
    assert read["text"] == "words"


def test_the_command_speaks_to_people_as_well(tmp_path: Path) -> None:
    """Who, what and the new words."""
    path = tmp_path / "a.eml"
    path.write_bytes(letters.letter("It works."))
    done = CliRunner().invoke(main, ["mail", "parse", str(path)])
    assert "Ann Example <ann@example.com>: Printer" in done.stdout
    assert "| It works." in done.stdout
