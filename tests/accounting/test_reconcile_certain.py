"""All certain lines: few at once, many by a job, taken back together."""

from __future__ import annotations

import html
import re
from typing import Any

import psycopg
import pytest
from flask import Flask

from app.accounting.reconcile import accept, certain, views
from app.kernel import jobs, paging
from tests.accounting import reconcile_scene
from tests.accounting.reconcile_scene import Scene
from tests.accounting.test_reconcile_pending import Person

LINES = 11


@pytest.fixture
def scene(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    """Eleven certain lines, of which more than three go to a job by four."""
    monkeypatch.setattr(accept, "AT_ONCE", 3)
    monkeypatch.setattr(certain, "CHUNK", 4)
    rows = reconcile_scene.flour(LINES)
    made = reconcile_scene.make(app, worker_app, admin, rows=rows)
    reconcile_scene.confirm(made)
    return made


def of_march(scene: Scene, state: str) -> list[Any]:
    return [line for line in scene.lines(state) if line.booked_on.month == 3]


def send(person: Person) -> dict[str, Any]:
    """Accepts all certain lines by the API."""
    bank = f"/bank-accounts/{person.scene.main}/certain"
    seen = person.api(bank)
    assert seen["count"] == LINES
    sent: dict[str, Any] = person.api(bank, {"count": seen["count"], "digest": seen["digest"]})
    return sent


def outcome(person: Person, job_id: str) -> str:
    return person.see(f"{person.scene.url}/certain?job={job_id}")


def test_many_are_booked_by_a_job_and_taken_back_by_one_undo(
    app: Flask, worker_app: Flask, scene: Scene
) -> None:
    person = Person(app, scene)
    page = person.see(f"{scene.url}/certain")
    assert f"{LINES} certain lines" in page
    digest = page.split('name="digest" value="')[1].split('"')[0]
    sent = person.act(f"{scene.main}/certain", {"count": str(LINES), "digest": digest})
    assert "The lines are being booked" in sent
    assert not of_march(scene, "booked")
    jobs.run_due(worker_app)
    assert len(of_march(scene, "booked")) == LINES
    with scene.books.open(read_only=True):
        (job,) = jobs.recent(kind=certain.JOB)
    done = outcome(person, str(job.id))
    assert f"{LINES} lines booked" in done
    assert "All of them are booked" in done
    token = done.split("/books/reconcile/undo/")[1].split('"')[0]
    assert "are being taken back" in person.act(f"undo/{token}", {"back": str(scene.main)})
    jobs.run_due(worker_app)
    assert len(of_march(scene, "to_do")) == LINES
    assert "0 lines booked" in outcome(person, str(job.id))


def test_asked_for_twice_it_is_one_job_and_books_each_line_once(
    app: Flask, worker_app: Flask, scene: Scene, admin: psycopg.Connection
) -> None:
    person = Person(app, scene)
    first, second = send(person), send(person)
    assert (first["job_id"], first["undo"]) == (second["job_id"], second["undo"])
    assert first["line_ids"] == []
    jobs.run_due(worker_app)
    with scene.books.open():
        jobs.enqueue(certain.JOB, _args(admin, first["job_id"]), key="once-more")
    jobs.run_due(worker_app)
    assert len(of_march(scene, "booked")) == LINES
    entries = admin.execute(
        "select count(*) from ledger.entry where tenant_id = %s and entry_date >= '2026-03-01'",
        (scene.books.tenant,),
    ).fetchone()
    assert entries == (LINES,)


def _args(admin: psycopg.Connection, job_id: str) -> dict[str, Any]:
    row = admin.execute("select args from app.job_args where job_id = %s", (job_id,)).fetchone()
    assert row is not None
    found: dict[str, Any] = row[0]
    return found


def test_what_changes_meanwhile_is_left_out_and_said(
    app: Flask, worker_app: Flask, scene: Scene
) -> None:
    person = Person(app, scene)
    sent = send(person)
    line = of_march(scene, "to_do")[5]
    person.act(f"lines/{line.id}/skip", {"version": str(line.version), "why": "not ours"})
    jobs.run_due(worker_app)
    assert len(of_march(scene, "booked")) == LINES - 1
    assert [one.id for one in of_march(scene, "all") if one.state == "skipped"] == [line.id]
    assert "1 line is not among them" in outcome(person, sent["job_id"])


def test_a_worker_that_dies_half_way_is_followed_by_one_that_goes_on(
    app: Flask,
    worker_app: Flask,
    scene: Scene,
    admin: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = Person(app, scene)
    sent = send(person)
    book = certain.book_some
    calls: list[int] = []

    def dies(*args: Any) -> None:
        book(*args)
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("the machine is gone before this step is committed")

    monkeypatch.setattr(certain, "book_some", dies)
    jobs.run_due(worker_app, limit=1)
    assert len(of_march(scene, "booked")) == 4
    assert "4 of 11 were looked at" in outcome(person, sent["job_id"])
    admin.execute("update app.job set run_after = now() where id = %s", (sent["job_id"],))
    admin.commit()
    jobs.run_due(worker_app)
    assert len(of_march(scene, "booked")) == LINES
    person.act(f"undo/{sent['undo']}", {"back": str(scene.main)})
    jobs.run_due(worker_app)
    assert len(of_march(scene, "to_do")) == LINES


def test_it_is_not_taken_back_while_it_runs(app: Flask, worker_app: Flask, scene: Scene) -> None:
    person = Person(app, scene)
    sent = send(person)
    refused = person.act(f"undo/{sent['undo']}", {"back": str(scene.main)}, status=409)
    assert "still being booked" in refused
    jobs.run_due(worker_app)
    assert len(of_march(scene, "booked")) == LINES


def test_every_certain_line_is_listed_a_page_at_a_time_and_the_count_stays_whole(
    app: Flask, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "CERTAIN_ROWS", 4)
    person = Person(app, scene)
    url, seen, pages = f"{scene.url}/certain", 0, 0
    while url:
        page = person.see(url)
        assert f"{LINES} certain lines" in page
        assert f'name="count" value="{LINES}"' in page
        assert "The list has changed" not in page
        seen += page.count("<tr data-row>")
        pages += 1
        found = re.search(r'href="([^"]+)" rel="next"', page)
        url = html.unescape(found[1]) if found else ""
    assert (seen, pages) == (LINES, 3)


def test_a_list_that_changed_between_two_pages_says_so(
    app: Flask, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "CERTAIN_ROWS", 4)
    person = Person(app, scene)
    found = re.search(r'href="([^"]+)" rel="next"', person.see(f"{scene.url}/certain"))
    assert found
    line = of_march(scene, "to_do")[0]
    person.act(f"lines/{line.id}/skip", {"version": str(line.version), "why": "not ours"})
    page = person.see(html.unescape(found[1]))
    assert "The list has changed" in page
    assert f"{LINES - 1} certain lines" in page
    for made_up in ("x", "WyJhIl0", paging.encode(("2026-03-01", "no", "no"))):
        assert person.client.get(f"{scene.url}/certain?after={made_up}").status_code in (400, 422)


def test_the_tab_of_certain_lines_goes_on_past_what_it_looks_at_once(
    app: Flask, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "CERTAIN_LOOKED", 4)
    person = Person(app, scene)
    url, seen = f"{scene.url}?tab=certain", set()
    while url:
        page = person.see(url)
        seen |= set(re.findall(r'<tr id="l-([0-9a-f-]+)"', page))
        found = re.search(r'href="([^"]+)" rel="next"', page)
        url = html.unescape(found[1]) if found else ""
    assert seen == {str(line.id) for line in of_march(scene, "to_do")}
