"""The product as `make demo` runs it, in a folder of its own, with one client and its tokens."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import psycopg
from flask import Flask

from app.accounting import charts, commands
from app.accounting.bank import commands as bank_commands
from app.cli import install
from app.cli.servers import processes
from app.cli.servers.layout import Layout
from app.cli.servers.secrets import free_port
from app.factory import create_app, create_worker_app
from app.identity import commands as identity
from app.kernel import db, jobs_catalog
from app.kernel.scope import Scope
from app.kernel.settings import Settings, read_env_file
from tests import factories

OURS = ("DATABASE_", "VALKEY_", "S3_", "BACKOFFICE_")
START_SECONDS = 300.0
IBAN = "GB33BUKB20201555555555"
RIGHTS = ("accounting.read", "accounting.post", "accounting.import", "accounting.accounts")


@dataclass(frozen=True, slots=True)
class Product:
    """A running product: where it answers, how to look inside, and whom to act as."""

    layout: Layout
    port: int
    settings: Settings
    worker: Flask
    tenant: UUID
    slug: str
    accounts: tuple[UUID, UUID]
    tokens: tuple[str, ...]

    def admin(self) -> psycopg.Connection:
        """Open a connection that sees everything; raises while the server is away."""
        url = install.libpq_url(self.settings.database_admin_url or "")
        return psycopg.connect(url, connect_timeout=3)


@contextmanager
def running(folder: Path, *, tokens: int, for_papers: bool = False) -> Iterator[Product]:
    """Start the product, make a client with books and `tokens` API tokens, stop it at the end.

    The tokens are for the books, or for papers, which no token of a single line may touch.
    """
    port = free_port(taken=set())
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    command = [sys.executable, "-m", "app.cli", "demo", "--empty"]
    with (folder.parent / "supervisor.log").open("wb") as log:
        supervisor = subprocess.Popen(
            [*command, "--port", str(port), "--folder", str(folder)],
            env=surroundings,
            stdout=log,
            stderr=log,
        )
        try:
            made = _prepared(folder, supervisor, port=port, tokens=0 if for_papers else tokens)
            yield _with_paper_tokens(made, tokens) if for_papers else made
        finally:
            supervisor.send_signal(signal.SIGINT)
            supervisor.wait(timeout=60)


def _prepared(
    folder: Path, supervisor: subprocess.Popen[bytes], *, port: int, tokens: int
) -> Product:
    log = folder.parent / "supervisor.log"

    def ready() -> bool:
        assert supervisor.poll() is None, processes.last_lines(log)
        return b"is ready" in log.read_bytes()

    assert processes.wait_until(ready, seconds=START_SECONDS), processes.last_lines(log)
    layout = Layout.at(folder)
    settings = Settings(**read_env_file(folder / "run" / "env"))  # type: ignore[arg-type]  # parsed
    app, worker = create_app(settings), create_worker_app(settings)
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        tenant = factories.make_client(admin, "Storm")
        accounts = _open_books(worker, tenant)
        made = _make_tokens(app, admin, tenant, count=tokens)
        slug = factories.slug_of(admin, tenant)
    for made_app in (app, worker):
        with made_app.app_context():
            db.db.engine.dispose()  # its pool would outlive the product
    return Product(layout, port, settings, worker, tenant, slug, accounts, made)


def _with_paper_tokens(product: Product, count: int) -> Product:
    with product.admin() as admin:
        person = factories.staff(admin, product.tenant).person_id
        made = tuple(factories.token(admin, product.tenant, person) for _no in range(count))
    return replace(product, tokens=made)


def _open_books(worker: Flask, tenant: UUID) -> tuple[UUID, UUID]:
    """Open books with a chart and a bank account, as the operator; return two plain accounts."""
    year = dt.datetime.now(dt.UTC).year
    job = Scope.system_job(tenant, person_id=jobs_catalog.SYSTEM_USERS["operator"])
    with worker.app_context(), db.transaction(job):
        commands.open_books(
            base_currency="GBP",
            fiscal_start_month=1,
            first=dt.date(year, 1, 1),
            last=dt.date(year, 12, 31),
        )
        commands.create_tax_codes(codes=charts.load("general").tax_codes)
        first = commands.create_account(code="9001", name="Storm left", type="expense")
        second = commands.create_account(code="9002", name="Storm right", type="income")
        bank = commands.create_account(code="9003", name="Storm bank", type="asset")
        bank_commands.create_bank_account(
            number=IBAN, name="Storm bank", currency="GBP", account_id=bank
        )
    return first, second


def _make_tokens(
    app: Flask, admin: psycopg.Connection, tenant: UUID, *, count: int
) -> tuple[str, ...]:
    session = factories.staff(admin, tenant, role="staff_accountant")
    texts = []
    for number in range(count):
        with app.app_context(), db.transaction(session.scope(tenant)):
            token = identity.make_token(
                name=f"storm {number}", lines=("accounting",), permissions=RIGHTS, days=1
            )
            texts.append(token.text)
    return tuple(texts)
