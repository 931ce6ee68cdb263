"""Makes the long files of reports, and takes away what was kept for a week."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import clock, jobs, reads, storage, words, workroom
from app.kernel.db import session
from app.kernel.jobs import Progress, job
from app.kernel.schedules import schedule
from app.reports import asking, export, marking, orders, pdf, pdf_parts, sheet
from app.reports.document import Report
from app.reports.orders import Order

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOST_BYTES = 500 * 1024 * 1024
_EXPIRE = sa.text("select app.expire_report_files(:before)")


@job(orders.JOB, queue="bulk", lease=60, retries=3, steps=True)
def make(args: dict[str, Any], progress: Progress) -> None:
    """Works a report out, makes its file and keeps it; its taker is logged with the rows.

    The file is kept in one transaction, its address said just before it commits: whenever a
    worker dies, the next attempt makes the file anew or finds it made.
    """
    order = Order.from_args(args)
    with words.speaking(order.locale, time_zone=order.mark.time_zone):
        with progress.step(stage="Reading the books"):
            if _is_made(progress):
                return  # an earlier attempt kept it and died before it said so
            report, line = _built(order)
        with _file(order, report, progress) as path:
            asking.looked("report", None, line, exported=len(report.rows))
            reads.write(progress.scope)
            _keep(order, path, line, progress)


def _is_made(progress: Progress) -> bool:
    link = jobs.one(progress.ticket.job_id).result_link
    return link is not None and orders.is_there(UUID(_ID.findall(link)[-1]))


def _built(order: Order) -> tuple[Report, str]:
    definition = asking.definition_of(order.report)
    asking.demand(definition.line, "export")
    found: Report = definition.build(order.first, order.last, order.asked)
    orders.refuse_beyond(len(found.rows), order.ending)
    return found, definition.line


@contextmanager
def _file(order: Order, report: Report, progress: Progress) -> Iterator[Path]:
    """The file on disk, gone afterwards."""
    if order.ending == "pdf":

        def told(part: int, parts: int) -> None:
            if part < parts - 1:
                progress.at(part, parts, stage="Typesetting")
            else:
                progress.at(part, parts, stage="Putting the parts together")

        foot = marking.foot(order.mark)
        with pdf_parts.typeset(pdf.Chapter(report), order.mark, foot=foot, told=told) as path:
            yield path
        return
    with workroom.folder("report") as folder:
        path = folder / f"report.{order.ending}"
        if order.ending == "xlsx":
            sheet.large_workbook(report, order.mark, path)
        else:
            with path.open("wb") as file:
                file.writelines(export.csv_pieces(report))
        yield path


def _keep(order: Order, path: Path, line: str, progress: Progress) -> None:
    with progress.step(done=1, total=1, stage="Done"):
        asking.demand(line, "export")
        with path.open("rb") as file:
            stored = storage.put(
                file,
                kind=orders.KIND,
                name=order.name,
                media_type=orders.MEDIA_TYPES[order.ending],
                line=line,
                most=MOST_BYTES,
            )
        progress.link(order.link.replace(str(orders.NO_ID), str(stored)))


@schedule("reports.expire-files", every="daily 02:40", tenants="clients", queue="bulk")
def expire(_args: dict[str, Any], _progress: Progress) -> None:
    """Files of reports older than a week are gone; the sweep then takes their bytes."""
    session.execute(_EXPIRE, {"before": clock.now() - orders.KEPT})
