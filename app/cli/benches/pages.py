"""How long pages take, how many statements they need and what they weigh, over real HTTP."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Flask
from sqlalchemy import event

from app.cli import bench
from app.cli.bench import Case
from app.cli.benches import _pages_data, _pages_pack, _scratch
from app.cli.benches._pages_data import Loaded
from app.kernel import db
from app.kernel.settings import Settings

SIZE = 200_000  # postings over all clients; the size is 5,000,000 over 1,000 clients
BIG = 1_000_000
REQUESTS = 120
CONNECTIONS = 8
SECONDS = 4.0
HEAVIEST = 100_000


def cases(size: int) -> Iterator[Case]:
    """Percentiles, statements and weight of each page; the account page against a bare one."""
    with _scratch.database("pages") as scratch:
        loaded = _pages_data.load(scratch, size, clients=1000 if size >= BIG else 520)
        pages = _addresses(loaded, _pages_pack.publish(scratch, loaded.tenant_id))
        yield from _statements_and_weight(scratch.settings, loaded, pages)
        with server("app.cli.wsgi:app", scratch, loaded) as ours:
            for name, (path, cookie) in pages.items():
                yield from _percentiles(ours, name, path, cookie)
            with server("app.cli.benches._bare:app", scratch, loaded) as bare:
                path, cookie = pages["account"]
                yield bench.compare(
                    "pages",
                    f"account page, {CONNECTIONS} connections",
                    ours=lambda: _rate(ours, path, cookie),
                    reference=lambda: _rate(bare, "/", ""),
                    unit="requests/s",
                    better="more",
                    floor=0.3,
                    goal=0.5,
                    runs=3,
                )


def _addresses(loaded: Loaded, pack: UUID) -> dict[str, tuple[str, str]]:
    at = f"/c/{loaded.slug}"
    staff, owner = loaded.staff_cookie, loaded.owner_cookie
    return {
        "desk": ("/desk", staff),
        "close board": ("/desk/close/2026-10", staff),
        "reconcile": (f"{at}/books/reconcile/{loaded.bank_id}", staff),
        "bank lines": (f"{at}/books/bank", staff),
        "trial balance": (f"{at}/reports/trial-balance?period=2026-10", staff),
        "profit and loss by month": (
            f"{at}/reports/profit-and-loss?period=2026-10&span=year&cmp=months&share=1",
            staff,
        ),
        "balance sheet": (f"{at}/reports/balance-sheet?period=2026-10", staff),
        "pack, published": (f"{at}/reports/published-packs/{pack}?page=1", staff),
        "pack at the portal": (f"/portal/{loaded.slug}/packs/{pack}?page=1", owner),
        "account": (f"{at}/books/accounts/{loaded.account_id}?first=2026-10-01", staff),
        "portal": (f"/portal/{loaded.slug}/", owner),
    }


def _statements_and_weight(
    settings: Settings, loaded: Loaded, pages: dict[str, tuple[str, str]]
) -> Iterator[Case]:
    from app.factory import create_app

    app = create_app(settings)
    for name, (path, cookie) in pages.items():
        client = app.test_client()
        client.set_cookie("login", cookie)
        client.get(path)
        count = [0]
        with app.app_context(), _counting(count):
            answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        yield bench.figure("pages", f"{name}: statements", count[0], unit="statements")
        weight = len(gzip.compress(answer.data)) + _assets(app, answer.get_data(as_text=True))
        yield bench.figure(
            "pages",
            f"{name}: HTML, CSS and JS compressed",
            weight,
            unit="bytes",
            floor=HEAVIEST,
            goal=HEAVIEST // 2,
        )
    with app.app_context():
        db.db.engine.dispose()


def _assets(app: Flask, page: str) -> int:
    client = app.test_client()
    found = set(re.findall(r'(?:src|href)="(/[^"]+\.(?:css|js)[^"]*)"', page))
    return sum(len(gzip.compress(client.get(address).data)) for address in found)


@contextmanager
def _counting(count: list[int]) -> Iterator[None]:
    def add(*_arguments: object) -> None:
        count[0] += 1

    event.listen(db.db.engine, "before_cursor_execute", add)
    try:
        yield
    finally:
        event.remove(db.db.engine, "before_cursor_execute", add)


@contextmanager
def server(
    target: str, scratch: _scratch.Scratch, loaded: Loaded | None = None, *, workers: int = 1
) -> Iterator[int]:
    """A granian of so many processes with eight threads each; yields its port.

    `loaded` is what the bare application asks for.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = scratch.settings
    environment = {
        **os.environ,
        **_scratch.running_servers(),
        "DATABASE_URL": settings.database_url,
        "DATABASE_WORKER_URL": settings.database_worker_url or "",
        "DATABASE_ADMIN_URL": settings.database_admin_url or "",
        "BACKOFFICE_ENVIRONMENT": "test",
    }
    if loaded is not None:
        environment["BENCH_TENANT"] = str(loaded.tenant_id)
        environment["BENCH_ACCOUNT"] = str(loaded.account_id)
    arguments = [
        "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--blocking-threads", "8", "--workers", str(workers), "--no-ws", target,
    ]  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "granian", *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait(port)
            yield port
        finally:
            process.terminate()


def _wait(port: int) -> None:
    for _try in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the server of the bench did not start within 20 s")


def _get(connection: http.client.HTTPConnection, path: str, cookie: str) -> None:
    connection.request("GET", path, headers={"Cookie": f"login={cookie}"} if cookie else {})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")


def _percentiles(port: int, name: str, path: str, cookie: str) -> Iterator[Case]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    times: list[float] = []
    for number in range(REQUESTS + 10):
        began = time.perf_counter()
        _get(connection, path, cookie)
        if number >= 10:
            times.append((time.perf_counter() - began) * 1000)
    connection.close()
    marks = statistics.quantiles(times, n=100)
    for percent in (50, 95, 99):
        yield bench.figure(
            "pages", f"{name}: p{percent}", marks[percent - 1], unit="ms", runs=REQUESTS
        )


def _rate(port: int, path: str, cookie: str) -> float:
    """Requests a second of eight connections over some seconds."""
    done = [0] * CONNECTIONS
    until = time.perf_counter() + SECONDS

    def work(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.perf_counter() < until:
            _get(connection, path, cookie)
            done[place] += 1
        connection.close()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / SECONDS
