"""Reconciling from far away: key to next row at 250 ms and 1 % loss, and a line cut for 30 s."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from app.cli import bench, debian
from app.cli.bench import Case
from app.cli.benches import _pages_data, _scratch, _slow_line, pages
from app.cli.benches._slow_line import Line

SIZE = 120  # lines accepted one by one; the cut comes on top
ROUND_TRIP, LOSS = 0.25, 0.01
CUT_SECONDS, CUT_LINES = 30.0, 12
LEAST_LINES = 400

_RULE = """
insert into app.bank_rule (tenant_id, name, party_pattern, account_id)
select %(t)s, 'Bench ' || n, 'Counterparty ' || n, (select id from ledger.account
  where tenant_id = %(t)s and id not in (select account_id from app.bank_account)
    and control is null order by code desc limit 1)
from generate_series(100, 399) n
"""
_JOURNAL = """
insert into ledger.journal (tenant_id, code, name, kind) values (%(t)s, 'BANK', 'Bank', 'bank')
on conflict do nothing
"""
_LINES = """
delete from app.bank_transaction where tenant_id = %(t)s and ctid not in (
  select ctid from app.bank_transaction where tenant_id = %(t)s
    and counterparty ~ '^Counterparty [1-3][0-9][0-9]$' order by booked_on, id limit %(n)s)
"""
_NEXT = """() => { window.presses = []; window.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter') return;
  const current = () => document.querySelector('#lines [aria-current]')?.id;
  const began = performance.now(), was = current();
  const note = () => window.presses.push(performance.now() - began);
  requestAnimationFrame(function look() {
    if (current() && current() !== was) requestAnimationFrame(note);
    else if (performance.now() - began < 5000) requestAnimationFrame(look);
  }); }, true); }"""


def cases(size: int) -> Iterator[Case]:
    """Milliseconds from key to next row; acts lost and doubled by a cut."""
    path = debian.CHROMIUM.find()
    if path is None:
        raise RuntimeError("the bench needs Chromium: apt-get install chromium")
    with _scratch.database("reconcile") as scratch:
        loaded = _pages_data.load(scratch, 20_000, clients=3)
        account = _prepare(scratch, loaded.tenant_id, max(LEAST_LINES, size + 2 * CUT_LINES))
        with (
            pages.server("app.cli.wsgi:app", scratch, loaded) as port,
            _slow_line.to(port, round_trip=ROUND_TRIP, loss=LOSS) as line,
            _page(path, line, loaded.staff_cookie) as page,
        ):
            page.goto(f"/c/{loaded.slug}/books/reconcile/{account}")
            yield from _keys(page, size)
            _settle(page, 120)
            yield from _cut(page, line, scratch, loaded.tenant_id)


def _prepare(scratch: _scratch.Scratch, tenant: UUID, count: int) -> UUID:
    """So many lines to do, each with a rule that fits it."""
    admin = scratch.admin
    with admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute(_LINES, {"t": tenant, "n": count})
        admin.execute(_RULE, {"t": tenant})
        admin.execute(_JOURNAL, {"t": tenant})
    admin.execute("vacuum analyze app.bank_transaction")
    row = admin.execute(
        "select id from app.bank_account where tenant_id = %s", (tenant,)
    ).fetchone()
    if row is None:
        raise RuntimeError("the bench's client has no bank account")
    found: UUID = row[0]
    return found


@contextmanager
def _page(path: str, line: Line, cookie: str) -> Iterator[Any]:
    """A page of headless Chromium behind the slow line."""
    from playwright.sync_api import sync_playwright

    base = f"http://localhost:{line.port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = browser.new_context(base_url=base, bypass_csp=True)
        context.set_default_timeout(60_000)
        context.add_cookies([{"name": "login", "value": cookie, "url": base}])
        yield context.new_page()
        browser.close()


def _keys(page: Any, size: int) -> Iterator[Case]:
    """Presses Enter as fast as a quick person and asks the page when the next row was there."""
    page.wait_for_selector("#rec-panel [data-panel]")
    page.evaluate(_NEXT)
    for _ in range(size):
        page.keyboard.press("Enter")
        time.sleep(0.35)
    times = sorted(page.evaluate("window.presses"))
    marks = statistics.quantiles(times, n=100)
    yield bench.figure("reconcile", "key to next row, p50", marks[49], unit="ms", runs=len(times))
    yield bench.figure(
        "reconcile",
        f"key to next row, p95, {ROUND_TRIP * 1000:.0f} ms and {LOSS:.0%} loss",
        marks[94],
        unit="ms",
        floor=150,
        goal=100,
        runs=len(times),
    )


def _cut(page: Any, line: Line, scratch: _scratch.Scratch, tenant: UUID) -> Iterator[Case]:
    """Accepts while the line is cut; counts what was lost and what was doubled."""
    if page.locator("#lines .refused").count():
        raise RuntimeError(page.locator("#lines .refused").first.inner_text())
    before = _booked(scratch, tenant)
    line.cut = True
    began = time.monotonic()
    for _ in range(CUT_LINES):
        page.keyboard.press("Enter")
        time.sleep(0.2)
    time.sleep(max(0.0, CUT_SECONDS - (time.monotonic() - began)))
    line.cut = False
    _settle(page, 180)
    after = _booked(scratch, tenant)
    lost = CUT_LINES - (after[0] - before[0])
    doubled = (after[1] - before[1]) - (after[0] - before[0])
    for name, value in (("lost", lost), ("doubled", doubled)):
        yield bench.figure(
            "reconcile",
            f"acts {name} by a cut of {CUT_SECONDS:.0f} s",
            value,
            unit="acts",
            floor=0,
            goal=0,
            runs=CUT_LINES,
        )


def _settle(page: Any, seconds: int) -> None:
    """Waits until nothing is left to be sent."""
    page.wait_for_selector("#unsaved", state="hidden", timeout=seconds * 1000)


def _booked(scratch: _scratch.Scratch, tenant: UUID) -> tuple[int, int]:
    """Lines booked and entries made from lines."""
    row = scratch.admin.execute(
        "select (select count(*) from app.bank_transaction where tenant_id = %(t)s"
        " and state = 'booked'), (select count(*) from ledger.entry where tenant_id = %(t)s"
        " and source_type = 'bank_transaction')",
        {"t": tenant},
    ).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))
