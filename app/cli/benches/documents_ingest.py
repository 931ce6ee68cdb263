"""From the upload until every word is found, against text extraction alone: pages a CPU second; and
how soon an upload is answered while a queue of others waits, against its whole processing.

backoffice bench documents-ingest            # 6 papers of 20 pages, as a program printed them
"""

from __future__ import annotations

import math
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pypdfium2
import sqlalchemy as sa
import typst

from app.cli import bench
from app.cli.bench import Case
from app.cli.benches import _pages_data, _scratch
from app.documents import commands, queries, uploads
from app.documents.finding import queries as finding
from app.documents.readings import jobs as reading
from app.documents.readings import keeping, warm
from app.factory import create_app, create_worker_app
from app.kernel import db
from app.kernel.scope import Scope, secret_hash

SIZE = 6
PAGES = 20
WORDS = 320
ANSWERS = 20
"""So many uploads are answered in one run; the 19th of them is the figure."""
QUEUE = 100
"""So many uploads wait before the first of them."""
_PAGE = '#set page(paper: "a4", margin: 18mm)\n#set text(size: 9pt)\n{pages}'


def cases(size: int) -> Iterator[Case]:
    """Each run takes in papers that nobody has seen before; previews are made later, as always."""
    with _scratch.database("ingest") as scratch:
        (client,) = _scratch.make_clients(scratch, 1)
        scope = scratch.scope(client)
        made = iter(range(1_000_000))
        with create_worker_app(scratch.settings).app_context():

            def ours() -> float:
                papers = [_paper(next(made)) for _paper_of in range(size)]
                began = _cpu(scope)
                for place, data in papers:
                    _take_in(scope, place, data)
                return size * PAGES / (_cpu(scope) - began)

            def reference() -> float:
                papers = [_paper(next(made)) for _paper_of in range(size)]
                began = time.process_time()
                for _place, data in papers:
                    _extract(data)
                return size * PAGES / (time.process_time() - began)

            yield bench.compare(
                "documents-ingest",
                f"{PAGES}-page papers until they are found",
                ours=ours,
                reference=reference,
                unit="pages/CPU-s",
                better="more",
                floor=0.05,
                goal=0.25,
                runs=3,
            )
            yield _answered(scratch, client, made)
            db.db.engine.dispose()


def _answered(scratch: _scratch.Scratch, client: UUID, made: Iterator[int]) -> Case:
    """An upload's three calls of the API, beside what is done with a paper of that size later."""
    scope = scratch.scope(client)
    with db.transaction(scope):
        for place in range(QUEUE):
            uploads.receive(
                f"waits {place}".encode(), name="waits.txt", line="accounting", source="api"
            )
    _pages_data.listed(scratch)
    call = _caller(scratch, client)

    def ours() -> float:
        spent = sorted(_upload(call, *_paper(next(made))) for _one in range(ANSWERS))
        return spent[math.ceil(ANSWERS * 0.95) - 1] * 1000

    def reference() -> float:
        place, data = _paper(next(made))
        return bench.timed(lambda: _take_in(scope, place, data)) * 1000

    return bench.compare(
        "documents-ingest",
        f"upload answered with {QUEUE} waiting, p95, against processing",
        ours=ours,
        reference=reference,
        unit="ms",
        better="less",
        floor=1.0,
        goal=0.5,
        runs=3,
    )


def _caller(scratch: _scratch.Scratch, client: UUID) -> Callable[..., Any]:
    """The API of the client, called by the acting person's program."""
    secret = "bo_bench_" + secrets.token_hex(24)
    scratch.admin.execute(
        "insert into guard.principal(kind, user_id, tenant_id, expires_at, secret_sha, made_by)"
        " values ('token', %s, %s, now() + interval '1 day', %s, %s)",
        (scratch.person_id, client, secret_hash("prin", secret), scratch.person_id),
    )
    row = scratch.admin.execute("select slug from guard.tenant where id = %s", (client,)).fetchone()
    assert row is not None
    app = create_app(scratch.settings)
    app.config["API_LIMITS"] = False
    browser = app.test_client()
    base = f"/api/v1/clients/{row[0]}/uploads"

    def call(method: str, path: str, **body: Any) -> Any:
        header = {"Authorization": f"Bearer {secret}"}
        answer = browser.open(base + path, method=method, headers=header, **body)
        if answer.status_code not in {200, 201}:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.get_json()

    return call


def _upload(call: Callable[..., Any], place: int, data: bytes) -> float:
    """The seconds until somebody is told that their paper is kept."""
    began = time.perf_counter()
    upload = call("POST", "", json={"name": f"paper-{place}.pdf", "size": len(data)})["id"]
    call("PUT", f"/{upload}/parts/1", data=data)
    told = call("POST", f"/{upload}/complete")
    if told["state"] != "complete" or told["document_id"] is not None:
        raise RuntimeError("the upload was answered after its processing")
    return time.perf_counter() - began


def _cpu(scope: Scope) -> float:
    """Processor seconds of this process, of the readers it started, and of the database's side."""
    with db.transaction(scope):
        pid = db.session.execute(sa.text("select pg_backend_pid()")).scalar_one()
    spent = os.times()
    own = spent.user + spent.system + spent.children_user + spent.children_system
    reader = warm.pid()
    read = _ticks(reader, 4) if reader else 0  # with what it forked
    return own + (_ticks(pid, 2) + read) / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int, columns: int) -> int:
    """What a process took: user, system, and with four columns its children's too."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return sum(map(int, stat[11 : 11 + columns]))


def _paper(place: int) -> tuple[int, bytes]:
    """A PDF of twenty pages with a text layer; its number stands on the last."""
    rng = random.Random(place)  # noqa: S311  # the same papers each time
    pages = [
        " ".join(f"word{rng.randint(1, 9000)}" for _word in range(WORDS)) for _p in range(PAGES)
    ]
    pages[-1] += f" ingested{place}"
    source = _PAGE.format(pages="\n#pagebreak()\n".join(pages))
    return place, typst.compile(source.encode(), format="pdf")


def _take_in(scope: Scope, place: int, data: bytes) -> None:
    """Upload, reading in its own process and keeping, as the job does, and the first search."""
    with db.transaction(scope):
        made = commands.add(data, name=f"paper-{place}.pdf", line="accounting", source="staff")
    with db.transaction(scope):
        paper, pieces = keeping.paper(made), queries.content(made)
    answer = reading.answer_of(pieces, paper.media_type)
    with db.transaction(scope):
        keeping.keep(paper, answer)
    with db.transaction(scope):
        _demand_found(made, place)


def _demand_found(made: UUID, place: int) -> None:
    rows = finding.find(finding.Asked(f"ingested{place} "))
    if [one.id for one in rows] != [made] or rows[0].page != PAGES:
        held = db.session.execute(sa.text("select count(*) from app.document_text")).scalar()
        raise RuntimeError(f"a paper was not found by its last page ({held} pages of text)")


def _extract(data: bytes) -> None:
    document = pypdfium2.PdfDocument(data)
    for page in document:
        page.get_textpage().get_text_range()
    document.close()
