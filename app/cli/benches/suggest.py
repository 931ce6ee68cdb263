"""Suggestions for a client's bank lines, all at once: milliseconds a line, and against a tenth."""

from __future__ import annotations

import time
from collections.abc import Iterator

import sqlalchemy as sa

from app.accounting.suggest import queries as suggest_queries
from app.cli import bench
from app.cli.bench import Case
from app.cli.benches import _books, _scratch, _suggest_data
from app.kernel import db

SIZE = 5_000  # lines to do; four times as many earlier ones, 2,000 open items, 500 rules
RUNS = 3


def cases(size: int) -> Iterator[Case]:
    """All lines at once, a tenth of them against a tenth of the books, and one line as a screen."""
    with _scratch.database("suggest") as scratch:
        large, tenth = _scratch.make_clients(scratch, 2)
        _books.open_books(scratch.admin, [large, tenth])
        lines = {
            large: _suggest_data.fill(scratch.admin, large, size),
            tenth: _suggest_data.fill(scratch.admin, tenth, size // 10),
        }
        scratch.admin.execute("vacuum analyze")
        from app.factory import create_app

        with create_app(scratch.settings).app_context():
            yield from _measured(scratch, large, tenth, lines)
            db.db.engine.dispose()


def _measured(
    scratch: _scratch.Scratch,
    large: _suggest_data.UUID,
    tenth: _suggest_data.UUID,
    lines: dict[_suggest_data.UUID, list[_suggest_data.UUID]],
) -> Iterator[Case]:
    answered = 0

    def seconds(tenant: _suggest_data.UUID, some: list[_suggest_data.UUID]) -> float:
        nonlocal answered
        began = time.perf_counter()
        with db.transaction(scratch.scope(tenant), read_only=True):
            found = suggest_queries.suggestions(some)
        taken = time.perf_counter() - began
        answered = sum(bool(one) for one in found.values())
        return taken

    many, few = lines[large], lines[tenth]
    seconds(tenth, few)
    whole = sorted(seconds(large, many) for _run in range(RUNS))[RUNS // 2]
    with_one = answered
    part = sorted(seconds(tenth, few) for _run in range(RUNS))[RUNS // 2]
    counts = f"{len(many):,} lines"
    yield bench.figure("suggest", f"{counts} at once", whole, unit="s", floor=20, goal=5, runs=RUNS)
    yield bench.figure("suggest", "a line of them", whole * 1000 / len(many), unit="ms", runs=RUNS)
    ratio = (whole / len(many)) / (part / len(few))
    yield bench.figure("suggest", "a line against one of a tenth", ratio, unit="times", runs=RUNS)
    yield bench.figure(
        "suggest", "lines with a suggestion", with_one * 100 / len(many), unit="%", better="more"
    )
    page = sorted(seconds(large, many[n * 50 : n * 50 + 50]) for n in range(9))[4]
    yield bench.figure("suggest", "a screen of 50 lines", page * 1000, unit="ms", runs=9)
    count = _count(scratch, large, many)
    yield bench.figure("suggest", "statements, however many lines", count, unit="statements")


def _count(
    scratch: _scratch.Scratch, tenant: _suggest_data.UUID, lines: list[_suggest_data.UUID]
) -> int:
    """How many statements one call sends, the transaction's own left out."""
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    with db.transaction(scratch.scope(tenant), read_only=True):
        sa.event.listen(db.db.engine, "before_cursor_execute", note)
        suggest_queries.suggestions(lines)
        sa.event.remove(db.db.engine, "before_cursor_execute", note)
    return len(sent)
