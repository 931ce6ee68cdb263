"""How long papers are kept: as the law says, and as provider or client keep them longer."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.documents.keeping import commands, queries
from app.kernel.db import session
from app.kernel.errors import Forbidden, Invalid
from tests import factories
from tests.documents.keeping.stage import Keep
from tests.http import Browser


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


def of_client(keep: Keep, kind: str | None = None) -> dict[UUID, date]:
    with keep.place.acting(keep.place.owner):
        rows = session.execute(sa.text("select document_id, kept_until from app.papers_kept()"))
        return {row.document_id: row.kept_until for row in rows}


def test_a_german_paper_that_may_be_anything_is_kept_ten_years_from_the_end_of_its_year(
    keep: Keep,
) -> None:
    made = keep.add(b"some paper", name="any.txt")
    keep.age(made, date(2014, 3, 1))
    assert of_client(keep)[made] == date(2024, 12, 31)


def test_payroll_is_kept_as_the_law_says_since_2025(keep: Keep) -> None:
    made = keep.add(b"wages", name="wages.txt", kind="payroll")
    keep.age(made, date(2019, 2, 28))
    assert of_client(keep)[made] == date(2027, 12, 31)


def test_what_is_kept_longer_counts_and_what_is_shorter_is_refused(keep: Keep) -> None:
    made = keep.add(b"kept longer", name="longer.txt")
    keep.age(made, date(2014, 3, 1))
    with keep.place.acting(keep.place.owner):
        with pytest.raises(Invalid):
            commands.add_rule(
                kind="books", years=9, runs_from="calendar_year", reason="too short to matter"
            )
        rule = commands.add_rule(kind=None, years=30, runs_from="paper", reason="Our own archive")
    assert of_client(keep)[made] == date(2044, 3, 1)
    with pytest.raises(Forbidden), keep.place.acting(keep.place.staff):
        commands.end_rule(rule)
    with keep.place.acting(keep.place.owner):
        commands.end_rule(rule)
    assert of_client(keep)[made] == date(2024, 12, 31)


def test_a_paper_that_waits_for_the_end_of_the_engagement_is_not_due_while_it_runs(
    keep: Keep,
) -> None:
    made = keep.add(b"waits", name="waits.txt")
    with keep.place.acting(keep.place.staff):
        rule = commands.add_rule(
            kind=None, years=5, runs_from="engagement", reason="As long as we work together"
        )
        assert made not in {one.id for one in queries.due()}
        commands.end_rule(rule)
    with keep.place.acting(keep.place.staff):
        assert made in {one.id for one in queries.due()}


def test_no_paper_is_due_where_no_rule_is_known(keep: Keep) -> None:
    made = keep.add(b"nowhere", name="nowhere.txt")
    keep.admin.execute(
        "update app.client set country = 'BR' where tenant_id = %s", (keep.place.tenant,)
    )
    keep.admin.commit()
    try:
        with keep.place.acting(keep.place.staff):
            assert queries.due() == []
            assert queries.keeping(made).kept_until is None
    finally:
        keep.admin.execute(
            "update app.client set country = 'DE' where tenant_id = %s", (keep.place.tenant,)
        )
        keep.admin.commit()
