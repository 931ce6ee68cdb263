"""What a mail holds: texts, files, charsets, headers, also when they are badly written."""

from __future__ import annotations

import hashlib

import pytest

from app.mail import charsets, encoded_words, reading
from tests.mail import letters


def test_a_plain_mail_is_read() -> None:
    """Who, when, what about, and the words."""
    mail = reading.read(
        letters.letter(
            "Grüße aus Köln\r\n",
            "Date: Mon, 23 Nov 2026 10:00:00 +0100",
            "Message-ID: <a.1@example.com>",
            "In-Reply-To: <q.1@example.net>",
            "References: <q.0@example.net>\r\n <q.1@example.net>",
        )
    )
    assert mail.sender is not None
    assert (mail.sender.name, mail.sender.address) == ("Ann Example", "ann@example.com")
    assert mail.date is not None
    assert mail.date.isoformat() == "2026-11-23T09:00:00+00:00"
    assert mail.message_id == "a.1@example.com"
    assert mail.in_reply_to == ("q.1@example.net",)
    assert mail.references == ("q.0@example.net", "q.1@example.net")
    assert mail.text == "Grüße aus Köln\n"


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        ("Größe".encode("cp1252"), "", "Größe"),
        ("Größe".encode("cp1252"), "utf-8", "Größe"),
        ("Größe €".encode("cp1252"), "iso-8859-1", "Größe €"),
        ("Größe".encode(), "iso-8859-1", "Größe"),
        ("Größe".encode(), "x-unknown", "Größe"),
        ("привет, мир".encode("cp1251"), "windows-1251", "привет, мир"),
        ("привет, как дела сегодня".encode("cp1251"), "", "привет, как дела сегодня"),
        ("你好，世界".encode("gb18030"), "gb2312", "你好，世界"),
        ("こんにちは".encode("iso2022_jp"), "", "こんにちは"),
        ("안녕하세요".encode("cp949"), "ks_c_5601-1987", "안녕하세요"),
        ("naïve".encode("utf-16"), "utf-16", "naïve"),
        (b"a\x00b", "utf-8", "ab"),
        ("Größe".encode("cp1252"), "1252", "Größe"),
        (b"Fr+APY-sche", "utf-7", "Frösche"),
        (b"plain", "base64", "plain"),
    ],
)
def test_text_is_read_whatever_the_charset_is_called(data: bytes, declared: str, text: str) -> None:
    """Declared rightly, wrongly, oddly or not at all."""
    assert charsets.decode(data, declared) == text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?B?R3LDvA==?= =?utf-8?B?w59l?=", "Grüße"),
        ("=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),
        ("Re: =?iso-8859-1?q?Gr=FC=DFe?= an alle", "Re: Grüße an alle"),
        ("=?utf-8?q?a_b=20c?=", "a b c"),
        ("=?utf-8*de?q?Tag?=", "Tag"),
        ("=?nonsense?q?abc?=", "abc"),
        ("=?utf-8?b?!!!?=", ""),
        ("a =?utf-8?q?b", "a =?utf-8?q?b"),
    ],
)
def test_encoded_words_are_decoded(written: str, said: str) -> None:
    """RFC 2047, with characters cut in two and with faults."""
    assert encoded_words.decode(written) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ('filename="Rechnung 4711.pdf"', "Rechnung 4711.pdf"),
        ("filename*=UTF-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
        ('filename*0="Rech"; filename*1="nung.pdf"', "Rechnung.pdf"),
        ("filename*0*=utf-8''Gr%C3%BC; filename*1*=%C3%9Fe; filename*2=.pdf", "Grüße.pdf"),
        ('filename="=?utf-8?Q?Gr=C3=BC=C3=9Fe.pdf?="', "Grüße.pdf"),
        ("filename=plain.pdf", "plain.pdf"),
        ('\r\n\tfilename="folded.pdf"', "folded.pdf"),
        ('filename="/letters/ann/paper.pdf"', "paper.pdf"),
    ],
)
def test_a_file_keeps_its_name_and_bytes(name: str, said: str) -> None:
    """RFC 2183 and RFC 2231, and what programs write instead."""
    data = bytes(range(256)) * 3
    parts = ["Content-Type: text/plain\r\n\r\nSee the file.", letters.file_part(name, data)]
    mail = reading.read(letters.multipart("mixed", *parts))
    assert mail.text == "See the file."
    assert [one.name for one in mail.attachments] == [said]
    assert mail.attachments[0].data == data
    assert mail.attachments[0].sha256 == hashlib.sha256(data).hexdigest()


def test_the_plain_text_of_an_alternative_is_the_text() -> None:
    """HTML is kept beside it; an image of the HTML is a file."""
    html = "Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello <b>you</b></p>"
    mail = reading.read(
        letters.multipart("alternative", "Content-Type: text/plain\r\n\r\nHi", html)
    )
    assert (mail.text, mail.html, mail.attachments) == ("Hi", "<p>Hello <b>you</b></p>", ())


def test_html_alone_becomes_text() -> None:
    """Paragraphs, lists and links stay readable; scripts say nothing."""
    page = (
        "<html><head><style>p{}</style></head><body><p>Dear&nbsp;desk,</p><ul><li>one<li>two</ul>"
        "<a href='https://example.com/x'>here</a><script>alert(1)</script></body></html>"
    )
    raw = f"From: a@example.com\r\nContent-Type: text/html\r\n\r\n{page}".encode()
    text = reading.read(raw).text
    assert "Dear desk," in text
    assert "- one\n- two" in text
    assert "here <https://example.com/x>" in text
    assert "alert" not in text


def test_a_message_inside_is_a_file() -> None:
    """Its own files are not taken for the outer mail's."""
    inner = letters.letter("inner words").decode()
    part = f"Content-Type: message/rfc822\r\n\r\n{inner}"
    mail = reading.read(letters.multipart("mixed", "Content-Type: text/plain\r\n\r\nouter", part))
    assert mail.text == "outer"
    assert [one.media_type for one in mail.attachments] == ["message/rfc822"]
    assert mail.attachments[0].data.decode() == inner


def test_a_missing_end_loses_nothing() -> None:
    """A text that was cut off is a file, and its words are still what is read as new."""
    mail = reading.read(
        letters.multipart("mixed", "Content-Type: text/plain\r\n\r\nhalf a wo", closed=False)
    )
    assert mail.reply == "half a wo"


def test_an_inner_part_that_was_not_closed_does_not_swallow_the_files() -> None:
    """The outer multipart is closed, so its delimiters are known for what they are."""
    inner = 'Content-Type: multipart/alternative; boundary="in"\r\n\r\n--in\r\n\r\nwords'
    mail = reading.read(
        letters.multipart("mixed", inner, letters.file_part("filename=a.pdf", b"pdf"))
    )
    assert mail.text == "words"
    assert [one.name for one in mail.attachments] == ["a.pdf"]


def test_a_wrong_or_missing_boundary_is_found() -> None:
    """The delimiters stand in the mail, whatever the header says."""
    raw = letters.multipart("mixed", "Content-Type: text/plain\r\n\r\nwords")
    for wrong in (b'; boundary="other"', b""):
        assert reading.read(raw.replace(b'; boundary="edge"', wrong)).text == "words"


def test_words_before_a_multipart_without_parts_are_read() -> None:
    """Nobody declared them, but somebody wrote them."""
    mail = reading.read(letters.multipart("mixed", closed=False) + b"Help me\r\n")
    assert mail.reply == "Help me"


@pytest.mark.parametrize("raw", [b"", b"\n", b"\r\n\r\n", b":", b"\x00" * 10, b"\xff\xfe"])
def test_next_to_nothing_is_a_mail_as_well(raw: bytes) -> None:
    """It says nothing, and fails nowhere."""
    assert reading.read(raw).attachments == ()


def test_a_text_without_headers_is_all_new() -> None:
    """Such as a file that somebody saved."""
    assert reading.read(b"Hello there.\n\nHow are you?\n").reply == "Hello there.\n\nHow are you?"


def test_depth_and_number_of_parts_are_bounded() -> None:
    """No recursion, whatever is nested in what."""
    deep = b"From: a@example.com\r\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(5_000)
    )
    assert reading.read(deep) is not None
    messages = b"Content-Type: message/rfc822\r\n\r\n" * 5_000
    assert reading.read(b"From: a@example.com\r\n" + messages) is not None
    html = b"Content-Type: text/html\r\n\r\n" + b"<div><blockquote>" * 50_000
    assert reading.read(b"From: a@example.com\r\n" + html) is not None


def test_a_vast_header_is_read_within_its_bounds() -> None:
    """Two hundred kilobytes of one field, and many fields."""
    long = b"References: " + b"<a@example.com> " * 20_000 + b"\r\n"
    many = b"X-Mark: 1\r\n" * 30_000
    mail = reading.read(b"From: a@example.com\r\n" + long + many + b"\r\nwords")
    assert mail.text == "words"


def test_uuencoded_files_leave_the_text() -> None:
    """As old programs send them, in the middle of the words."""
    body = "Before\r\nbegin 644 note.txt\r\n#0V%T\r\n`\r\nend\r\nAfter\r\n"
    mail = reading.read(letters.letter(body))
    assert [(one.name, one.data) for one in mail.attachments] == [("note.txt", b"Cat")]
    assert "begin 644" not in mail.text
    assert "Before" in mail.text
    assert "After" in mail.text


def test_a_mail_that_is_only_another_mail_is_read_as_that() -> None:
    """Base64 around it changes nothing."""
    raw = (
        b"From: a@example.com\r\nSubject: outer\r\nContent-Type: message/rfc822\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
        b"U3ViamVjdDogaW5uZXINCg0KV29yZHMNCg==\r\n"
    )
    mail = reading.read(raw)
    assert (mail.subject, mail.text.strip()) == ("outer", "Words")


def test_a_line_that_is_no_header_does_not_end_the_folding_of_the_others() -> None:
    raw = letters.letter("Hello\r\n", "References: <a.1@x.example>\r\n <b.1@x.example>")
    mail = reading.read(b"From ann@example.com Mon Nov 23 10:00:00 2026\r\n" + raw)
    assert mail.references == ("a.1@x.example", "b.1@x.example")


def test_a_word_without_an_end_hides_no_word_that_has_one() -> None:
    assert encoded_words.decode("=?utf-8?q? =?utf-8?q?Gr=C3=BC=C3=9Fe?=").endswith("Grüße")
