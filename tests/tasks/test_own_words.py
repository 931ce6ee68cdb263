"""What somebody wrote in a reply is found among quotes of many mail programs, and never lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail import quoted
from app.mail import reading as core
from app.tasks.mail_replies import reading

OURS = "— To answer, reply above this line. —"
CASES = {
    "quote marks": "Ada\n\nOn Mon, 2 Nov 2026 at 10:00, A <a@b.example> wrote:\n> Who?\n",
    "a wrapped attribution": (
        "Ada\n\nAm Montag, den 2. November 2026 um 10:00 Uhr schrieb\n"
        "Provider <a@b.example>:\n\n> Wer?\n"
    ),
    "below the quote": (
        "On Mon, 2 Nov 2026 at 10:00, A <a@b.example> wrote:\n> Who drives it?\n\nAda\n"
    ),
    "our own line": (
        f"Ada\n\nVon: A <a@b.example>\nGesendet: heute\nBetreff: x\n\n{OURS}\nHallo,\nWho?"
    ),
    "our line alone": f"Ada\n\n{OURS}\nHello,\nWho?",
    "our line of another language": "Ada\n\n— Zum Antworten bitte oberhalb dieser Zeile"
    " schreiben. —\nWer?",
    "a separator": "Ada\n\n-----Ursprüngliche Nachricht-----\nVon: A\nWer?\n",
    "a head without one": "Ada\n\nFrom: A <a@b.example>\nSent: today\nSubject: x\n\nWho?\n",
    "a signature": "Ada\n-- \nBea Byron\nQuern Ltd\n",
}
EMPTY = {
    "marked": f"On Mon, 2 Nov 2026 at 10:00, A <a@b.example> wrote:\n> {OURS}\n> Who?\n",
    "unmarked": f"{OURS}\nHello,\nWho?\n",
    "below a head": f"From: A <a@b.example>\nSent: today\nSubject: x\n\n{OURS}\nHello,\nWho?\n",
    "below a separator": f"-----Original Message-----\n\n{OURS}\nHello,\nWho?\n",
}


def _own(text: str) -> str:
    return reading.own_words(quoted.split(text).reply)


def _of(raw: bytes) -> reading.Reply:
    return reading.of(core.read(raw), raw)


@pytest.mark.parametrize("name", CASES)
def test_the_words_of_the_writer_are_left(name: str) -> None:
    assert _own(CASES[name]) == "Ada"


@pytest.mark.parametrize("name", EMPTY)
def test_what_quotes_our_mail_and_adds_nothing_says_nothing(name: str) -> None:
    assert _own(EMPTY[name]) == ""


def test_answers_between_quotes_stay_with_their_questions() -> None:
    text = f"> {OURS}\n> One?\nYes\n> Two?\nNo"
    assert _own(text) == text


def test_lines_that_look_like_heads_are_kept() -> None:
    for text in ("From: Monday\nI drive it", "At 10:\nAda drives"):
        assert _own(text) == text


def test_own_lines_that_lead_to_the_quote_are_kept() -> None:
    own = "Yes, the van is mine.\nIt was 1200 EUR.\nSee below:"
    assert _own(f"{own}\n> Whose is the van?\n") == own


def test_html_alone_is_read_with_its_quotes() -> None:
    raw = (
        b"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n"
        b"<style>p{}</style><div>Ada &amp; Bea</div><div>On 2 Nov 2026 at 10:00, A wrote:</div>"
        b"<blockquote><p>Who?</p></blockquote>"
    )
    found = _of(raw)
    assert (found.sender, found.automated, found.text) == ("a@b.example", False, "Ada & Bea")


@pytest.mark.parametrize(
    "head",
    [
        b"From: a@b.example\nFrom: c@d.example\n",
        b"From: c@d.example, a@b.example\n",
        b"From: \nFrom: a@b.example\n",
    ],
    ids=["two fields", "two mailboxes", "an empty field"],
)
def test_a_mail_of_several_senders_is_of_nobody(head: bytes) -> None:
    assert _of(head + b"Subject: x\n\nAda\n").sender == ""


def test_a_delivery_report_is_of_a_machine() -> None:
    raw = (
        b"From: <MAILER-DAEMON@b.example>\nReturn-Path: <>\n"
        b"Content-Type: multipart/report; boundary=x\n\n--x--\n"
    )
    assert _of(raw).automated


def test_what_wastes_its_reader_is_said_to_be_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.mail.child.MOST_BYTES", 10)
    found = reading.read(b"From: a@b.example\n\nAda and Bea\n")
    assert (found.unreadable, found.sender, found.text) == (True, "", "")


@given(st.binary(max_size=400))
def test_no_bytes_are_too_odd(raw: bytes) -> None:
    _of(raw)


QUOTES_AND_UNSEEN = ">›»|&-_=*#\r\u200b\u200c\u200d\u2060\ufeff\u00ad"


@given(
    st.text(
        alphabet=st.characters(exclude_characters=QUOTES_AND_UNSEEN, codec="utf-8"), max_size=80
    )
)
def test_a_plain_line_without_quotes_is_kept_whole(text: str) -> None:
    line = " ".join(text.replace("\0", "").split())
    assert _own(line) == line
