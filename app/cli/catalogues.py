"""Keeps the catalogues in step with the texts in use: `python -m app.cli.catalogues`.

New texts enter each catalogue without a translation, texts that are gone leave it. A test fails
while any is untranslated.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("app", "tenants", "connectors", "billing")
TRANSLATIONS = ROOT / "app" / "translations"
TRANSLATED = ("de",)
KEYWORDS = {
    "_": None,
    "_l": None,
    "_now": None,
    "gettext": None,
    "ngettext": (1, 2),
}
# Arguments whose text is data until it is shown: an operation's summary, the stage of a job.
SHOWN_LATER = {"summary", "stage"}
# A fixed date: the file changes when its texts do, not with every run.
RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
_JINJA = {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.i18n,jinja2.ext.do"}

Message = str | tuple[str, ...] | list[str]


def texts() -> Iterator[tuple[Message, str, int]]:
    """Every text of code and templates with its file and line."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            method = {".py": "python", ".html": "jinja2", ".txt": "jinja2"}.get(path.suffix)
            if method is None or "static" in path.parts or path.name == "icons.txt":
                continue
            yield from _texts_of(path, method)


def _texts_of(path: Path, method: str) -> Iterator[tuple[Message, str, int]]:
    options = _JINJA if method == "jinja2" else {}
    name = str(path.relative_to(ROOT))
    for line, message, _comments, _context in extract_from_file(
        method, path, keywords=KEYWORDS, options=options
    ):
        yield message, name, line
    if method == "python":
        yield from _shown_later(path, name)


def _shown_later(path: Path, name: str) -> Iterator[tuple[Message, str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.keyword) and node.arg in SHOWN_LATER:
            value = node.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value, name, value.lineno


def template() -> Catalog:
    """A catalogue of all texts without translations."""
    found = Catalog(project="Backoffice", charset="utf-8", fuzzy=False)
    for message, name, _line in texts():
        # File names without lines: a line number would change the file with every edit.
        found.add(message, locations=[(name, 0)])
    return found


def path_of(locale: str) -> Path:
    """Where a language's catalogue lies."""
    return TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"


def updated(locale: str) -> Catalog:
    """The language's catalogue with exactly the texts that are in use now."""
    path = path_of(locale)
    known = Catalog(locale=locale, project="Backoffice", charset="utf-8", fuzzy=False)
    if path.exists():
        with path.open("rb") as file:
            known = read_po(file, locale=locale)
    known.update(template(), no_fuzzy_matching=True)
    known.obsolete.clear()
    known.header_comment = f"# {locale} texts of Backoffice; see app/cli/catalogues.py."
    known.copyright_holder = known.last_translator = known.msgid_bugs_address = "Backoffice"
    known.creation_date = known.revision_date = RELEASED
    return known


def untranslated(catalogue: Catalog) -> list[Message]:
    """Texts that still lack a translation in any of their plural forms."""
    return [
        message.id for message in catalogue if message.id and not _is_translated(message.string)
    ]


def _is_translated(text: str | tuple[str, ...] | list[str] | None) -> bool:
    return all(text) if isinstance(text, (tuple, list)) else bool(text)


def main() -> int:
    """Rewrites every catalogue; the exit code tells whether all texts are translated."""
    missing = 0
    for locale in TRANSLATED:
        catalogue, path = updated(locale), path_of(locale)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(
                file,
                catalogue,
                sort_output=True,
                width=100,
                include_lineno=False,
                include_previous=False,
                omit_header=False,
            )
        missing += len(untranslated(catalogue))
    sys.stderr.write(f"{missing} texts lack a translation\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
