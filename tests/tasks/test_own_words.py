"""What somebody wrote in a reply is found among quotes of many mail programs, and never lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tasks.mail_replies import reading

CASES = {
    "quote marks": "Ada\n\nOn Mon, 2 Nov 2026 at 10:00, A <a@b.example> wrote:\n> Who?\n",
    "a wrapped attribution": (
        "Ada\n\nAm Montag, den 2. November 2026 um 10:00 Uhr schrieb\n"
        "Provider <a@b.example>:\n\n> Wer?\n"
    ),
    "below the quote": "> Who drives it?\n\nAda\n",
    "our own line": "Ada\n\nVon: A\nGesendet: heute\n\n— To answer, reply above this line. —\nWho?",
    "a separator": "Ada\n\n-----Ursprüngliche Nachricht-----\nVon: A\nWer?\n",
    "a head without one": "Ada\n\nFrom: A <a@b.example>\nSent: today\nSubject: x\n\nWho?\n",
    "a signature": "Ada\n-- \nBea Byron\nQuern Ltd\n",
}


@pytest.mark.parametrize("name", CASES)
def test_the_words_of_the_writer_are_left(name: str) -> None:
    assert reading.own_words(CASES[name]) == "Ada"


def test_words_between_quotes_stay_and_lines_that_look_like_heads_too() -> None:
    text = "> One?\nYes\n> Two?\nNo\n"
    assert reading.own_words(text) == "Yes\nNo"
    assert reading.own_words("From: Monday\nI drive it") == "From: Monday\nI drive it"
    assert reading.own_words("At 10:\nAda drives") == "At 10:\nAda drives"


def test_html_alone_is_read_with_its_quotes() -> None:
    raw = (
        b"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n"
        b"<style>p{}</style><div>Ada &amp; Bea</div><div>On 2 Nov A wrote:</div>"
        b"<blockquote><p>Who?</p></blockquote>"
    )
    found = reading.read(raw)
    assert (found.sender, found.automated, found.text) == ("a@b.example", False, "Ada & Bea")


def test_a_delivery_report_is_of_a_machine() -> None:
    raw = b"From: <MAILER-DAEMON@b.example>\nContent-Type: multipart/report; boundary=x\n\n--x--\n"
    assert reading.read(raw).automated


@given(st.binary(max_size=400))
def test_no_bytes_are_too_odd(raw: bytes) -> None:
    reading.read(raw)


@given(st.text(alphabet=st.characters(exclude_characters=">-_\r", codec="utf-8"), max_size=80))
def test_a_plain_line_without_quotes_is_kept_whole(text: str) -> None:
    line = " ".join(text.split())
    assert reading.own_words(line) == line
