"""Delivery reports and automatic mails are told from what people write."""

from __future__ import annotations

import pytest

from app.mail import reading
from app.mail.message import Automated
from tests.mail import letters

STATUS = (
    "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
    "Final-Recipient: rfc822; ben@example.org\r\nAction: {action}\r\nStatus: {status}\r\n"
    "Diagnostic-Code: smtp; {said}"
)


def report(said: str, *, status: str = "5.0.0", action: str = "failed") -> bytes:
    """A report in the standard form (RFC 3464)."""
    words = "Content-Type: text/plain\r\n\r\nYour message could not be delivered."
    part = STATUS.format(action=action, status=status, said=said)
    return letters.multipart("report; report-type=delivery-status", words, part)


@pytest.mark.parametrize(
    ("said", "status", "found"),
    [
        (
            "550 5.1.1 <ben@example.org>: User unknown",
            "5.1.1",
            (True, "5.1.1", "550", "userunknown"),
        ),
        ("552 5.2.2 Mailbox full", "5.0.0", (False, "5.2.2", "552", "mailboxfull")),
        ("550 No such user here", "5.0.0", (True, "5.0.0", "550", "userunknown")),
        ("554 5.7.1 Message rejected as spam", "5.7.1", (False, "5.7.1", "554", "spamdetected")),
        ("550 5.7.26 DMARC check failed", "5.0.0", (False, "5.7.26", "550", "authfailure")),
        ("Host or domain name not found", "5.4.4", (True, "5.4.4", None, "hostunknown")),
        ("450 4.7.1 Greylisted, try later", "4.4.7", (False, "4.7.1", "450", "policyviolation")),
        ("552 5.3.4 Message size exceeds limit", "5.3.4", (False, "5.3.4", "552", "mesgtoobig")),
    ],
)
def test_a_standard_report_says_why(
    said: str, status: str, found: tuple[bool, str, str | None, str]
) -> None:
    """Hard or soft, the code nearest to the cause, and the reason."""
    mail = reading.read(report(said, status=status))
    assert mail.automated is Automated.BOUNCE
    assert mail.bounce is not None
    bounce = mail.bounce
    assert (bounce.hard, bounce.dsn, bounce.smtp, bounce.reason) == found
    assert bounce.recipient == "ben@example.org"


def test_a_delivered_report_is_no_failure() -> None:
    """Success is reported in the same form."""
    bounce = reading.read(report("250 2.0.0 OK", status="2.0.0", action="delivered")).bounce
    assert bounce is not None
    assert (bounce.hard, bounce.dsn, bounce.reason) == (False, "2.0.0", "delivered")


@pytest.mark.parametrize(
    ("sender", "subject", "body", "hard", "dsn"),
    [
        (
            "MAILER-DAEMON@example.com",
            "failure notice",
            (
                "Hi. This is the qmail-send program at example.com.\nI'm afraid I wasn't able to "
                "deliver"
                " your message to the following addresses.\n\n<ben@example.org>:\nRemote host said:"
                " 550 5.1.1 User unknown\n\n--- Below this line is a copy of the message.\n\nFrom: "
                "x\n"
            ),
            True,
            "5.1.1",
        ),
        (
            "Mail Delivery System <Mailer-Daemon@example.com>",
            "Mail delivery failed: returning message to sender",
            (
                "This message was created automatically by mail delivery software.\n\nA message "
                "that you"
                " sent could not be delivered to one or more of its\nrecipients. This is a"
                " permanent error. The following address(es) failed:\n\n  "
                "ben@example.org\n    mailbox is "
                "full\n"
            ),
            False,
            "5.0.922",
        ),
        (
            "postmaster@example.com",
            "Unzustellbar: Rechnung",
            (
                "Ihre Nachricht konnte nicht zugestellt werden.\n550 5.4.1 Recipient address "
                "rejected:"
                " Access denied\n"
            ),
            True,
            "5.4.1",
        ),
    ],
)
def test_a_report_in_words_is_understood(
    sender: str, subject: str, body: str, hard: bool, dsn: str
) -> None:
    """As servers write without the standard form; a code nobody stated is marked as inferred."""
    raw = f"Return-Path: <>\nFrom: {sender}\nSubject: {subject}\n\n{body}"
    mail = reading.read(raw.encode())
    assert mail.automated is Automated.BOUNCE
    assert mail.bounce is not None
    assert (mail.bounce.hard, mail.bounce.dsn) == (hard, dsn)


def test_a_complaint_is_a_report_of_its_own_reason() -> None:
    """Somebody called a mail of ours spam (RFC 5965)."""
    part = "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1"
    words = "Content-Type: text/plain\r\n\r\nThis is an abuse report."
    mail = reading.read(letters.multipart("report; report-type=feedback-report", words, part))
    assert mail.bounce is not None
    assert (mail.bounce.reason, mail.bounce.hard, mail.bounce.dsn) == ("feedback", False, None)


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        (["Auto-Submitted: auto-replied"], Automated.AUTO_REPLY),
        (["Auto-Submitted: auto-generated (failure)"], Automated.AUTO_REPLY),
        (["AUTO-SUBMITTED: Auto-Replied; owner-email=a@example.com"], Automated.AUTO_REPLY),
        (["Auto-Submitted: no"], Automated.HUMAN),
        (["Auto-Submitted: No (written by hand)"], Automated.HUMAN),
        (["X-Autoreply: yes"], Automated.AUTO_REPLY),
        (["Precedence: auto_reply"], Automated.AUTO_REPLY),
        (["Precedence: bulk"], Automated.LIST),
        (["List-Id: <users.example.com>"], Automated.LIST),
        (["X-Auto-Response-Suppress: All"], Automated.HUMAN),
        (["Return-Path: <>"], Automated.AUTO_REPLY),
        (["X-Backoffice-Mail: 1"], Automated.LOOP),
        (["Subject: x"], Automated.HUMAN),
        (["In-Reply-To: <a@example.com>"], Automated.HUMAN),
    ],
)
def test_headers_say_who_speaks(headers: list[str], kind: Automated) -> None:
    """RFC 3834 and the usual headers; `no` means no."""
    assert reading.read(letters.letter("Hello", *headers)).automated is kind


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Automatic reply: Printer", Automated.AUTO_REPLY),
        ("Automatische Antwort: Drucker", Automated.AUTO_REPLY),
        ("Abwesenheitsnotiz: Drucker", Automated.AUTO_REPLY),
        ("Réponse automatique : imprimante", Automated.AUTO_REPLY),
        ("Absent next week, please lock my account", Automated.HUMAN),
        ("Out of office printer broken", Automated.HUMAN),
        ("Delivery failed at our office, the courier says", Automated.HUMAN),
        ("Undeliverable: why do I get these?", Automated.HUMAN),
    ],
)
def test_a_subject_alone_is_no_proof(subject: str, kind: Automated) -> None:
    """Only the words that programs use count; people write about being away as well."""
    raw = f"From: ann@example.com\nSubject: {subject}\n\nHello".encode()
    assert reading.read(raw).automated is kind


def test_a_person_who_forwards_a_report_is_a_person() -> None:
    """ "Why did I get this?", with the server's words below."""
    raw = (
        b"From: Ann <ann@example.com>\nSubject: Fwd: Undelivered Mail Returned to Sender\n\n"
        b"What does this mean?\n\n---------- Forwarded message ---------\nFrom: MAILER-DAEMON\n"
        b"Subject: Undelivered\n\n550 5.1.1 User unknown, could not be delivered\n"
    )
    mail = reading.read(raw)
    assert (mail.automated, mail.bounce) == (Automated.HUMAN, None)


def test_a_read_receipt_is_an_automatic_answer() -> None:
    """RFC 8098."""
    part = "Content-Type: message/disposition-notification\r\n\r\nDisposition: manual; read"
    words = "Content-Type: text/plain\r\n\r\nYour message was read."
    mail = reading.read(
        letters.multipart("report; report-type=disposition-notification", words, part)
    )
    assert (mail.automated, mail.bounce) == (Automated.AUTO_REPLY, None)


def test_a_notice_of_a_sending_service_is_understood() -> None:
    """Amazon SES writes JSON."""
    raw = (
        b"From: no-reply@sns.example.com\nSubject: Notification\n\n"
        b'{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":'
        b'[{"emailAddress":"ben@example.org","status":"5.1.1","diagnosticCode":'
        b'"smtp; 550 5.1.1 user unknown"}]}}\n'
    )
    bounce = reading.read(raw).bounce
    assert bounce is not None
    assert (bounce.hard, bounce.dsn, bounce.recipient) == (True, "5.1.1", "ben@example.org")


def test_half_a_sign_in_a_notices_address_can_be_written_down() -> None:
    raw = (
        b"From: no-reply@sns.example.com\nSubject: Notification\n\n"
        b'{"notificationType":"Bounce","bounce":{"bouncedRecipients":'
        b'[{"emailAddress":"\\ud800\\u0000@example.org"}]}}\n'
    )
    bounce = reading.read(raw).bounce
    assert bounce is not None
    assert bounce.recipient is not None
    assert bounce.recipient.encode()
    assert "\x00" not in bounce.recipient
