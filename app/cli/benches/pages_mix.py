"""A working day's pages of 80 clients with three years of books, asked at a steady open rate."""

from __future__ import annotations

import http.client
import os
import random
import re
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode

from app.cli import bench
from app.cli.bench import Case
from app.cli.benches import _mix_data, _pages_data, _scratch, pages
from app.cli.benches._mix_data import Firm

SIZE = 1_000  # postings of each client; three years of a small firm are about 10,000
CLIENTS = 80
RATE = 50.0
SECONDS = 20.0
LIMIT_MS = 150.0
AT_ONCE = 64
"""So many people wait for an answer at most; a request beyond them waits for its turn, counted."""

SHARES = {
    "desk": 12,
    "close board": 4,
    "reconcile": 22,
    "bank lines": 12,
    "account": 14,
    "profit and loss": 10,
    "balance sheet": 8,
    "close page": 8,
    "portal": 5,
    "book a line": 5,
}
"""How many of a hundred requests are of each kind."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its kind, the second it is due, its address, cookies and what it sends."""

    kind: str
    due: float
    path: str
    cookie: str
    form: str | None = None


@dataclass(slots=True)
class Found:
    """Milliseconds by kind from when a request was due to its last byte, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def cases(size: int) -> Iterator[Case]:
    """Percentiles of each kind of page and of all, with the requests that failed."""
    with _scratch.database("pages_mix") as scratch:
        firms = _mix_data.load(scratch, CLIENTS, postings=size)
        owner = _pages_data.owner(scratch, firms[0].tenant_id)
        workers = min(4, os.cpu_count() or 1)
        with pages.server("app.cli.wsgi:app", scratch, workers=workers) as port:
            asked = list(_asked(port, firms, scratch.cookie, owner))
            _run(port, [one for one in asked if one.form is None][:200])
            found = _run(port, asked)
    for kind in SHARES:
        yield from _percentiles(kind, found.times[kind])
    every = [value for times in found.times.values() for value in times]
    yield from _percentiles("all", every, limit=LIMIT_MS)
    yield bench.figure(
        "pages-mix", "requests that failed", len(found.errors), unit="requests", floor=0, goal=0,
        runs=len(asked),
    )  # fmt: skip
    if found.errors:
        raise RuntimeError(found.errors[0])


def _asked(port: int, firms: list[Firm], staff: str, owner: str) -> Iterator[Asked]:
    """The same requests each time, at even distances."""
    chance = random.Random(3)  # noqa: S311 - data of a bench
    cookies, token = _form(port, firms[0], staff)
    left = {firm.slug: list(firm.to_do) for firm in firms}
    drawn = chance.choices(list(SHARES), weights=list(SHARES.values()), k=int(RATE * SECONDS))
    for number, kind in enumerate(drawn):
        due, firm = number / RATE, chance.choice(firms)
        if kind == "book a line":
            path = f"/c/{firm.slug}/books/reconcile/lines/{left[firm.slug].pop()}/book"
            typed = {"csrf_token": token, "version": "1", "parts.0.account": "1004"}
            yield Asked(kind, due, path, cookies, urlencode(typed))
        elif kind == "portal":
            yield Asked(kind, due, f"/portal/{firms[0].slug}/", f"login={owner}")
        else:
            yield Asked(kind, due, _path(kind, firm), f"login={staff}")


def _path(kind: str, firm: Firm) -> str:
    at = f"/c/{firm.slug}"
    return {
        "desk": "/desk",
        "close board": "/desk/close/2026-10",
        "reconcile": f"{at}/books/reconcile/{firm.bank_id}",
        "bank lines": f"{at}/books/bank",
        "account": f"{at}/books/accounts/{firm.account_id}?first=2026-10-01",
        "profit and loss": f"{at}/reports/profit-and-loss?period=2026-10&span=year&cmp=months",
        "balance sheet": f"{at}/reports/balance-sheet?period=2026-10",
        "close page": f"{at}/books/close/202610",
    }[kind]


def _form(port: int, firm: Firm, staff: str) -> tuple[str, str]:
    """The cookies and the token of a page that a form was drawn on."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    path = _path("reconcile", firm)
    connection.request("GET", path, headers={"Cookie": f"login={staff}"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
    if answer.status != 200 or token is None:
        raise RuntimeError(f"{path} answered {answer.status} without a form")
    set_ = [value.split(";")[0] for value in answer.headers.get_all("Set-Cookie", [])]
    return "; ".join([f"login={staff}", *set_]), token[1]


def _run(port: int, asked: list[Asked]) -> Found:
    """Sends each request when it is due, whether or not those before it were answered."""
    found, kept = Found(), threading.local()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        began = time.perf_counter()
        for one in asked:
            time.sleep(max(0.0, began + one.due - time.perf_counter()))
            pool.submit(_send, port, one, began, found, kept)
    return found


def _send(port: int, one: Asked, began: float, found: Found, kept: threading.local) -> None:
    connection: http.client.HTTPConnection | None = getattr(kept, "connection", None)
    if connection is None:
        connection = kept.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Cookie": one.cookie}
    if one.form is not None:
        headers |= {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
        }
    try:
        connection.request("POST" if one.form else "GET", one.path, body=one.form, headers=headers)
        answer = connection.getresponse()
        answer.read()
        wrong = None if answer.status in (200, 303) else f"{one.path} answered {answer.status}"
    except (OSError, http.client.HTTPException) as error:
        wrong = f"{one.path}: {error}"
        connection.close()
    with found.lock:
        found.times[one.kind].append((time.perf_counter() - began - one.due) * 1000)
        if wrong:
            found.errors.append(wrong)


def _percentiles(kind: str, times: list[float], *, limit: float | None = None) -> Iterator[Case]:
    marks = statistics.quantiles(times, n=100)
    for percent in (50, 95, 99):
        bound = limit if percent == 95 else None
        yield bench.figure(
            "pages-mix", f"{kind}, {RATE:.0f} a second: p{percent}", marks[percent - 1], unit="ms",
            floor=bound, goal=bound, runs=len(times),
        )  # fmt: skip
