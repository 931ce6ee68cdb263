"""Raw mails for the standard parser, within bounds: its time grows with the square of a header."""

from __future__ import annotations

import email
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import EmailPolicy
from itertools import islice
from typing import cast

MOST_HEADER = 2_000  # letters: a long name with its encoding; no header that we read needs more
MOST_PARTS = 200


class _Bounded(EmailPolicy):
    """Reads the beginning of each header of the mail and its parts; as bytes they stay whole."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        whole = hasattr(value, "name")  # taken apart already
        return cast(str, super().header_fetch_parse(name, value if whole else value[:MOST_HEADER]))


_POLICY = _Bounded(refold_source="none")


def parse(raw: bytes) -> EmailMessage:
    """A message taken apart; raises what `app.documents.checks.MAIL_FAULTS` names."""
    return cast(EmailMessage, email.message_from_bytes(raw, policy=_POLICY))


def parts(message: EmailMessage) -> Iterator[EmailMessage]:
    """The message and what stands in it, one after the other; at most two hundred."""
    return cast(Iterator[EmailMessage], islice(message.walk(), MOST_PARTS))
