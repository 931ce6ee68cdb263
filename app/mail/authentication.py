"""What our own mail server found out about who sent a mail (RFC 8601)."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_LETTERS = 8_000
_AROUND = re.compile(r" ?([=/]) ?")
_METHOD = re.compile(r"dmarc(?:/\d+)?=(\w+)\Z", re.IGNORECASE)


def dmarc_passes(results: Sequence[str], *, server: str, domain: str) -> bool:
    """Whether our own mail server says that the domain of From stands behind a mail (RFC 7489).

    `results` are the Authentication-Results of the mail, the topmost first. The topmost one of
    `server` counts alone: what stands below came with the mail. It must speak of DMARC once, and of
    this domain.
    """
    for field in results:
        if len(field) > MOST_LETTERS:
            return False  # no server writes so much
        statements = _statements(field)
        named = statements[0].split()[:1]
        if named and _plain(named[0]) == server.strip().lower():
            return _passes(statements[1:], domain.lower())
    return False


def _passes(statements: Sequence[str], domain: str) -> bool:
    found = [tokens for one in statements if (tokens := _tokens(one)) and _METHOD.match(tokens[0])]
    if len(found) != 1:
        return False
    method = _METHOD.match(found[0][0])
    said = {_plain(one.partition("=")[2]) for one in found[0][1:] if _is_of_from(one)}
    return method is not None and method.group(1).lower() == "pass" and said == {domain}


def _is_of_from(token: str) -> bool:
    return token.lower().startswith("header.from=")


def _tokens(statement: str) -> list[str]:
    return _AROUND.sub(r"\1", " ".join(statement.split())).split()


def _plain(text: str) -> str:
    return text.strip().strip('"').lower().rstrip(".")


def _statements(field: str) -> list[str]:
    """A field cut at its semicolons, without comments; what is quoted is one word."""
    pieces, depth, quoted, escaped = [""], 0, False, False
    for sign in field:
        if escaped:
            escaped = False
            sign = "_"
        elif sign == "\\" and (quoted or depth):
            escaped = True
            continue
        elif sign == '"' and not depth:
            quoted = not quoted
        elif sign in "()" and not quoted:
            depth = max(0, depth + (1 if sign == "(" else -1))
            sign = " "
        elif sign == ";" and not quoted and not depth:
            pieces.append("")
            continue
        elif quoted and (sign.isspace() or sign in "=;"):
            sign = "_"
        if not depth:
            pieces[-1] += sign
    return pieces
