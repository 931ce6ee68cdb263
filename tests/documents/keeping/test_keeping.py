"""Papers go only when their time is over, no hold stands and two people agree."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import unescape
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
import typst
from flask import Flask
from pypdfium2 import PdfDocument

from app.documents import commands as documents
from app.documents import queries as papers
from app.documents.keeping import certificate, commands, queries, views
from app.kernel import approvals, clock, ids, jobs_catalog, storage, usage
from app.kernel.db import session
from app.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from app.kernel.jobs_control import Control
from app.kernel.settings import Settings
from app.kernel.storage_bucket import bucket
from tests import factories
from tests.documents.keeping import stage
from tests.documents.keeping.stage import Keep


@pytest.fixture(scope="module")
def keep(app: Flask, worker_app: Flask, settings: object) -> Iterator[Keep]:
    """A client in Germany."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as link:
        yield stage.build(app, worker_app, link)


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


def test_two_people_destroy_a_paper_and_a_certificate_is_left(
    keep: Keep, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"this will be destroyed, whatever it is"
    made = keep.add(body, name="goes.txt")
    sha = hashlib.sha256(body).hexdigest()
    place = f"t/{keep.place.tenant}/{sha[:2]}/{sha}"
    with keep.place.app.app_context():
        assert bucket().head(place)
    listed = keep.propose(made)
    with pytest.raises(Conflict), keep.place.acting(keep.place.staff):
        certificate.document(listed)
    keep.work()
    assert not keep.gone(made)
    monkeypatch.setattr("app.kernel.storage_sweep.AGE", timedelta(seconds=-5))
    keep.approve(listed)
    keep.work()
    assert keep.gone(made)
    with keep.place.app.app_context():
        assert not list(bucket().versions(place))
    with keep.place.acting(keep.place.staff):
        with pytest.raises(NotFound):
            papers.head(made)
        found = certificate.document(listed)
        pdf = PdfDocument(certificate.as_pdf(listed))
    (item,) = found["papers"]
    assert item["name"] == "goes.txt"
    assert item["contents"][0]["sha256"] == sha
    assert item["outcome"] == "disposed"
    done = datetime.fromisoformat(found["done_at"])
    assert (
        found["backups_until"] == (done + timedelta(days=settings.backup_days)).date().isoformat()
    )
    with keep.place.job():
        (use,) = usage.events(meter="document_destroyed", limit=1)
    assert use.quantity == 1
    assert use.evidence.id == listed
    assert "AO § 147" in item["rule"]
    without = {key: value for key, value in found.items() if key != "sha256"}
    text = json.dumps(without, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert found["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert sha in pdf[0].get_textpage().get_text_range().replace("\r\n", "")
    row = keep.admin.execute("select name from app.document where id = %s", (made,)).fetchone()
    assert row == ("disposed",)


def test_the_pictures_of_a_destroyed_paper_go_with_it_the_small_one_too(
    keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = keep.add(typst.compile(b"= A picture of me goes too", format="pdf"), name="seen.pdf")
    keep.work()
    rows = keep.admin.execute(
        "select p.page, o.sha256 from app.document_preview p join app.stored_object o"
        " on o.tenant_id = p.tenant_id and o.id = p.stored_object_id where p.document_id = %s",
        (made,),
    ).fetchall()
    keep.admin.commit()
    assert sorted(page for page, _sha in rows) == [0, 1]
    monkeypatch.setattr("app.kernel.storage_sweep.AGE", timedelta(seconds=-5))
    keep.approve(keep.propose(made))
    keep.work()
    assert keep.gone(made)
    left = keep.admin.execute(
        "select count(*) from app.document_preview where document_id = %s", (made,)
    ).fetchone()
    assert left == (0,)
    with keep.place.app.app_context():
        for _page, sha in rows:
            assert not list(bucket().versions(f"t/{keep.place.tenant}/{sha[:2]}/{sha}"))


def test_a_paper_that_came_again_after_its_disposal_is_a_new_one(keep: Keep) -> None:
    body = b"it comes twice"
    first = keep.add(body, name="twice.txt")
    listed = keep.propose(first)
    keep.approve(listed)
    keep.work()
    second = keep.add(body, name="twice.txt")
    assert second != first
    with keep.place.acting(keep.place.owner):
        assert b"".join(papers.content(second)) == body


def test_a_hold_placed_after_the_approval_spares_the_paper(keep: Keep) -> None:
    made = keep.add(b"held in the last moment", name="held.txt")
    listed = keep.propose(made)
    with keep.place.acting(keep.place.staff):
        hold = commands.place_hold(
            title="Lawsuit", reason="A court asked for it", covers="papers", papers=[made]
        )
    keep.approve(listed)
    keep.work()
    assert not keep.gone(made)
    with keep.place.acting(keep.place.staff):
        (item,) = queries.items(listed)
        assert item.state == "held"
        assert made not in {one.id for one in queries.due()}
        commands.ask_release(hold)
    with pytest.raises(Conflict), keep.place.acting(keep.place.staff):
        commands.ask_release(hold)
    keep.approve(hold)
    keep.work()
    with keep.place.acting(keep.place.staff):
        found = queries.hold(hold)
        assert found.released_by == keep.second.person_id
        assert made in {one.id for one in queries.due()}


@pytest.mark.parametrize("covers", ["client", "days", "papers"])
def test_what_a_hold_covers_nobody_deletes_not_even_erasure(keep: Keep, covers: str) -> None:
    made = keep.add(f"kept by {covers}".encode(), name=f"{covers}.txt")
    day = stage.OLD if covers == "days" else None
    with keep.place.acting(keep.place.owner):
        hold = commands.place_hold(
            title=f"Audit {covers}",
            reason="The tax office comes",
            covers=covers,  # type: ignore[arg-type]  # one of the three words
            from_on=day,
            to_on=day,
            papers=[made] if covers == "papers" else [],
        )
    with pytest.raises(Conflict), keep.place.acting(keep.place.staff):
        commands.propose_disposal([made])
    for statement in (
        "delete from app.document where id = %s",
        "delete from app.document_version where document_id = %s",
        (
            "update app.stored_object set state = 'gone' where id in (select stored_object_id"
            " from app.document_version where document_id = %s)"
        ),
        (
            "delete from app.stored_object where id in (select stored_object_id"
            " from app.document_version where document_id = %s)"
        ),
        (
            "delete from app.legal_hold where tenant_id = (select tenant_id from app.document"
            " where id = %s) and released_at is null"
        ),
        (
            "delete from app.tenant_key where tenant_id = (select tenant_id from app.document"
            " where id = %s)"
        ),
    ):
        with pytest.raises(psycopg.Error) as refused:
            keep.admin.execute(statement, (made,))
        assert refused.value.sqlstate == "BO409", statement
        keep.admin.rollback()
    with pytest.raises(DomainError) as told, keep.place.job():
        commands.demand_free(keep.place.tenant)
    assert told.value.code == "client-held"
    second = factories.make_person(keep.admin, "client", "Ada Second")
    factories.grant(
        keep.admin, keep.place.tenant, second, role="approver", lines=("accounting", "tickets")
    )
    with keep.place.acting(keep.place.owner):
        commands.ask_release(hold)
    with pytest.raises(DomainError), keep.place.acting(keep.second):
        _decide(hold)
    keep.approve(hold, who=factories.sign_in(keep.admin, second))
    keep.work()
    with keep.place.job():
        commands.demand_free(keep.place.tenant)


@pytest.mark.parametrize(
    ("first", "last", "held"),
    [
        ("2015-03-10", "2015-03-20", True),  # days within the month that it belongs to
        ("2015-03-31", "2015-04-30", True),
        ("2015-02-01", "2015-03-01", True),
        ("2015-02-01", "2015-02-28", False),
        ("2015-04-01", "2015-04-30", False),
    ],
)
def test_a_hold_of_days_covers_the_papers_of_each_month_that_it_touches(
    keep: Keep, first: str, last: str, held: bool
) -> None:
    made = keep.add(f"of March, {first} to {last}".encode(), name="march.txt")
    keep.admin.execute("update app.document set period = '2015-03-01' where id = %s", (made,))
    keep.admin.commit()
    with keep.place.acting(keep.place.staff):
        hold = commands.place_hold(
            title="Audit of days",
            reason="The tax office comes",
            covers="days",
            from_on=date.fromisoformat(first),
            to_on=date.fromisoformat(last),
        )
        assert queries.keeping(made).held is held
        commands.ask_release(hold)
    keep.approve(hold)
    keep.work()


def _decide(subject: UUID) -> None:
    found = next(one for one in approvals.recent() if one.subject_id == subject)
    approvals.decide(found.id, "approve", content_sha=found.content_sha)


def test_login_roles_destroy_nothing_by_sql(keep: Keep) -> None:
    made = keep.add(b"attacked", name="attacked.txt")
    listed = keep.propose(made)
    with keep.place.acting(keep.place.staff):
        asked = next(one for one in approvals.recent() if one.subject_id == listed)
    attacks = (
        "select app.dispose(:disposal, :approval, :document)",
        "select app.finish_disposal(:disposal, :approval, 1)",
        "select app.empty_paper(:tenant, :document)",
        "delete from app.document where id = :document",
        "delete from app.disposal_item",
        "update app.document set disposed_at = now() where id = :document",
        "update app.disposal set content_sha = repeat('a', 64)",
        (
            "insert into app.disposal (tenant_id, content_sha, papers) values (:tenant,"
            " repeat('a', 64), 1)"
        ),
        "update app.legal_hold set released_at = now()",
        "delete from app.legal_hold",
        "delete from app.retention_statute",
        "update app.retention_statute set years = 1",
        "update app.stored_object set state = 'gone'",
        "select app.is_held(:tenant, :document)",
        "select app.demand_free(:tenant)",
        "insert into app.paper_part values ('app.document', 9)",
    )
    values = {
        "disposal": listed,
        "approval": asked.id,
        "document": made,
        "tenant": keep.place.tenant,
    }
    for statement in attacks:
        with pytest.raises(Forbidden), keep.place.acting(keep.place.staff):
            session.execute(sa.text(statement), values)
    assert not keep.gone(made)


def test_nobody_approves_what_they_proposed(keep: Keep) -> None:
    made = keep.add(b"my own", name="own.txt")
    with keep.place.acting(keep.second):
        listed = commands.propose_disposal([made])
    with pytest.raises(Conflict):
        keep.approve(listed)
    assert not keep.gone(made)


def test_a_list_shows_and_names_no_class_that_is_not_seen(keep: Keep) -> None:
    pay = keep.add(b"old wages", name="secret-wages.txt", kind="payroll")
    with keep.place.acting(keep.place.staff):
        assert pay not in {one.id for one in queries.due()}
    with pytest.raises(Conflict), keep.place.acting(keep.place.staff):
        commands.propose_disposal([pay])
    with keep.place.acting(keep.second):
        listed = commands.propose_disposal([pay])
    browser = keep.place.browser(keep.place.staff)
    page = browser.get(f"/c/{keep.place.slug}/documents/keeping/{listed}")
    assert page.status_code == 200
    assert "secret-wages" not in page.text
    assert "1 more document of a class that you do not see." in page.text


def test_the_pages_say_what_is_due_held_and_kept(keep: Keep) -> None:
    made = keep.add(b"on the page", name="on-the-page.txt")
    staff = keep.place.browser(keep.place.staff)
    base = f"/c/{keep.place.slug}/documents/keeping"
    page = staff.get(base)
    assert "on-the-page.txt" in page.text
    assert "AO § 147" in page.text
    sent = staff.post(f"{base}/dispose", {"ids": str(made)})
    assert sent.status_code == 303
    shown = staff.get(str(sent.headers["Location"]))
    assert "Waiting for approval" in shown.text
    refused = staff.post(f"{base}/dispose", {"ids": str(ids.uuid7())})
    assert refused.status_code == 409
    held = staff.post(f"{base}/holds", {"title": "Court", "reason": "asked for", "covers": "days"})
    assert held.status_code == 422
    assert "Enter the first and the last day" in held.text
    own = keep.place.browser(keep.place.owner)
    portal = own.get(f"/portal/{keep.place.slug}/documents/keeping")
    assert "How long documents are kept" in portal.text
    sent = own.post(
        f"/portal/{keep.place.slug}/documents/keeping/rules",
        {"kind": "", "years": "11", "runs_from": "paper", "reason": "We like paper"},
    )
    assert sent.status_code == 303
    assert "We like paper" in own.get(f"/portal/{keep.place.slug}/documents/keeping").text
    with keep.place.acting(keep.place.owner):
        for one in queries.own_rules():
            if one.side == "client":
                commands.end_rule(one.id)


def test_earlier_disposals_are_on_the_pages_that_follow(
    keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (keep.propose(keep.add(name.encode(), name=name)) for name in ("e.1", "e.2"))
    monkeypatch.setattr(views, "MOST_BESIDE", 1)
    staff, owner = keep.place.browser(keep.place.staff), keep.place.browser(keep.place.owner)
    slug = keep.place.slug
    for reader, at in ((staff, f"/c/{slug}"), (owner, f"/portal/{slug}")):
        page = reader.get(f"{at}/documents/keeping").text
        assert str(second) in page
        assert str(first) not in page
        (more,) = re.findall(r'href="([^"]+[?&]disposals=[^"]+)"', page)
        assert str(first) in reader.get(unescape(more)).text
        assert reader.get(f"{at}/documents/keeping?disposals=none").status_code == 422


def test_a_single_paper_is_held_on_its_own_page(keep: Keep) -> None:
    made = keep.add(b"held on its page", name="held-here.txt")
    staff = keep.place.browser(keep.place.staff)
    address = f"/c/{keep.place.slug}/documents/{made}"
    assert "Place a hold" in staff.get(address).text
    sent = staff.post(
        f"/c/{keep.place.slug}/documents/keeping/holds",
        {"title": "Dispute", "reason": "About this bill", "covers": "papers", "papers": str(made)},
    )
    assert sent.status_code == 303
    assert "Held" in staff.get(address).text
    with keep.place.acting(keep.place.staff):
        assert made not in {one.id for one in queries.due()}
        (hold,) = (one.id for one in queries.holds() if one.title == "Dispute")
        commands.ask_release(hold)
    keep.approve(hold)  # other tests of this client want none
    keep.work()


def test_the_api_holds_proposes_and_pages(keep: Keep) -> None:
    made = keep.add(b"through the api", name="api.txt")
    staff = keep.place.browser(keep.place.staff)
    base = f"/api/v1/clients/{keep.place.slug}/keeping"
    rules = staff.client.get(f"{base}/rules?limit=2").get_json()
    assert len(rules["items"]) == 2
    rest = staff.client.get(f"{base}/rules?after={rules['next']}").get_json()
    assert {one["id"] for one in rules["items"]}.isdisjoint(one["id"] for one in rest["items"])
    due = staff.client.get(f"{base}/due").get_json()
    assert str(made) in {one["id"] for one in due["items"]}
    assert staff.client.get(f"{base}/due?after=!!").status_code == 422


def test_a_removed_paper_stays_and_is_disposed_of_when_it_is_due(keep: Keep) -> None:
    made = keep.add(b"removed long ago", name="removed.txt")
    with keep.place.acting(keep.place.owner):
        documents.remove(made)
    listed = keep.propose(made)
    keep.approve(listed)
    keep.work()
    assert keep.gone(made)


def test_the_scrub_finds_what_is_missing_and_the_desk_says_so(keep: Keep) -> None:
    body = b"it will vanish from the bucket"
    keep.add(body, name="vanishes.txt")
    sha = hashlib.sha256(body).hexdigest()
    place = f"t/{keep.place.tenant}/{sha[:2]}/{sha}"
    with keep.place.app.app_context():
        for one in list(bucket().versions(place)):
            bucket().delete_version(one.key, one.version)
    _scrub(keep)
    assert _bad(keep) == 1
    assert _figure(keep) == 1
    with keep.place.acting(keep.place.owner):
        storage._store(io.BytesIO(body), sha)
    _scrub(keep)
    assert _bad(keep) == 0
    assert _figure(keep) == 0


def test_the_scrub_reads_what_was_never_read_before_it_reads_anything_again(
    keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep.add(b"read long ago", name="long-ago.txt")
    _scrub(keep)
    keep.admin.execute(
        "update app.object_scrub set checked_at = now() - interval '9 days' where tenant_id = %s",
        (keep.place.tenant,),
    )
    keep.admin.commit()
    body = b"never read yet"
    keep.add(body, name="never.txt")
    monkeypatch.setattr("app.documents.keeping.scrub.LEAST", 1)
    _scrub(keep)
    row = keep.admin.execute(
        "select state from app.object_scrub where tenant_id = %s and sha256 = %s",
        (keep.place.tenant, hashlib.sha256(body).hexdigest()),
    ).fetchone()
    keep.admin.commit()
    assert row == ("ok",)


def test_stored_files_are_measured_once_a_day(keep: Keep) -> None:
    keep.add(b"x" * 3_000, name="measured.txt")
    _fire(keep, "documents.stored")
    _fire(keep, "documents.stored")
    with keep.place.job():
        (use,) = usage.events(meter="stored_day")
    assert use.unit == "GB"
    assert use.quantity >= Decimal("0.000003")


def _scrub(keep: Keep) -> None:
    _fire(keep, "documents.scrub")


def _fire(keep: Keep, kind: str) -> None:
    control = Control(keep.place.worker_app.config["SQLALCHEMY_DATABASE_URI"])
    control.fire(
        kind,
        clock.now() - timedelta(days=ids.uuid7().int % 10_000),
        clients=True,
        queue="bulk",
        line="member",
        retries=1,
        lease=30,
        actor=jobs_catalog.system_user("platform"),
    )
    control.close()
    keep.work()


def _bad(keep: Keep) -> int:
    row = keep.admin.execute(
        "select count(*) from app.object_scrub where tenant_id = %s and state <> 'ok'",
        (keep.place.tenant,),
    ).fetchone()
    keep.admin.commit()
    assert row is not None
    return int(row[0])


def _figure(keep: Keep) -> int:
    row = keep.admin.execute(
        "select n from app.client_figure where tenant_id = %s and name = 'files_damaged'",
        (keep.place.tenant,),
    ).fetchone()
    keep.admin.commit()
    return int(row[0]) if row else 0


def test_every_table_that_refers_to_papers_is_said_to_be_part_of_them_or_not(keep: Keep) -> None:
    rows = keep.admin.execute(
        "select distinct c.conrelid::regclass::text from pg_constraint c"
        " where c.contype = 'f' and c.confrelid in ('app.document'::regclass,"
        " 'app.document_version'::regclass)"
    ).fetchall()
    parts = {one for (one,) in keep.admin.execute("select part from app.paper_part").fetchall()}
    keep.admin.commit()
    kept = {"app.document_version", "app.document_link", "app.legal_hold_paper"}
    kept.add("app.document_search")  # follows the text by its own triggers
    assert parts <= {one for (one,) in rows} | {"app.document_field"}
    unsaid = {one for (one,) in rows} - parts - kept - NOT_PARTS
    assert not unsaid, f"call app.add_paper_part, or name it here: {unsaid}"


NOT_PARTS = {"app.task", "app.reading_template", "app.document_share"}
