"""The pages and the API of keeping: what is due, held, kept, proposed."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from app.documents.keeping import commands, queries
from app.kernel import ids
from tests.documents.keeping.stage import Keep


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
