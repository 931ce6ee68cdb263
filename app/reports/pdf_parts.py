"""Long reports as PDF: typeset part by part, each in a program with bounds, then put together."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from app.kernel import words, workroom
from app.kernel.errors import TooLarge, Unavailable
from app.reports import pdf
from app.reports.document import Report, Row, RowKind
from app.reports.marking import Mark

log = structlog.get_logger("reports")
CELLS_IN_PART = 8_000  # about a second and 300 megabytes
SECONDS = 180
_PRESS = Path(__file__).parent / "typeset" / "press.py"
Told = Callable[[int, int], None]


@contextmanager
def typeset(chapter: pdf.Chapter, mark: Mark, *, foot: str, told: Told) -> Iterator[Path]:
    """The PDF as a file that is gone afterwards; `told` hears parts done and parts to do.

    Raises TooLarge where a part does not keep within the bounds.
    """
    rows = split(chapter.report)
    with workroom.folder("report") as folder:
        page, parts = 1, []
        for place, some in enumerate(rows):
            told(place, len(rows) + 1)
            part = pdf.Part(some, page, last=place == len(rows) - 1)
            parts.append(folder / f"{place}.pdf")
            page += _set(chapter, mark, part, foot=foot, out=parts[-1])
        told(len(rows), len(rows) + 1)
        whole = folder / "whole.pdf"
        _press("join", str(whole), *map(str, parts))
        yield whole


def typeset_whole(data: dict[str, Any], mark: Mark, *, folder: Path) -> Path:
    """One paper of several reports, tagged for screen readers, as a file in the folder.

    Raises TooLarge where it does not keep within the bounds, Unavailable where it takes too long.
    """
    source, out = folder / "whole.json", folder / "whole.pdf"
    source.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    _press("whole", str(pdf.TEMPLATE), str(source), str(out), str(pdf.seconds(mark.at)))
    return out


def split(report: Report) -> list[tuple[Row, ...]]:
    """The rows in parts; where an account goes on, its heading stands again."""
    most = max(CELLS_IN_PART // (len(report.columns) + 1), 1)
    heading: Row | None = None
    parts: list[tuple[Row, ...]] = []
    for start in range(0, len(report.rows), most):
        rows = report.rows[start : start + most]
        goes_on = heading is not None and rows[0].kind is not RowKind.GROUP
        parts.append((_again(heading), *rows) if heading and goes_on else rows)
        groups = [row for row in rows if row.kind is RowKind.GROUP]
        heading = groups[-1] if groups else heading
    return parts or [()]


def _again(heading: Row) -> Row:
    return replace(heading, title=words.gettext("%(title)s (continued)", title=heading.title))


def _set(chapter: pdf.Chapter, mark: Mark, part: pdf.Part, *, foot: str, out: Path) -> int:
    data = pdf.part_data(chapter, mark, part, title=chapter.report.title, foot=foot)
    source = out.with_suffix(".json")
    source.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    moment = str(pdf.seconds(mark.at))
    return int(_press("set", str(pdf.TEMPLATE), str(source), str(out), moment))


def _press(*words_: str) -> str:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_PRESS), *words_],
            capture_output=True,
            timeout=SECONDS,
            check=False,
            text=True,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable("report-file-slow") from None
    if done.returncode:
        log.warning("typesetting failed", code=done.returncode, said=done.stderr[-400:])
        raise TooLarge("report-file-bounds")
    return done.stdout
