"""Outlook's own envelopes: winmail.dat and saved messages."""

from __future__ import annotations

import struct

import pytest

from app.mail import reading, rtf, tnef
from tests.mail import letters

STREAM = "__substg1.0_"


def test_a_winmail_dat_is_opened() -> None:
    """Its files stand in its place, its text where the mail has none."""
    packed = letters.tnef("Grüße aus dem Büro", "Rechnung.pdf", b"%PDF-1.7")
    part = letters.file_part('filename="winmail.dat"', packed, media_type="application/ms-tnef")
    mail = reading.read(letters.multipart("mixed", part))
    assert mail.text == "Grüße aus dem Büro"
    assert [(one.name, one.data) for one in mail.attachments] == [("Rechnung.pdf", b"%PDF-1.7")]
    assert mail.attachments[0].media_type == "application/pdf"


def test_a_damaged_winmail_dat_stays_a_file() -> None:
    """Nothing is lost of what cannot be opened."""
    part = letters.file_part('filename="winmail.dat"', b"x\x9f>\x22ruin")
    mail = reading.read(letters.multipart("mixed", part))
    assert [one.name for one in mail.attachments] == ["winmail.dat"]


@pytest.mark.parametrize("length", [0, 6, 20, 60, 90, 130])
def test_a_cut_winmail_dat_fails_nowhere(length: int) -> None:
    """Whatever its lengths promise."""
    tnef.read(letters.tnef("words", "a.pdf", b"pdf")[:length])


def saved() -> bytes:
    """A message as Outlook saves it, with one file."""

    def said(text: str) -> bytes:
        return text.encode("utf-16-le")

    return letters.compound(
        {
            f"{STREAM}0037001F": said("Drucker"),
            f"{STREAM}1000001F": said("Er druckt nicht.\r\n\r\n-- \r\nAnn"),
            f"{STREAM}0C1A001F": said("Ann Example"),
            f"{STREAM}5D01001F": said("ann@example.com"),
            f"{STREAM}1035001F": said("<m.1@example.com>"),
            "__attach_version1.0_#00000000/__substg1.0_3707001F": said("Foto.png"),
            "__attach_version1.0_#00000000/__substg1.0_37010102": b"\x89PNG" + b"\x00" * 200,
        }
    )


def test_a_saved_message_is_read() -> None:
    """As a file of its own, its new words without the signature."""
    mail = reading.read(saved())
    assert mail.subject == "Drucker"
    assert mail.sender is not None
    assert str(mail.sender) == "Ann Example <ann@example.com>"
    assert mail.message_id == "m.1@example.com"
    assert mail.reply == "Er druckt nicht."
    assert [(one.name, one.size) for one in mail.attachments] == [("Foto.png", 204)]


def test_a_damaged_saved_message_fails_nowhere() -> None:
    """Every cut and every changed byte of its tables."""
    whole = saved()
    for cut in range(0, len(whole), 97):
        reading.read(whole[:cut])
    for place in range(24, 1200, 3):
        reading.read(whole[:place] + b"\xff" + whole[place + 1 :])


def test_compressed_rtf_is_unpacked() -> None:
    """A run that reaches into itself, as MS-OXRTFCP gives it."""
    body = b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    packed = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert rtf.decompressed(packed).startswith(body[:7])
    plain = struct.pack("<IIII", 20, 11, 0x414C454D, 0) + b"{\\rtf1 abc}"
    assert rtf.text_of(rtf.decompressed(plain)) == "abc"


def test_a_sign_in_two_halves_is_one_in_rtf_and_a_half_is_none() -> None:
    assert rtf.text_of(rb"{\rtf1\ansi \u-10179?\u-8704? and \u-10179? alone}").startswith("😀 and ")
    assert "\ud83d" not in rtf.text_of(rb"{\rtf1\ansi \u-10179? alone}")
