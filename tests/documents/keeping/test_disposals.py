"""Papers go only when their time is over and two people agree; a certificate stays."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta
from html import unescape

import pytest
import sqlalchemy as sa
import typst
from pypdfium2 import PdfDocument

from app.documents import commands as documents
from app.documents import queries as papers
from app.documents.keeping import certificate, commands, queries, views
from app.kernel import approvals, usage
from app.kernel.db import session
from app.kernel.errors import Conflict, Forbidden, NotFound
from app.kernel.settings import Settings
from app.kernel.storage_bucket import bucket
from tests.documents.keeping.stage import Keep


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


def test_a_removed_paper_stays_and_is_disposed_of_when_it_is_due(keep: Keep) -> None:
    made = keep.add(b"removed long ago", name="removed.txt")
    with keep.place.acting(keep.place.owner):
        documents.remove(made)
    listed = keep.propose(made)
    keep.approve(listed)
    keep.work()
    assert keep.gone(made)


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
