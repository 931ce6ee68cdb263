"""Who keeps longer: the provider at all its clients, a client its own, and where no law says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.documents.keeping import commands, queries
from app.kernel.db import session
from tests import factories
from tests.documents.keeping import stage
from tests.documents.keeping.stage import Keep
from tests.http import Browser


@pytest.fixture(scope="module")
def keep(app: Flask, worker_app: Flask, settings: object) -> Iterator[Keep]:
    """A client in Germany."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as link:
        yield stage.build(app, worker_app, link)


@pytest.fixture
def manager(keep: Keep) -> Browser:
    """Somebody who may keep papers longer at the provider itself."""
    person = factories.make_person(keep.admin, name="Firm Manager")
    provider = factories.make_provider(keep.admin)
    factories.grant(keep.admin, provider, person, role="operations_manager", lines=("oversight",))
    return keep.place.browser(factories.sign_in(keep.admin, person))


def until(keep: Keep, document: UUID) -> date | None:
    with keep.place.acting(keep.place.owner):
        return queries.keeping(document).kept_until


def test_what_the_provider_keeps_counts_at_each_client_until_it_ends(
    keep: Keep, manager: Browser
) -> None:
    made = keep.add(b"of the firm", name="firm.txt")
    keep.age(made, date(2014, 3, 1))
    assert until(keep, made) == date(2024, 12, 31)
    form = {
        "kind": "",
        "years": "21",
        "runs_from": "paper",
        "basis": "contract",
        "reason": "Our insurer asks for it",
    }
    assert manager.get("/desk/keeping").status_code == 200
    sent = manager.post("/desk/keeping/rules", form)
    assert sent.status_code == 303, sent.get_data(as_text=True)[-2000:]
    try:
        assert until(keep, made) == date(2035, 3, 1)
        own = keep.place.browser(keep.place.owner)
        page = own.get(f"/portal/{keep.place.slug}/documents/keeping")
        assert "The provider, at all its clients: Our insurer asks for it (A contract)" in page.text
        with keep.place.acting(keep.place.owner):
            longer = commands.add_rule(
                kind=None, years=30, runs_from="paper", reason="We keep even longer"
            )
        assert until(keep, made) == date(2044, 3, 1)
        page = own.get(f"/portal/{keep.place.slug}/documents/keeping")
        assert f"/rules/{longer}/end" in page.text
        with keep.place.acting(keep.place.owner):
            commands.end_rule(longer)
            (rule,) = queries.firm_rules()
            with pytest.raises(Exception, match="not-found"):
                commands.end_rule(rule.id)
        assert until(keep, made) == date(2035, 3, 1)
    finally:
        rules = manager.client.get("/api/v1/keeping/rules").get_json()["items"]
        for one in rules:
            assert f"/desk/keeping/rules/{one['id']}/end" in manager.get("/desk/keeping").text
            ended = manager.post(f"/desk/keeping/rules/{one['id']}/end")
            assert ended.status_code == 303
    assert [one["source"] for one in rules] == ["Our insurer asks for it"]
    assert until(keep, made) == date(2024, 12, 31)


def test_a_rule_for_all_clients_is_not_measured_by_the_law_of_the_providers_country(
    keep: Keep, manager: Browser
) -> None:
    made = keep.add(b"of Singapore", name="singapore.txt")
    keep.age(made, date(2014, 3, 1))
    provider = factories.make_provider(keep.admin)
    keep.admin.execute("update app.client set country = 'DE' where tenant_id = %s", (provider,))
    set_country(keep, "SG")
    form = {"kind": "voucher", "years": "7", "runs_from": "calendar_year", "basis": "choice"}
    try:
        assert until(keep, made) == date(2019, 12, 31)
        sent = manager.post("/desk/keeping/rules", form | {"reason": "Seven years everywhere"})
        assert sent.status_code == 303, sent.get_data(as_text=True)[-2000:]
        assert until(keep, made) == date(2021, 12, 31)
    finally:
        set_country(keep, "DE")
        for one in manager.client.get("/api/v1/keeping/rules").get_json()["items"]:
            manager.post(f"/desk/keeping/rules/{one['id']}/end")


def test_a_rule_of_the_provider_is_not_for_whoever_serves_a_single_client(keep: Keep) -> None:
    staff = keep.place.browser(keep.place.staff)
    assert staff.get("/desk/keeping").status_code in (403, 404)
    with pytest.raises(Exception, match="forbidden"), keep.place.acting(keep.place.staff):
        session.execute(
            sa.text(
                "insert into app.retention_own (tenant_id, years, runs_from, reason)"
                " values (:firm, 1, 'paper', 'not mine')"
            ),
            {"firm": factories.make_provider(keep.admin)},
        )


def test_where_no_law_is_named_for_a_kind_ones_own_rule_decides(keep: Keep) -> None:
    made = keep.add(b"wages in Brazil", name="brazil.txt", kind="payroll")
    keep.age(made, date(2014, 3, 1))
    set_country(keep, "BR")
    try:
        assert until(keep, made) is None
        base = f"/api/v1/clients/{keep.place.slug}/keeping/rules"
        rule = {"kind": "payroll", "years": 5, "runs_from": "paper", "reason": "Works agreement"}
        token = factories.token(keep.admin, keep.place.tenant, keep.place.staff.person_id)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "own-rule-0001"}
        staff = keep.place.app.test_client()
        answer = staff.post(base, json=rule | {"basis": "contract"}, headers=headers)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        assert answer.get_json()["basis"] == "contract"
        assert until(keep, made) == date(2019, 3, 1)
    finally:
        set_country(keep, "DE")
    assert until(keep, made) == date(2022, 12, 31)  # where a law is named it counts
    headers |= {"Idempotency-Key": "own-rule-0002"}
    shorter = staff.post(base, json=rule, headers=headers)
    assert shorter.status_code == 422
    assert "retention-not-longer" in shorter.get_data(as_text=True)
    with keep.place.acting(keep.place.staff):
        for one in queries.own_rules():
            commands.end_rule(one.id)


def set_country(keep: Keep, country: str) -> None:
    keep.admin.execute(
        "update app.client set country = %s where tenant_id = %s", (country, keep.place.tenant)
    )
    keep.admin.commit()


def test_holds_page_without_a_gap_those_that_stand_first(keep: Keep) -> None:
    with keep.place.acting(keep.place.staff):
        made = [
            commands.place_hold(
                title=f"Hold {n}",
                reason="Of the paging",
                covers="days",
                from_on=date(1990, 1, 1),
                to_on=date(1990, 1, 2),
            )
            for n in range(7)
        ]
    keep.admin.execute("set session_replication_role = replica")
    keep.admin.execute(
        "update app.legal_hold set released_at = now(), released_by = placed_by where id = any(%s)",
        (made[1::3],),
    )
    keep.admin.execute("set session_replication_role = origin")
    keep.admin.commit()
    staff = keep.place.browser(keep.place.staff)
    address = f"/api/v1/clients/{keep.place.slug}/keeping/holds?limit=2"
    seen: list[UUID] = []
    after = ""
    for _page in range(6):
        answer = staff.client.get(address + after).get_json()
        seen += [UUID(one["id"]) for one in answer["items"]]
        if not answer["next"]:
            break
        after = f"&after={answer['next']}"
    released = set(made[1::3])
    standing = [one for one in made[::-1] if one not in released]
    assert [one for one in seen if one in set(made)] == [
        *standing,
        *[one for one in made[::-1] if one in released],
    ]
    for wrong in ("x", "WyJ5IiwieCJd"):
        assert staff.client.get(f"{address}&after={wrong}").status_code == 422
    keep.admin.execute("set session_replication_role = replica")
    keep.admin.execute("delete from app.legal_hold where id = any(%s)", (made,))
    keep.admin.execute("set session_replication_role = origin")
    keep.admin.commit()
