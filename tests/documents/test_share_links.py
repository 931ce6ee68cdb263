"""Papers shared by links: by name to whoever looks, counted when opened, ended in every way."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from app.documents import commands, shares
from app.kernel.errors import NotFound
from tests import factories
from tests.documents.coming_in import Caller, added
from tests.documents.test_checks import png
from tests.http import Browser
from tests.tasks.request_stage import Place


def shared(place: Place, made: UUID, **values: Any) -> tuple[UUID, str]:
    with place.acting(place.staff):
        return shares.share(made, **{"days": 7, **values})


def views_of(place: Place, made: UUID) -> list[tuple[int, str]]:
    with place.acting(place.staff):
        return [(one.views, "open" if one.is_open else "ended") for one in shares.of(made)]


def test_a_link_shows_one_paper_and_bots_take_nothing(place: Place) -> None:
    made = added(place, data=png(9, 9), name="shop.png")
    staff = place.browser(place.staff)
    base = f"/c/{place.slug}/documents/{made}"
    staff.get(base)
    said = staff.post(
        f"{base}/shares", {"days": "3", "most_views": "1", "label": "Bank"}, follow=True
    )
    secret = re.findall(r"/shared/([0-9a-f]{32})", said.text)[0]
    assert 'data-copy="f-address"' in said.text, "the address stays until it was copied"
    stranger = Browser(place.app)
    for _time in range(3):
        assert stranger.client.head(f"/shared/{secret}").status_code == 200
        landing = stranger.get(f"/shared/{secret}")
    assert "shop.png" in landing.text
    assert "1 view left" in landing.text
    assert views_of(place, made) == [(0, "open")]
    opened = stranger.post(f"/shared/{secret}/open")
    assert "data:image/png;base64," in opened.text
    assert "img-src 'self' data:" in opened.headers["Content-Security-Policy"]
    visit = re.findall(r'name="visit" value="([^"]+)"', opened.text)[0]
    saved = stranger.post(f"/shared/{secret}/file", {"visit": visit})
    assert saved.data == png(9, 9)
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert views_of(place, made) == [(1, "ended")]
    assert stranger.post(f"/shared/{secret}/open").status_code == 404
    assert stranger.post(f"/shared/{secret}/file").status_code == 404
    page = staff.get(base).text
    assert "1 of 1 views" in page
    assert "downloaded" in page


def test_a_view_lasts_from_its_first_act_and_is_not_stretched_by_going_on(
    place: Place, admin: psycopg.Connection
) -> None:
    made = added(place, name="terms.txt")
    share, secret = shared(place, made, most_views=2)
    stranger = Browser(place.app)
    stranger.get(f"/shared/{secret}")
    opened = stranger.post(f"/shared/{secret}/open")
    visit = re.findall(r'name="visit" value="([^"]+)"', opened.text)[0]

    def later(minutes: int) -> int:
        admin.execute(
            "update app.document_share_view set at = at - %s * interval '1 minute'"
            " where share_id = %s",
            (minutes, share),
        )
        admin.commit()
        return stranger.post(f"/shared/{secret}/file", {"visit": visit}).status_code

    assert (later(10), views_of(place, made)) == (200, [(1, "open")])
    assert (later(10), views_of(place, made)) == (200, [(2, "ended")])
    assert later(10) == 404


def test_a_link_ends_by_hand_by_time_by_class_and_with_the_paper(
    place: Place, admin: psycopg.Connection
) -> None:
    stranger = Browser(place.app)

    def alive(secret: str) -> bool:
        return stranger.client.get(f"/shared/{secret}").status_code == 200

    made = added(place)
    share, by_hand = shared(place, made)
    _other, by_time = shared(place, made)
    _third, left = shared(place, made)
    assert alive(by_hand)
    with place.acting(place.staff):
        shares.end(share)
    assert not alive(by_hand)
    admin.execute("update app.document_share set expires_at = now() where id = %s", (_other,))
    admin.commit()
    assert not alive(by_time)
    assert alive(left)
    with place.acting(place.owner):
        commands.set_class(made, document_class="payroll")
    assert not alive(left)
    gone = added(place)
    _share, secret = shared(place, gone)
    with place.acting(place.staff):
        commands.remove(gone)
    assert not alive(secret)


def test_a_link_dies_with_its_makers_grant_and_reaches_nothing_else(
    place: Place, admin: psycopg.Connection
) -> None:
    made = added(place)
    maker = factories.staff(admin, place.tenant)
    with place.acting(maker):
        _share, secret = shares.share(made, days=2)
    stranger = Browser(place.app)
    assert stranger.client.get(f"/shared/{secret}").status_code == 200
    for address in (f"/c/{place.slug}/documents/{made}", f"/portal/{place.slug}/documents"):
        assert stranger.client.get(address).status_code in (302, 303, 401)
    admin.execute(
        "update guard.membership set valid_to = now() where user_id = %s", (maker.person_id,)
    )
    admin.commit()
    assert stranger.client.get(f"/shared/{secret}").status_code == 404
    for wrong in ("0" * 32, "x", secret.upper()):
        assert stranger.client.get(f"/shared/{wrong}").status_code == 404


def test_a_class_is_shared_only_by_who_sees_it(place: Place, call: Caller) -> None:
    with place.acting(place.owner):
        paid = commands.add(
            uuid4().hex.encode(), name="w", line="accounting", source="portal",
            document_class="payroll",
        )  # fmt: skip
        _share, secret = shares.share(paid, days=1)
    assert Browser(place.app).client.get(f"/shared/{secret}").status_code == 200
    with place.acting(place.staff), pytest.raises(NotFound):
        shares.share(paid, days=1)
    assert call("POST", f"/documents/{paid}/shares", json={}).status_code == 404
    long = call("POST", f"/documents/{added(place)}/shares", json={"days": 31})
    assert long.status_code == 422


def test_raw_sql_makes_no_link_and_counts_no_view_back(
    place: Place, rw: psycopg.Connection, settings: Any
) -> None:
    made = added(place)
    shared(place, made)
    key = bytes.fromhex(settings.guard_key)
    ctx = place.staff.scope(place.tenant).token(key=key, key_id=settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (ctx,))
    for act in (
        "update app.document_share set views = 0",
        "delete from app.document_share_view",
        "select guard.make_link('document_share', uuidv7(), '1 day', 'x')",
        "select guard.make_address('document_address', uuidv7(), 'x')",
        "select guard.end_link(uuidv7())",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), rw.transaction():
            rw.execute(act.encode())
    assert rw.execute(
        "select count(*) from app.open_shared_paper('shown', uuidv7(), '')"
    ).fetchone() == (0,)
