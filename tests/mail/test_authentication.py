"""Who stands behind a mail: only what our own server wrote topmost counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail import authentication, reading

OURS = "mx.backoffice.example"
PASS = f"{OURS}; dmarc=pass header.from=client.example"


def _passes(*results: str) -> bool:
    return authentication.dmarc_passes(results, server=OURS, domain="client.example")


@pytest.mark.parametrize(
    "result",
    [
        PASS,
        f"{OURS} 1; spf=pass smtp.helo=b;\r\n\tdmarc=pass (p=none;) header.from=client.example",
        "MX.Backoffice.example; DMARC = Pass policy.dmarc=none header.from = Client.Example",
        f'{OURS}; dkim=fail; dmarc/1=pass header.from="client.example"',
    ],
    ids=["plain", "folded with comments", "spaces and capitals", "quoted"],
)
def test_a_pass_of_our_own_server_counts(result: str) -> None:
    assert _passes(result)


@pytest.mark.parametrize(
    "results",
    [
        (),
        ("",),
        (f"{OURS}; none",),
        (f"{OURS}; dmarc=fail header.from=client.example",),
        (f"{OURS}; dmarc=pass header.from=other.example",),
        (f"{OURS}; dmarc=pass",),
        ("mx.other.example; dmarc=pass header.from=client.example",),
        (f"{OURS}; dmarc=none header.from=client.example", PASS),
        (f"{OURS}; spf=fail", PASS),
        (f"{PASS}; dmarc=fail header.from=client.example",),
        (f'{OURS}; spf=none smtp.mailfrom="a; dmarc=pass header.from=client.example;"@x',),
        (f"{OURS}; spf=none (a; dmarc=pass header.from=client.example; b)",),
        (f'{OURS}; dmarc=pass reason="header.from=client.example"',),
        (f"{OURS}; dmarc=pass header.from=other.example header.from=client.example",),
    ],
)
def test_anything_else_does_not(results: tuple[str, ...]) -> None:
    assert not _passes(*results)


def test_the_topmost_field_of_a_mail_is_the_first() -> None:
    name = "Authentication-Results"
    raw = f"{name}: {OURS}; none\n{name}: {PASS}\nFrom: a@b.c\n\nx\n"
    assert reading.read(raw.encode()).authentication == (f"{OURS}; none", PASS)


@given(st.lists(st.text(max_size=60), max_size=3))
def test_no_text_is_a_pass_by_chance(results: list[str]) -> None:
    assert not _passes(*results)
