"""A database of its own for the guard's tests, migrated from empty, with the arena built in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from sqlalchemy import make_url

from app.kernel.settings import Settings, load_settings
from migrations import bootstrap
from tests.guard import arena as arenas


@dataclass(frozen=True, slots=True)
class Guarded:
    """The settings of the guard's own database and what stands in it."""

    settings: Settings
    arena: arenas.Arena


def at(url: str | None, name: str) -> str:
    """The same address with another database, as psycopg takes it."""
    parts = make_url(url or "").set(drivername="postgresql", database=name)
    return parts.render_as_string(hide_password=False)


def settings_for(settings: Settings, name: str) -> Settings:
    """The settings with every address turned to another database."""
    return settings.model_copy(
        update={
            field: at(getattr(settings, field), name)
            for field in (
                "database_url",
                "database_admin_url",
                "database_worker_url",
                "database_restore_url",
            )
        }
    )


@pytest.fixture(scope="session")
def empty_database() -> Iterator[Settings]:
    """Settings of an empty database; no template is needed, so no application is made."""
    settings = load_settings()
    name = f"bo_guard_{os.getpid()}"
    with psycopg.connect(at(settings.database_admin_url, "postgres"), autocommit=True) as admin:
        admin.execute(f'drop database if exists "{name}" with (force)')
        admin.execute(f'create database "{name}"')
        yield settings_for(settings, name)
        admin.execute(f'drop database if exists "{name}" with (force)')


@pytest.fixture(scope="session")
def guarded(empty_database: Settings) -> Iterator[Guarded]:
    """The arena, built once; tests leave it as they found it."""
    bootstrap.migrate(empty_database)
    with psycopg.connect(empty_database.database_admin_url or "") as admin:
        key = bytes.fromhex(empty_database.guard_key)
        built = arenas.build(admin, key=key, key_id=empty_database.guard_key_id)
        yield Guarded(empty_database, built)


@pytest.fixture
def arena(guarded: Guarded) -> Iterator[arenas.Arena]:
    """The arena; what a test changes as administrator is rolled back."""
    yield guarded.arena
    guarded.arena.admin.rollback()


@pytest.fixture
def web(guarded: Guarded) -> Iterator[psycopg.Connection]:
    """Raw SQL as the web's login role in the arena."""
    with psycopg.connect(guarded.settings.database_url) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def worker(guarded: Guarded) -> Iterator[psycopg.Connection]:
    """Raw SQL as the worker's login role in the arena."""
    with psycopg.connect(guarded.settings.database_worker_url or "") as connection:
        yield connection
        connection.rollback()
