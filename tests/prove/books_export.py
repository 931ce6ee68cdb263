"""A client with 100,000 entries in three currencies (size: how many) written for other tools."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from app.accounting import commands
from app.accounting.books import writing as books_export
from tests.accounting import ledger_support, test_books_export

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "100000"))
STEP = 10_000


def _hledger_at_hand() -> bool:
    """Whether hledger is there, installed by apt where we may."""
    if shutil.which("hledger") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for words in (["update", "-qq"], ["install", "-y", "-qq", "hledger"]):
            subprocess.run(["apt-get", *words], check=False, timeout=600)
    return shutil.which("hledger") is not None


def test_every_account_agrees_with_the_independent_tools(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tmp_path: Path
) -> None:
    """bean-check and hledger check pass, and every balance is equal."""
    if not _hledger_at_hand():
        pytest.skip("hledger is not installed. As root: apt-get install hledger")
    books = ledger_support.make_books(app, worker_app, admin)
    began = time.monotonic()
    for place in range(0, SIZE, STEP):
        drafts = test_books_export.drafts(books, min(STEP, SIZE - place), seed=place + 1)
        with books.open():
            commands.post_many(drafts=drafts)
    print(f"\n{SIZE:,} entries posted in {time.monotonic() - began:.0f} s")
    tools: dict[books_export.Format, Callable[[Path], dict[tuple[str, str], Decimal]]] = {
        "beancount": test_books_export.beancount_balances,
        "ledger": test_books_export.hledger_balances,
    }
    for kind, tool in tools.items():
        began = time.monotonic()
        path = test_books_export.written(books, kind, tmp_path)
        found = tool(path)
        assert found == test_books_export.expected(books, kind)
        print(f"{kind}: {len(found)} balances agree, {time.monotonic() - began:.0f} s")
