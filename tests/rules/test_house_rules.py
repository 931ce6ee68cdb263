"""Each house rule holds in the whole checkout, and finds the fault planted for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from tests.rules import code, sources, text
from tests.rules.sources import Source

Rule = Callable[[Iterable[Source]], Iterator[str]]
Files = Callable[[], tuple[Source, ...]]


def lock_files() -> tuple[Source, ...]:
    """The lock files of Python and Node."""
    paths = [*sources.ROOT.glob("requirements*.lock"), sources.ROOT / "package-lock.json"]
    return tuple(Source(path.name, path.read_text()) for path in paths)


# Rule, the files it holds for, and a fault it must find (path and text).
RULES: list[tuple[Rule, Files, str, str]] = [
    (code.commits, sources.product, "app/identity/commands.py", "def f():\n    session.commit()\n"),
    (code.naive_times, sources.python, "app/x.py", "at = datetime.now()\n"),
    (code.naive_times, sources.python, "app/x.py", "at = datetime.datetime.utcnow()\n"),
    (code.float_money, sources.product, "app/x.py", "def pay(*, amount: float) -> None: ...\n"),
    (code.float_money, sources.product, "app/x.py", "print(float(entry.amount_minor) / 100)\n"),
    (code.flask_in_domain, sources.product, "app/identity/queries.py", "from flask import g\n"),
    (code.flask_in_domain, sources.product, "app/tasks/commands/new.py", "import flask\n"),
    (code.third_party_doors, sources.product, "app/reports/commands.py", "import boto3\n"),
    (code.third_party_doors, sources.product, "connectors/x.py", "from redis import Redis\n"),
    (code.docstrings, sources.python, "app/x.py", "import os\n"),
    (code.long_files, sources.python, "app/x.py", "x = 1\n" * 401),
    (code.long_functions, sources.python, "app/x.py", "def f():\n" + "    x = 1\n" * 61),
    (
        code.places_on_a_phone,
        sources.product,
        "app/x.py",
        'X = (Column("a", main=True), Column("b", phone="t"))',
    ),
    (text.inline_code, sources.templates, "a.html", '<p style="color:red">'),
    (text.inline_code, sources.templates, "a.html", "<script>alert()</script>"),
    (text.inline_code, sources.templates, "a.html", '<a onclick="x()">'),
    (text.untranslated, sources.templates, "a.html", "<p>Good morning</p>"),
    (text.untranslated, sources.templates, "a.html", '<input placeholder="Search">'),
    (text.machine_paths, sources.text_files, "docs/x.md", "see /home/somebody/notes.txt"),
    (text.lock_addresses, lock_files, "x.lock", "--index-url https://packages.example.com"),
]
IDS = [f"{rule.__name__}-{number}" for number, (rule, *_) in enumerate(RULES)]


@pytest.mark.parametrize(
    ("rule", "files"), list(dict.fromkeys((rule, files) for rule, files, *_ in RULES))
)
def test_the_checkout_keeps_the_rule(rule: Rule, files: Files) -> None:
    found = list(rule(files()))
    assert not found, f"{rule.__doc__}\n" + "\n".join(found)


@pytest.mark.parametrize(("rule", "files", "path", "fault"), RULES, ids=IDS)
def test_the_rule_finds_a_planted_fault(rule: Rule, files: Files, path: str, fault: str) -> None:
    assert list(rule([Source(path, fault)]))


def test_translated_text_and_scripts_with_an_address_are_no_fault() -> None:
    page = Source(
        "a.html",
        '{# A note #}<p title="{{ _("Go") }}">{{ _("Good morning") }} · 12 %</p>'
        '<script src="/static/app.js" defer></script>',
    )
    assert not list(text.untranslated([page]))
    assert not list(text.inline_code([page]))


def test_the_one_commit_point_is_there() -> None:
    files = [file for file in sources.product() if file.path in code.COMMIT_POINTS]
    assert [file.text.count(".commit(") for file in files] == [1]
