"""An empty database becomes a guarded one, and doing it again changes nothing."""

from __future__ import annotations

import psycopg
import pytest

from app.kernel.settings import Settings
from migrations import bootstrap
from migrations.catalogue import catalogue_faults
from tests.guard.conftest import Guarded

_SHAPE = (
    "select md5(string_agg(x, '~' order by x)) from ("
    " select c.oid::regclass::text || coalesce(c.relacl::text, '') as x from pg_class c"
    "  where c.relnamespace::regnamespace::text in ('app', 'guard', 'ledger')"
    " union all select p.oid::regprocedure::text || coalesce(p.proacl::text, '') || p.prosrc"
    "  from pg_proc p where p.pronamespace::regnamespace::text in ('app', 'guard', 'ledger')"
    " union all select polname || pg_get_expr(polqual, polrelid) from pg_policy"
    " union all select kid || encode(o, 'hex') || encode(i, 'hex') from guard.hmac_key"
    " union all select version_num from alembic_version) s"
)


def _shape(settings: Settings) -> object:
    with psycopg.connect(settings.database_admin_url or "") as admin:
        return admin.execute(_SHAPE.encode()).fetchone()


def test_migrating_twice_changes_nothing(guarded: Guarded) -> None:
    before = _shape(guarded.settings)
    bootstrap.migrate(guarded.settings)
    assert _shape(guarded.settings) == before


def test_a_changed_key_keeps_the_older_one(guarded: Guarded) -> None:
    with psycopg.connect(guarded.settings.database_admin_url or "") as admin:
        bootstrap.store_key(admin, guarded.settings.model_copy(update={"guard_key_id": "next"}))
        found = admin.execute("select count(*) from guard.hmac_key").fetchone()
        admin.rollback()
    assert found == (2,)


def test_lost_database_rights_are_taken_away_again(guarded: Guarded) -> None:
    with psycopg.connect(guarded.settings.database_admin_url or "") as admin:
        admin.execute(
            "do $$ begin execute format('grant temporary on database %I to public',"
            " current_database()); end $$"
        )
        assert catalogue_faults(admin) != []
        bootstrap.prepare(admin, guarded.settings)
        assert catalogue_faults(admin) == []
        admin.rollback()


def test_migrating_without_an_administrators_address_is_refused(guarded: Guarded) -> None:
    with pytest.raises(ValueError, match="DATABASE_ADMIN_URL"):
        bootstrap.migrate(guarded.settings.model_copy(update={"database_admin_url": None}))


def test_what_an_administrator_pastes_is_sql_without_a_password(guarded: Guarded) -> None:
    text = bootstrap.bootstrap_sql(guarded.settings)
    with psycopg.connect(guarded.settings.database_admin_url or "") as admin:
        admin.execute(text.encode())
        admin.rollback()
    for _role, password in bootstrap.passwords(guarded.settings):
        assert password not in text
