"""English and German are complete, say the same, and write numbers as their readers do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from app.cli import catalogues
from app.kernel import words
from tests.kernel import refusals

PLACEHOLDER = re.compile(r"%\((\w+)\)s")

# Names and words that are the same in both languages; anything else is a text left in English.
SAME = {
    "%(first)s – %(last)s · %(currency)s",
    "03/31/2026",
    "2026-03-31",
    "31/03/2026",
    "API",
    "Bank",
    "CSV",
    "Code",
    "Compliance",
    "Dimension",
    "Dimension %(slot)s",
    "Excel",
    "Format",
    "In",
    "Journal",
    "Laptop",
    "Link",
    "Logo",
    "Name",
    "Normal",
    "PDF",
    "Passkeys",
    "Person",
    "Team",
    "Text",
    "Tickets",
    "Upload",
    "Uploads",
    "Version",
    "Version %(n)s",
    "✓",
}


@pytest.fixture(scope="module")
def german() -> Catalog:
    """The catalogue brought up to date with the texts in use now; the file is left alone."""
    return catalogues.updated("de")


def _pairs(catalogue: Catalog) -> Iterator[tuple[str, str]]:
    for message in catalogue:
        if not message.id or not message.string:
            continue
        english = (message.id,) if isinstance(message.id, str) else message.id
        german = (message.string,) if isinstance(message.string, str) else message.string
        yield from zip(english, german, strict=True)


def test_german_is_complete(german: Catalog) -> None:
    missing = catalogues.untranslated(german)
    assert not missing, f"run `python -m app.cli.catalogues` and translate: {missing}"


def test_the_catalogue_holds_no_text_that_is_gone(german: Catalog) -> None:
    with catalogues.path_of("de").open("rb") as file:
        kept = {message.id for message in read_po(file, locale="de") if message.id}
    used = {message.id for message in german if message.id}
    assert not kept - used, "run `python -m app.cli.catalogues`"


def test_both_languages_name_the_same_placeholders(german: Catalog) -> None:
    wrong = [
        (english, translated)
        for english, translated in _pairs(german)
        if sorted(PLACEHOLDER.findall(english)) != sorted(PLACEHOLDER.findall(translated))
    ]
    assert not wrong


def test_no_text_was_left_in_english(german: Catalog) -> None:
    same = {english for english, translated in _pairs(german) if english == translated}
    assert not same - SAME


def test_german_quotes_stand_low_and_high(german: Catalog) -> None:
    wrong = [text for _english, text in _pairs(german) if re.search('[”"]|“(?=\\w)', text)]
    assert not wrong


def test_german_has_a_form_for_one_and_one_for_many(german: Catalog) -> None:
    assert german.num_plurals == 2
    for message in german:
        if isinstance(message.id, tuple):
            assert isinstance(message.string, tuple), message.id
            assert len(message.string) == 2, message.id


@pytest.mark.parametrize(
    ("locale", "n", "said"),
    [
        ("en", 1, "1 client"),
        ("en", 0, "0 clients"),
        ("en", 12000, "12,000 clients"),
        ("de", 1, "1 Mandant"),
        ("de", 0, "0 Mandanten"),
        ("de", 12000, "12.000 Mandanten"),
    ],
)
def test_a_number_takes_its_plural(locale: str, n: int, said: str) -> None:
    with words.speaking(locale):
        assert words.ngettext("%(n)s client", "%(n)s clients", n) == said


def test_a_text_is_put_into_words_when_it_is_shown() -> None:
    text = words._("Welcome, %(name)s", name="Ada")
    with words.speaking("de"):
        assert str(text) == "Willkommen, Ada"
    with words.speaking("en"):
        assert str(text) == "Welcome, Ada"


def test_an_unknown_language_is_answered_in_english() -> None:
    assert words.best_locale("fr-FR,fr;q=0.9") == "en"
    assert words.best_locale("fr,de-AT;q=0.8,en;q=0.5") == "de"


def test_the_pseudo_language_marks_every_text() -> None:
    with words.speaking(words.PSEUDO):
        assert words.gettext("Sign in") == "⟦Sign in⟧"


@pytest.mark.parametrize(
    ("locale", "number", "negative", "half", "percent"),
    [
        ("en", "1,234,567", "−12", "0.50", "+6.3\u00a0%"),
        ("de", "1.234.567", "−12", "0,50", "+6,3\u00a0%"),
    ],
)
def test_numbers_are_written_as_the_reader_does(
    locale: str, number: str, negative: str, half: str, percent: str
) -> None:
    with words.speaking(locale):
        assert words.format_number(1234567) == number
        assert words.format_number(-12) == negative
        assert words.format_number(Decimal("0.5"), decimals=2) == half
        assert words.format_tenths(63) == percent
        assert words.format_percent(None) == "–"


@pytest.mark.parametrize(
    ("locale", "minor", "currency", "amount", "with_sign"),
    [
        ("en", 123450, "EUR", "1,234.50", "€1,234.50"),
        ("de", 123450, "EUR", "1.234,50", "1.234,50\u00a0€"),
        ("en", -5, "GBP", "−0.05", "−£0.05"),
        ("de", -5, "GBP", "−0,05", "−0,05\u00a0£"),
        ("en", 1500, "JPY", "1,500", "JP¥\u00a01,500"),
        ("de", 1500, "JPY", "1.500", "1.500\u00a0¥"),
        ("en", 1, "KWD", "0.001", "KWD\u00a00.001"),
        ("de", 1, "KWD", "0,001", "0,001\u00a0KWD"),
    ],
)
def test_money_is_written_as_the_reader_does(
    locale: str, minor: int, currency: str, amount: str, with_sign: str
) -> None:
    with words.speaking(locale):
        assert words.format_minor(minor, currency) == amount
        assert words.format_money(minor, currency) == with_sign


@pytest.mark.parametrize(
    ("locale", "day", "month", "short", "instant"),
    [
        ("en", "31 Oct 2026", "October 2026", "Oct 2026", "31 Oct 2026, 18:04"),
        ("de", "31. Okt. 2026", "Oktober 2026", "Okt 2026", "31. Okt. 2026, 18:04"),
    ],
)
def test_dates_are_written_as_the_reader_does(
    locale: str, day: str, month: str, short: str, instant: str
) -> None:
    at = datetime(2026, 10, 31, 17, 4, tzinfo=UTC)
    with words.speaking(locale, time_zone="Europe/Berlin"):
        assert words.format_date(at.date()) == day
        assert words.format_month(at.date()) == month
        assert words.format_short_month(at.date()) == short
        assert words.format_instant(at) == instant
        assert words.format_date(None) == ""


@pytest.mark.parametrize(
    ("locale", "seconds", "said"),
    [
        ("en", 5, "just now"),
        ("de", 5, "gerade eben"),
        ("en", 60, "1 minute ago"),
        ("de", 7200, "vor 2 Stunden"),
        ("de", 86400, "vor 1 Tag"),
    ],
)
def test_an_age_is_said_in_its_largest_unit(locale: str, seconds: int, said: str) -> None:
    now = datetime(2026, 10, 31, tzinfo=UTC)
    with words.speaking(locale):
        assert words.format_age(now - timedelta(seconds=seconds), now=now) == said


def test_a_day_and_its_month_stand_in_the_readers_order() -> None:
    with words.speaking("en"):
        assert words.format_day_month(date(2026, 10, 31)) == "31 Oct"
    with words.speaking("de"):
        assert words.format_day_month(date(2026, 10, 31)) == "31. Okt."


@pytest.mark.usefixtures("app")
def test_every_refusal_has_words() -> None:
    known = words.error_codes()
    mute = {
        f"{one.code} ({one.place})"
        for one in (*refusals.in_code(), *refusals.in_sql())
        if one.code not in known
    }
    assert not mute, "declare them with words.declare_errors in the package's registration"


@pytest.mark.usefixtures("app")
def test_every_act_and_kind_that_a_log_keeps_has_words() -> None:
    found = set(refusals.acts())
    assert len(found) > 30
    with words.speaking("de"):
        assert not {code for code in found if words.name_of(code) == code}


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("locale", words.LOCALES)
def test_the_words_of_a_refusal_name_only_what_it_tells(locale: str) -> None:
    wrong = []
    with words.speaking(locale):
        for one in refusals.in_code():
            if one.params is None:
                continue
            said = words.error_text(one.code, dict.fromkeys(one.params, "7"))
            if PLACEHOLDER.search(said) or f"({one.code})" in said:
                wrong.append(f"{one.place}: {said}")
    assert not wrong


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("locale", words.LOCALES)
def test_no_refusal_shows_a_placeholder(locale: str) -> None:
    with words.speaking(locale):
        said = [words.error_text(code) for code in sorted(words.error_codes())]
    assert not [text for text in said if PLACEHOLDER.search(text)]


def test_a_code_without_words_is_named_itself() -> None:
    with words.speaking("de"):
        assert words.error_text("no-such-code") == (
            "Das war nicht möglich (no-such-code). Nichts wurde geändert."
        )
