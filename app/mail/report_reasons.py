"""Why a delivery failed, by the words of the server that refused, and what follows from it.

The names of the reasons, and the codes x.0.9nn for those that no server stated, are those of
Sisimai (BSD-2-Clause), the reference of the field; the wordings are what mail servers document
and send. The first rule that fits decides, so the special ones stand before the general ones.
"""

from __future__ import annotations

import re

from app.mail import wordings

HARD = frozenset(("userunknown", "hostunknown", "hasmoved", "notaccept"))
"""Reasons that will not pass: the address will never take mail."""

INFERRED = {
    "onhold": 901,
    "syntaxerror": 902,
    "norelaying": 909,
    "filtered": 910,
    "userunknown": 911,
    "hostunknown": 912,
    "hasmoved": 916,
    "rejected": 918,
    "suspend": 921,
    "mailboxfull": 922,
    "exceedlimit": 923,
    "notaccept": 932,
    "mesgtoobig": 934,
    "mailererror": 939,
    "systemerror": 940,
    "networkerror": 944,
    "expired": 947,
    "contenterror": 960,
    "spamdetected": 980,
    "virusdetected": 981,
    "policyviolation": 972,
    "requireptr": 973,
    "blocked": 971,
    "authfailure": 974,
    "badreputation": 975,
    "toomanyconn": 945,
    "securityerror": 970,
    "systemfull": 941,
    "undefined": 901,
}


_COMPILED = tuple(
    (name.partition("_")[0], re.compile(pattern, re.IGNORECASE))
    for name, pattern in wordings.read("report_reasons").items()
)

_BY_CODE = {
    "1.1": "userunknown",
    "1.2": "hostunknown",
    "1.3": "userunknown",
    "1.6": "hasmoved",
    "1.7": "rejected",
    "1.8": "rejected",
    "1.10": "notaccept",
    "2.1": "suspend",
    "2.2": "mailboxfull",
    "2.3": "mesgtoobig",
    "3.4": "mesgtoobig",
    "4.6": "networkerror",
    "4.7": "expired",
    "7.8": "authfailure",
    "7.20": "authfailure",
    "7.23": "authfailure",
    "7.24": "authfailure",
    "7.25": "requireptr",
    "7.26": "authfailure",
    "7.27": "notaccept",
}
"""Registered codes that leave no doubt (RFC 3463, 7372, 7505), without their class."""


def reason(text: str, code: str | None) -> str:
    """The reason in a refusal's words and its enhanced code; `undefined` where neither says it."""
    detail = (code or "").partition(".")[2]
    plain = " ".join(text.split())[:4_000]
    by_code = _BY_CODE.get(detail, "")
    if by_code in ("rejected", "requireptr"):
        return by_code
    late = ""
    for name, pattern in _COMPILED:
        if not pattern.search(plain):
            continue
        if name == "expired" and not late and _CODED.search(plain):
            late = name
        elif not late or name not in _WEAK:
            return _weighed(name, by_code, plain)
    return late or by_code or "undefined"


def _weighed(name: str, by_code: str, text: str) -> str:
    """What the words say, corrected by a plain code and by the step at which the server refused."""
    if by_code in ("userunknown", "hostunknown", "notaccept", "mailboxfull") and name in _WEAK:
        return by_code
    if name in ("userunknown", "hostunknown") and _AT_SENDER.search(text):
        return "rejected"
    if name == "userunknown" and not by_code and _AT_DATA.search(text):
        return "userunknown" if _AT_RECIPIENT.search(text) else "filtered"
    if name in ("rejected", "filtered") and _REFUSED.search(text) and not _AT_DATA.search(text):
        return "userunknown"
    return name


_WEAK = frozenset(
    (
        "systemerror",
        "networkerror",
        "rejected",
        "policyviolation",
        "contenterror",
        "syntaxerror",
        "filtered",
        "expired",
    )
)
_AT_DATA = re.compile(
    r"(?:after|in reply to|at) (?:the )?end of (?:the )?(?:data|message)"
    r"|in reply to (?:the )?data|>>> data|smtp command.{0,20}\bdata\b|end of data",
    re.IGNORECASE,
)
_AT_RECIPIENT = re.compile(
    r"no valid recipients|adresse destinataire|after rcpt to|in reply to rcpt to", re.IGNORECASE
)
_REFUSED = re.compile(r"recipient address rejected(?:: access denied|\.|$)", re.IGNORECASE)
_CODED = re.compile(r"(?<![\d.])[45][0-5]\d[ -]")
_AT_SENDER = re.compile(
    r"after mail from|in reply to mail from|rejected mail from|>>> mail from", re.IGNORECASE
)
"""An unknown user after the content was sent was refused by a filter: the address itself had been
taken before. An unknown domain in the sender's step is the sender's."""


def inferred(name: str, *, temporary: bool) -> str:
    """The code of a reason that no server stated."""
    return f"{4 if temporary else 5}.0.{INFERRED.get(name, 900)}"
