"""A camt.053 file of 100,000 lines (size: how many) imported by a job whose worker is killed.

Through the running product: uploaded over the API, progress read over the API, the worker killed
by SIGKILL once half of the lines are stored. In the end each line is there exactly once.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.cli.servers import processes
from tests.prove.storm.product import IBAN, Product, running

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "100000"))
AT_ONCE = 10_000  # two chunks: smaller files leave no half to be killed at
UPLOAD_SECONDS = 600.0
JOB_SECONDS = 1_800.0
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
    "<GrpHdr><MsgId>M</MsgId><CreDtTm>{day}T20:00:00</CreDtTm></GrpHdr><Stmt><Id>S</Id>"
    "<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>GBP</Ccy></Acct>"
)
_BALANCE = (
    "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='GBP'>{amount}</Amt>"
    "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>\n"
)
_LINE = (
    "<Ntry><Amt Ccy='GBP'>{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
    "<BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>R{n:09}</AcctSvcrRef><NtryDtls><TxDtls>"
    "<RltdPties><Dbtr><Pty><Nm>Payer {payer}</Nm></Pty></Dbtr></RltdPties>"
    "<RmtInf><Ustrd>Invoice {n}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
)
_STORED = """
select count(*), count(distinct bank_id), count(distinct (dedupe_key, occurrence)),
  sum(amount_minor) from app.bank_transaction where tenant_id = %s
"""
_OUTCOME = """
select f.state, f.lines_new, f.lines_total, j.state, j.done, j.failures, j.attempt
from app.statement_file f join app.job j on j.tenant_id = f.tenant_id and j.id = f.job_id
where f.tenant_id = %s
"""


def test_a_large_import_outlives_its_worker_and_stores_each_line_once(tmp_path: Path) -> None:
    assert SIZE > AT_ONCE, f"the size is the number of lines, more than {AT_ONCE}"
    with running(tmp_path / "import", tokens=1) as product:
        data, began = _statement(SIZE), time.monotonic()
        file = _call(product, "POST", f"/clients/{product.slug}/statement-files", data)
        print(f"\n{SIZE:,} lines, {len(data) / 1e6:.0f} MB: taken after {_since(began)}")
        job_id, seen = _job_of(product), [-1]
        for job in _watched(product, job_id):
            if job["done"] != seen[-1]:
                seen.append(job["done"])
                print(f"  {_since(began)}: {job['done']:,} of {job['total'] or 0:,} {job['stage']}")
            if job["done"] * 2 >= SIZE:
                break
        killed, gap = _kill_the_worker(product), None
        for job in _watched(product, job_id):
            if job["done"] != seen[-1]:
                gap = gap or time.monotonic() - killed
                seen.append(job["done"])
                print(f"  {_since(began)}: {job['done']:,} of {job['total']:,} {job['stage']}")
        print(f"  worker killed at half; next lines stored {gap or 0:.1f} s later")
        print(f"  done after {_since(began)}, progress seen at {len(seen) - 1} places")
        file = _call(product, "GET", f"/clients/{product.slug}/statement-files/{file['id']}")
        assert (file["state"], file["lines_new"]) == ("imported", SIZE)
        _assert_stored(product)


def _assert_stored(product: Product) -> None:
    with product.admin() as admin:
        stored = admin.execute(_STORED, (product.tenant,)).fetchone()
        outcome = admin.execute(_OUTCOME, (product.tenant,)).fetchone()
    assert stored == (SIZE, SIZE, SIZE, sum(_minor(number) for number in range(SIZE)))
    assert outcome is not None
    assert outcome[:6] == ("imported", SIZE, SIZE, "done", SIZE, 0)
    print(f"  {stored[0]:,} lines, each once; {outcome[6]} attempts, none failed")


def _since(began: float) -> str:
    return f"{time.monotonic() - began:5.1f} s"


def _minor(number: int) -> int:
    return 100 + number % 9_973


def _statement(count: int) -> bytes:
    day = datetime.now(UTC).date().isoformat()
    total = sum(_minor(number) for number in range(count))
    parts = [_HEAD.format(iban=IBAN, day=day)]
    for code, minor in (("OPBD", 0), ("CLBD", total)):
        parts.append(_BALANCE.format(code=code, amount=_decimal(minor), day=day))
    parts += [
        _LINE.format(amount=_decimal(_minor(n)), n=n, payer=n % 997, day=day) for n in range(count)
    ]
    return "".join([*parts, "</Stmt></BkToCstmrStmt></Document>\n"]).encode()


def _decimal(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def _job_of(product: Product) -> uuid.UUID:
    with product.admin() as admin:
        row = admin.execute(
            "select job_id from app.statement_file where tenant_id = %s", (product.tenant,)
        ).fetchone()
    assert row is not None
    assert isinstance(row[0], uuid.UUID)
    return row[0]


def _watched(product: Product, job_id: uuid.UUID) -> Iterator[dict[str, Any]]:
    """Yield the job as its starter sees it until it is done."""
    end = time.monotonic() + JOB_SECONDS
    while time.monotonic() < end:
        job = _call(product, "GET", f"/jobs/{job_id}")
        assert job["state"] in ("due", "claimed", "done"), job
        yield job
        if job["state"] == "done":
            return
        time.sleep(0.25)
    raise AssertionError(f"not done within {JOB_SECONDS:.0f} s: {job}")


def _kill_the_worker(product: Product) -> float:
    worker = processes.recall(product.layout.pid_file("worker"))
    assert worker is not None
    os.kill(worker.pid, signal.SIGKILL)
    return time.monotonic()


def _call(product: Product, verb: str, path: str, upload: bytes = b"") -> dict[str, Any]:
    """One call of the API; `upload` is sent as a file. Raises AssertionError when it is refused."""
    head = {
        "Authorization": f"Bearer {product.tokens[0]}",
        "Host": f"localhost:{product.port}",
    }
    body = None
    if upload:
        mark = uuid.uuid4().hex
        head["Content-Type"] = f"multipart/form-data; boundary={mark}"
        head["Idempotency-Key"] = mark
        start = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="large.xml"\r\n'
        body = f"{start}\r\n".encode() + upload + f"\r\n--{mark}--\r\n".encode()
    link = http.client.HTTPConnection("127.0.0.1", product.port, timeout=UPLOAD_SECONDS)
    try:
        link.request(verb, f"/api/v1{path}", body=body, headers=head)
        answer = link.getresponse()
        text = answer.read()
    finally:
        link.close()
    assert answer.status in (200, 201), f"{verb} {path}: {answer.status} {text[:500]!r}"
    found: dict[str, Any] = json.loads(text)
    return found
