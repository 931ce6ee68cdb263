"""Papers are found by their words, by whoever may see them, and by nobody else."""

from __future__ import annotations

import re
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.documents import commands, organise
from app.documents.finding import queries
from app.documents.finding.queries import Asked
from app.kernel import ids
from app.kernel.db import session, transaction
from tests import factories
from tests.tasks import request_stage
from tests.tasks.request_stage import Place

GERMAN = (
    "Rechnung Nr. RE-2026-0815 vom 12.03.2026. Wir berechnen Ihnen für die Lieferung der"
    " Kugellager und das Schmierfett 1.234,56 EUR. Zahlbar an Müller & Söhne GmbH,"
    " DE89 3704 0044 0532 0130 00. Die Häuser sind mit der Lieferung nicht versehen."
)
ENGLISH = (
    "This is the invoice for the repairs of your machines in March. The total of 1,234.56 is"
    " payable to the garage on or before the end of the month."
)


@pytest.fixture(scope="module")
def place(app: Flask, worker_app: Flask, settings: object) -> Place:
    """A client."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as admin:
        return request_stage.build(app, worker_app, admin, "Finder")


def paper(
    place: Place,
    *pages: str,
    name: str = "scan.txt",
    kind: str = "normal",
    admin: psycopg.Connection,
) -> UUID:
    """A paper whose pages say this, as if it had been read."""
    with place.acting(place.owner):
        made = commands.add(
            ids.uuid7().bytes.hex().encode(),
            name=name,
            line="accounting",
            document_class=kind,
            source="portal",
        )
    admin.execute(
        "insert into app.document_text (tenant_id, version_id, page_no, document_id, line, text)"
        " select v.tenant_id, v.id, p.no, v.document_id, v.line, p.text"
        " from app.document_version v, unnest(%s::text[]) with ordinality p(text, no)"
        " where v.document_id = %s",
        (list(pages), made),
    )
    admin.commit()
    return made


def found(place: Place, typed: str, who: factories.Session | None = None) -> list[UUID]:
    with place.acting(who or place.staff):
        return [one.id for one in queries.find(Asked(typed))]


@pytest.mark.parametrize(
    "typed",
    [
        "kugellager",
        "KUGELLAGER ",
        "kugell",
        "Rechnungen ",
        "haus ",
        "Häuser",
        "haeuser ",
        "mueller",
        "muller ",
        "Müller Söhne",
        "1.234,56",
        "1234,56",
        "1,234.56",
        "RE-2026-0815",
        "12.03.2026",
        "DE89370400440532013000",
        "lager-liste",
        '"Lieferung der Kugellager"',
    ],
)
def test_a_german_paper_is_found_as_somebody_would_type(
    place: Place, admin: psycopg.Connection, typed: str
) -> None:
    name = "Lager-Liste.txt" if "liste" in typed else "brief.txt"
    made = paper(place, GERMAN, name=name, admin=admin)
    assert made in found(place, typed)


@pytest.mark.parametrize(
    "typed", ["kugellagerx", "repair", "kugellager fehlt", "9.999,99", "§§", " "]
)
def test_a_paper_without_the_words_is_not_found(
    place: Place, admin: psycopg.Connection, typed: str
) -> None:
    made = paper(place, GERMAN, admin=admin)
    assert made not in found(place, typed)


def test_english_words_are_found_in_other_forms(place: Place, admin: psycopg.Connection) -> None:
    made = paper(place, ENGLISH, admin=admin)
    for typed in ("repairing ", "machine ", "1.234,56", "garage pay"):
        assert made in found(place, typed), typed


def test_the_page_is_told_and_its_words_are_marked(place: Place, admin: psycopg.Connection) -> None:
    pages = [f"Page {n} of the contract about nothing." for n in range(1, 46)]
    pages[32] = f"{'Before it. ' * 40}Here the Zinsklausel stands.{' After it.' * 40}"
    made = paper(place, *pages, admin=admin)
    with place.acting(place.staff):
        one = next(row for row in queries.find(Asked("zinsklausel")) if row.id == made)
    assert one.page == 33
    assert [piece.text for piece in one.snippet if piece.marked] == ["Zinsklausel"]
    text = "".join(piece.text for piece in one.snippet)
    assert len(text) < 300
    assert "Here the Zinsklausel stands." in text


def test_names_are_found_and_marked_and_follow_a_removal(
    place: Place, admin: psycopg.Connection
) -> None:
    with place.acting(place.owner):
        made = commands.add(
            b"quite unread", name="Mietvertrag_Hauptstr.txt", line="accounting", source="portal"
        )
    assert found(place, "mietvertrag") == [made]
    with place.acting(place.owner):
        token = commands.remove(made)
    assert found(place, "mietvertrag") == []
    with place.acting(place.owner):
        from app.kernel import undo

        undo.take(token)
    assert found(place, "hauptstr") == [made]


def test_payroll_is_found_by_no_word_of_it_by_whose_grant_does_not_name_it(
    place: Place, admin: psycopg.Connection
) -> None:
    made = paper(place, "Gehaltsabrechnung Zebulon 4.321,00", kind="payroll", admin=admin)
    assert found(place, "zebulon", place.owner) == [made]
    assert found(place, "zebulon") == []
    assert found(place, "4.321,00") == []
    with place.acting(place.owner):
        commands.set_class(made, document_class="normal")
    assert found(place, "zebulon") == [made]
    with place.acting(place.owner):
        commands.set_class(made, document_class="owner_only")
    assert found(place, "zebulon") == []
    staff = place.browser(place.staff)
    page = staff.get(f"/c/{place.slug}/documents/find?q=zebulon")
    assert "Nothing found" in page.text


def test_nobody_finds_another_clients_papers_nor_reads_the_words(
    place: Place, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    other = request_stage.build(app, worker_app, admin, "Stranger")
    made = paper(place, "Wolpertinger sighted", admin=admin)
    assert found(place, "wolpertinger") == [made]
    assert found(other, "wolpertinger") == []
    with other.acting(other.staff):
        rows = session.execute(
            sa.text(
                "select document_id from app.find_documents('wolpertinger', :tenant, null, null,"
                " null, null, null, null, null, 10)"
            ),
            {"tenant": place.tenant},
        ).all()
    assert rows == []
    for statement in (
        "select words from app.document_search",
        "select app.search_page(:tenant, :tenant, 1, '{a}', '{}')",
        "select app.search_recent(:tenant, 'a', '{}', '{}', null, null, null, null, null, 9)",
        "select app.index_parts(:tenant, :tenant, '{1}')",
        "delete from app.document_search",
    ):
        with pytest.raises(Exception, match="forbidden"), other.acting(other.staff):
            session.execute(sa.text(statement), {"tenant": place.tenant})


def test_a_person_finds_over_all_their_clients_and_no_others(
    place: Place, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    other = request_stage.build(app, worker_app, admin, "Second")
    third = request_stage.build(app, worker_app, admin, "Third")
    factories.grant(
        admin, other.tenant, place.staff.person_id, role="staff_accountant", lines=("accounting",)
    )
    wanted = {
        paper(place, "Quastenflosser", admin=admin),
        paper(other, "Der Quastenflosser", admin=admin),
    }
    paper(third, "Quastenflosser dritter", admin=admin)
    with app.app_context(), transaction(place.staff.worklist()):
        rows = queries.find(Asked("quastenflosser"))
    assert {one.id for one in rows} == wanted
    page = place.browser(place.staff).get("/desk/documents/find?q=quastenflosser")
    assert page.text.count("<mark>") == 2


def test_a_person_of_two_firms_searches_both_at_once_at_the_portal_and_no_third(
    place: Place, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    other = request_stage.build(app, worker_app, admin, "Sisterfirm")
    third = request_stage.build(app, worker_app, admin, "Strangerfirm")
    both = factories.make_person(admin, "client", "Bo Two")
    for tenant in (place.tenant, other.tenant):
        factories.grant(admin, tenant, both, role="owner", lines=("accounting",))
    here = paper(place, "Sägezahnhai", admin=admin)
    there = paper(other, "Der Sägezahnhai", admin=admin)
    paper(third, "Sägezahnhai dritter", admin=admin)
    browser = place.browser(factories.sign_in(admin, both))
    chooser = browser.get("/portal/").text
    assert 'action="/portal/documents/find"' in chooser
    page = browser.get("/portal/documents/find?q=sägezahnhai").text
    assert page.count("<mark>") == 2
    assert f'href="/portal/{place.slug}/documents/{here}"' in page
    assert f'href="/portal/{other.slug}/documents/{there}"' in page
    assert ">Sisterfirm<" in page
    assert "Strangerfirm" not in page
    assert browser.get(f"/portal/{other.slug}/documents/{there}").status_code == 200


def test_over_all_clients_nothing_is_found_where_the_person_may_see_no_documents(
    place: Place, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    other = request_stage.build(app, worker_app, admin, "Blind")
    person = factories.make_person(admin)
    for tenant, role in ((place.tenant, "staff_accountant"), (other.tenant, "hr_assistant")):
        factories.grant(admin, tenant, person, role=role, lines=("accounting",))
    session_ = factories.sign_in(admin, person)
    wanted = paper(place, "Blindschleiche", admin=admin)
    paper(other, "Blindschleiche anderswo", admin=admin)
    with app.app_context(), transaction(session_.worklist()):
        assert [one.id for one in queries.find(Asked("blindschleiche"))] == [wanted]
    answer = place.browser(session_).client.get("/api/v1/documents/find?q=blindschleiche")
    assert [one["id"] for one in answer.get_json()["items"]] == [str(wanted)]


def test_whoever_may_see_documents_nowhere_does_not_reach_the_search(
    place: Place, admin: psycopg.Connection
) -> None:
    person = factories.make_person(admin)
    factories.grant(admin, place.tenant, person, role="administrator")
    browser = place.browser(factories.sign_in(admin, person))
    assert browser.client.get("/desk/documents/find?q=x").status_code in (403, 404)
    assert browser.client.get("/api/v1/documents/find?q=x").status_code in (403, 404)


def test_pages_follow_one_another_without_a_gap(place: Place, admin: psycopg.Connection) -> None:
    made = [paper(place, f"Seitenweise {n}", admin=admin) for n in range(7)]
    seen: list[UUID] = []
    staff = place.browser(place.staff)
    address = f"/api/v1/clients/{place.slug}/documents/find?q=seitenweise&limit=3"
    after = ""
    for _page in range(4):
        answer = staff.client.get(address + after).get_json()
        seen += [UUID(one["id"]) for one in answer["items"]]
        if not answer["next"]:
            break
        after = f"&after={answer['next']}"
    assert seen == made[::-1]
    assert staff.client.get(f"{address}&after=x").status_code == 422


def test_filters_narrow(place: Place, admin: psycopg.Connection) -> None:
    made = paper(place, "Filterbar", kind="payroll", admin=admin)
    with place.acting(place.owner):
        assert [r.id for r in queries.find(Asked("filterbar", document_class="payroll"))] == [made]
        assert queries.find(Asked("filterbar", document_class="normal")) == []


def labelled(
    place: Place, admin: psycopg.Connection, text: str, *, party: str = "", tags: str = ""
) -> UUID:
    """A paper with its counterparty and tags."""
    made = paper(place, text, admin=admin)
    change = organise.Change(counterparty=party, add_tags=organise.tags_of(tags))
    with place.acting(place.staff):
        organise.organise([made], change)
    return made


@pytest.mark.parametrize(
    "party",
    ["Müller & Söhne", "mueller", "MULLER", "soeh", "söhne müll", "sohne gmbh", " müller, "],
)
def test_a_counterparty_narrows_by_its_words_or_how_they_begin(
    place: Place, admin: psycopg.Connection, party: str
) -> None:
    word = f"schmalspur{ids.uuid7().hex[-8:]}"
    made = labelled(place, admin, word, party="Müller & Söhne GmbH")
    labelled(place, admin, f"{word} Müller Söhne GmbH", party="Somebody else")
    paper(place, f"{word} müller", name="Müller & Söhne GmbH.txt", admin=admin)
    with place.acting(place.staff):
        assert [one.id for one in queries.find(Asked(word, counterparty=party))] == [made]
        assert queries.find(Asked(word, counterparty="Müller Nachfolger")) == []


def test_a_tag_narrows_whole_and_both_filters_stand_on_every_search(
    place: Place, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    word = f"weitspur{ids.uuid7().hex[-8:]}"
    made = labelled(place, admin, word, party="Vos", tags="shop rent, it's 5\\6")
    labelled(place, admin, word, party="Vos", tags="shop")
    other = request_stage.build(app, worker_app, admin, "Tagged")
    factories.grant(
        admin, other.tenant, place.staff.person_id, role="staff_accountant", lines=("accounting",)
    )
    admin.commit()
    theirs = labelled(other, admin, word, party="De Vos BV", tags="shop rent")
    staff = place.browser(place.staff)
    base = f"/api/v1/clients/{place.slug}"

    def told(address: str, **asked: str) -> set[str]:
        answer = staff.client.get(address, query_string={"q": word, **asked})
        return {one["id"] for one in answer.get_json()["items"]}

    for tag in ("shop rent", "Shop  Rent", "it's 5\\6"):
        assert told(f"{base}/documents/find", tag=tag) == {str(made)}
    assert told(f"{base}/documents/find", tag="rent") == set()
    assert told(f"{base}/documents/find", tag="shop", counterparty="Smit") == set()
    both = {"tag": "shop rent", "counterparty": "vos"}
    assert told("/api/v1/documents/find", **both) == {str(made), str(theirs)}
    values = {"q": word, "party": "vos", "tag": "shop rent"}
    for address in (f"/c/{place.slug}/documents/find", f"/portal/{place.slug}/documents/find"):
        browser = staff if "/c/" in address else place.browser(place.owner)
        page = browser.client.get(address, query_string=values).text
        assert set(re.findall(rf"/documents/({made}|{theirs})\"", page)) == {str(made)}
        assert 'name="party" value="vos"' in page
        assert 'name="tag" value="shop rent"' in page
    desk = staff.client.get("/desk/documents/find", query_string=values).text
    assert set(re.findall(rf"/documents/({made}|{theirs})\"", desk)) == {str(made), str(theirs)}
    assert 'name="tag" value="shop rent"' in desk


def test_a_label_that_was_taken_off_narrows_no_more(
    place: Place, admin: psycopg.Connection
) -> None:
    made = labelled(place, admin, "Abgelegtes", party="Vorher", tags="alt")
    with place.acting(place.staff):
        assert [one.id for one in queries.find(Asked("abgelegtes", tag="alt"))] == [made]
        organise.organise([made], organise.Change(counterparty="Nachher", remove_tags=("alt",)))
        assert queries.find(Asked("abgelegtes", tag="alt")) == []
        assert queries.find(Asked("abgelegtes", counterparty="vorher")) == []
        assert [one.id for one in queries.find(Asked("abgelegtes", counterparty="nachher"))]
    assert found(place, "#alt @vorher abgelegtes") == []


def test_a_common_word_walks_and_a_rare_word_reads_the_index(
    place: Place, admin: psycopg.Connection
) -> None:
    row = admin.execute("select app.search_mark(%s)", (place.tenant,)).fetchone()
    assert row is not None
    admin.execute("set enable_seqscan = off")
    plan = "\n".join(
        line
        for (line,) in admin.execute(
            "explain select document_id from app.document_search s where s.words @@ %s::tsquery"
            " and not s.removed and (s.tenant_id = %s) is true limit 100",
            (f"'{row[0]}seltenes'", place.tenant),
        )
    )
    assert "document_search_words" in plan
    admin.rollback()
