"""The new text of a reply, in the ways and languages in which people answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail import quoted, reading

INTRODUCTIONS = [
    "On Mon, Nov 23, 2026 at 9:14 AM Ann Example <ann@example.com> wrote:",
    "On 23 Nov 2026, at 09:14, Ann Example wrote:",
    "On Mon, Nov 23, 2026 at 9:14 AM Ann Example <\nann@example.com> wrote:",
    "Am 23.11.2026 um 09:14 schrieb Ann Example:",
    "Am Mo., 23. Nov. 2026 um 09:14 Uhr schrieb Ann Example <ann@example.com>:",
    "Ann Example <ann@example.com> schrieb am Mo., 23. Nov. 2026 um 09:14 Uhr:",
    "Le lun. 23 nov. 2026 à 09:14, Ann Example <ann@example.com> a écrit :",
    "El lun, 23 nov 2026 a las 9:14, Ann Example (<ann@example.com>) escribió:",
    "Il giorno lun 23 nov 2026 alle ore 09:14 Ann Example <ann@example.com> ha scritto:",
    "Op ma 23 nov. 2026 om 09:14 schreef Ann Example <ann@example.com>:",
    "Em seg., 23 de nov. de 2026 às 09:14, Ann Example <ann@example.com> escreveu:",
    "Den mån 23 nov. 2026 kl 09:14 skrev Ann Example <ann@example.com>:",
    "Den man. 23. nov. 2026 kl. 09.14 skrev Ann Example <ann@example.com>:",
    "pon., 23 lis 2026 o 09:14 Ann Example <ann@example.com> napisał(a):",
    "po 23. 11. 2026 v 9:14 odesílatel Ann Example <ann@example.com> napsal:",
    "пн, 23 нояб. 2026 г. в 09:14, Ann Example <ann@example.com>:",
    "23 нояб. 2026 г., в 09:14, Ann Example <ann@example.com> написал(а):",
    "ma 23. marrask. 2026 klo 9.14 Ann Example (ann@example.com) kirjoitti:",
    "Ann Example <ann@example.com>, 23 Kas 2026 Pzt, 09:14 tarihinde şunu yazdı:",
    "在 2026年11月23日，09:14，Ann Example <ann@example.com> 写道：",
    "2026年11月23日(月) 9:14 Ann Example <ann@example.com>:",
    '23.11.2026, 09:14, "Ann Example" <ann@example.com>:',
]
INTRODUCTIONS_BEFORE_QUOTES = [
    "Am 23.11.26 um 10:00 schrieb Desk",
    "On 23/11/26 10:00, Ann <ann@example.com>",
    "Ann Example writes:",
]
BLOCKS = [
    (
        "From: Ann Example <ann@example.com>\nSent: Monday, 23 November 2026 09:14\nTo: "
        "Desk\nSubject: x"
    ),
    (
        "Von: Ann Example <ann@example.com>\nGesendet: Montag, 23. November 2026 09:14\nAn: "
        "Desk\nBetreff: x"
    ),
    (
        "________________________________\nDe : Ann <ann@example.com>\nEnvoyé : lundi 23 novembre\n"
        "À : Desk\nObjet : x"
    ),
    (
        "-----Ursprüngliche Nachricht-----\nVon: Ann <ann@example.com>\nGesendet: heute\nAn: "
        "D\nBetreff: x"
    ),
    "*From:* Ann [mailto:ann@example.com]\n*Sent:* Monday\n*To:* Desk\n*Subject:* x",
    "Da: Ann\nInviato: lunedì 23 novembre 2026 09:14\nA: Desk\nOggetto: x",
    "Van: Ann\nVerzonden: maandag 23 november 2026 09:14\nAan: Desk\nOnderwerp: x",
    "---------- Forwarded message ---------\nFrom: Ann\nDate: Mon\nSubject: x\nTo: Desk",
]


@pytest.mark.parametrize("said", INTRODUCTIONS)
def test_an_answer_above_the_quote_is_found(said: str) -> None:
    """Whatever the program says before it quotes."""
    text = f"It works now.\n\n{said}\n\n> Please try again.\n> Ann\n"
    assert quoted.split(text).reply == "It works now."


@pytest.mark.parametrize("said", INTRODUCTIONS)
def test_an_answer_below_the_quote_is_found(said: str) -> None:
    """The words below are the new ones."""
    text = f"{said}\n> Please try again.\n> Ann\n\nIt works now.\nThank you!\n"
    assert quoted.split(text).reply == "It works now.\nThank you!"


@pytest.mark.parametrize("said", INTRODUCTIONS_BEFORE_QUOTES)
def test_a_short_introduction_counts_in_front_of_a_quote(said: str) -> None:
    """Without a quote behind it, it would be the writer's own line."""
    assert quoted.split(f"It works now.\n\n{said}\n\n> Try again.\n").reply == "It works now."
    assert said in quoted.split(f"It works now.\n\n{said}\n\nmore\n").reply


@pytest.mark.parametrize("block", BLOCKS)
def test_an_answer_above_a_header_block_is_found(block: str) -> None:
    """As Outlook answers and forwards, without any sign before the lines."""
    text = f"It works now.\n\nRegards\nBen\n\n{block}\n\nPlease try again.\n\nAnn\n"
    assert quoted.split(text).reply == "It works now.\n\nRegards\nBen"


def test_answers_between_the_quoted_lines_stay_with_their_questions() -> None:
    """Only who wrote when is left out."""
    text = (
        "Hi Ann,\n\nOn 23 Nov 2026, at 09:14, Ann wrote:\n> Which printer?\nThe big one.\n"
        "> Since when?\nMonday.\n\nBen\n"
    )
    reply = quoted.split(text).reply
    assert "> Which printer?\nThe big one.\n> Since when?\nMonday." in reply
    assert reply.startswith("Hi Ann,")
    assert "wrote" not in reply


def test_a_greeting_above_the_quote_does_not_hide_the_answer_below() -> None:
    """Whoever greets first and answers below the quote is still heard."""
    text = "Hallo Ann,\n\nAm 23.11.2026 um 09:14 schrieb Ann:\n> Geht es?\n\nJa, danke.\n"
    assert "Ja, danke." in quoted.split(text).reply


@pytest.mark.parametrize(
    "tail",
    [
        "-- \nBen Example\nExample Ltd",
        "--\nBen",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Gesendet von Outlook für Android",
        "Envoyé de mon iPhone",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
        (
            "_______________________________________________\nusers mailing list\n"
            "https://lists.example.com/listinfo/users"
        ),
        (
            "This e-mail is confidential and may be privileged. If you are not the intended "
            "recipient,"
            " please notify the sender and delete this message at once."
        ),
        (
            "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat "
            "sind"
            " oder diese E-Mail irrtümlich erhalten haben, informieren Sie bitte den Absender."
        ),
    ],
)
def test_signatures_and_notices_are_left_out(tail: str) -> None:
    """What a program or a firm adds to every mail."""
    assert quoted.split(f"It works now.\n\n{tail}\n").reply == "It works now."


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote: it is broken.\n\nIt still is.",
        "Please change:\n\n---\n\nold: 1\nnew: 2\n\nand tell me about the result in a long mail"
        + "\nwith many lines" * 20,
        "Sent from my desk, is much easier than my phone.",
        "From: Berlin\nTo: Paris\nDate: 3 May\n\nPlease book this.",
        "> only a quote",
        "mysql> select 1;\nfails with an error",
        "I am moving from outlook to thunderbird",
        "Please look at this:\n\n    indented code\n\nThanks",
        "Steps\n- one\n- two\n\n* * *\n\nMore words after a rule.",
    ],
)
def test_what_people_wrote_is_kept(text: str) -> None:
    """When unsure, keep."""
    assert quoted.split(text).reply == text


def test_a_forwarded_mail_without_own_words_is_kept_whole() -> None:
    """What was forwarded is then what the mail says."""
    text = "---------- Forwarded message ---------\nFrom: Ann\nDate: Mon\nSubject: x\n\nHelp\n"
    assert "Help" in quoted.split(text).reply


@pytest.mark.parametrize(
    "quote",
    [
        (
            '<div class="gmail_quote">On Mon, Nov 23, 2026 at 9:14 AM Ann &lt;<a href="mailto:'
            'ann@example.com">ann@example.com</a>&gt; wrote:<br><blockquote class="gmail_quote"'
            ' style="border-left:1px #ccc solid">Try again</blockquote></div>'
        ),
        (
            '<div class="moz-cite-prefix">Am 23.11.26 um 09:14 schrieb Ann:<br></div>'
            '<blockquote type="cite" cite="mid:x">Try again</blockquote>'
        ),
        (
            '<hr id="stopSpelling">Date: Mon, 23 Nov 2026<br>Subject: x<br>From: a@example.com<br>'
            "To: desk@example.com<br><br>Try again"
        ),
        (
            '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>Von:</b> Ann<br>'
            "<b>Gesendet:</b> Montag<br><b>An:</b> Desk<br><b>Betreff:</b> x</p></div><p>Try "
            "again</p>"
        ),
    ],
)
def test_html_answers_are_read_by_their_markup(quote: str) -> None:
    """As Gmail, Thunderbird, Hotmail and Outlook write them."""
    page = f"<html><body><p>It works now.</p><p>Ben</p>{quote}</body></html>"
    raw = f"From: a@example.com\nContent-Type: text/html; charset=utf-8\n\n{page}"
    assert reading.read(raw.encode()).reply.split() == ["It", "works", "now.", "Ben"]


def test_an_indent_in_html_is_no_quote() -> None:
    """Gmail's indent is a blockquote without a border."""
    page = (
        '<p>Please change</p><blockquote style="margin:0 0 0 40px;border:none;padding:0px">'
        "this line</blockquote>"
    )
    raw = f"From: a@example.com\nContent-Type: text/html\n\n{page}"
    assert reading.read(raw.encode()).reply.split() == ["Please", "change", "this", "line"]


@given(st.text(max_size=400))
def test_no_text_is_too_odd(text: str) -> None:
    """Every text has a reply, unless it is blank."""
    split = quoted.split(text)
    if any(sign.isalnum() for sign in text):
        assert split.reply or split.quoted


@given(
    st.lists(st.sampled_from(["words here", "> quote", "", "-- ", INTRODUCTIONS[0]]), max_size=12)
)
def test_every_line_is_in_one_of_both(lines: list[str]) -> None:
    """What is not new is quoted: nothing disappears."""
    text = "\n".join(lines)
    split = quoted.split(text)
    both = [line.strip() for line in f"{split.reply}\n{split.quoted}".split("\n") if line.strip()]
    assert sorted(both) == sorted(line.strip() for line in lines if line.strip())
