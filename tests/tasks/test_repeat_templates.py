"""Templates of the provider: what fits, copies in clients, renewed, archived, made on screen."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from app.kernel.errors import Conflict, Invalid
from app.kernel.settings import Settings
from app.tasks.repeat import commands, queries
from tests.tasks import repeat_stage
from tests.tasks.repeat_stage import TODAY, VAT, made, provider, rolled, start
from tests.tasks.work_stage import Firm, undo_of


@pytest.fixture
def firm(
    app: Flask, worker_app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Firm:
    """A client with its people, on a Monday in November."""
    return repeat_stage.firm(app, worker_app, settings, monkeypatch)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"sections": []},
        {"sections": [{"items": []}]},
        {"sections": [{"items": [{"title": "x", "due": {"n": 0}}]}]},
        {"sections": [{"items": [{"title": "x", "due": {"n": 32}}]}]},
        {"sections": [{"items": [{"title": "x", "due": {"kind": "working_day", "n": 24}}]}]},
        {"sections": [{"items": [{"title": "x"}] * 61}]},
        {"sections": [{"items": [{"title": ""}]}]},
        {"sections": [{"items": [{"title": "x", "kind": "dance"}]}]},
    ],
)
def test_a_template_that_does_not_fit_is_refused(firm: Firm, content: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as told:
        start(firm, content=content)
    assert told.value.fields["content"][0].code == "template-content"


def test_templates_are_the_providers_and_reach_a_client_as_a_copy(firm: Firm, app: Flask) -> None:
    with provider(firm) as scope, scope:
        template = commands.create_template(
            name=f"VAT {firm.slug}", service_line="accounting", holds=VAT
        )
    with pytest.raises(Conflict), provider(firm) as scope, scope:
        commands.create_template(name=f"vat {firm.slug}", service_line="accounting", holds=VAT)
    with firm.place.acting(firm.manager):
        offered = queries.template_here(template)
    repeat = start(
        firm,
        content=offered.content.model_dump(mode="json"),
        template_id=template,
        template_version=offered.version,
    )
    changed = {"sections": [{"title": "", "items": [{"title": "Only this"}]}]}
    with provider(firm) as scope, scope:
        commands.save_template(
            template,
            version=1,
            name=f"VAT {firm.slug}",
            service_line="accounting",
            holds=changed,
        )
    with pytest.raises(Conflict), provider(firm) as scope, scope:
        commands.save_template(
            template, version=1, name="Late", service_line="accounting", holds=changed
        )
    assert rolled(firm, date(2026, 12, 9)) == 2
    with firm.place.acting(firm.manager):
        before = queries.one(repeat)
        commands.renew(repeat)
        after = queries.one(repeat)
    assert before.make_on == date(2027, 2, 5) - timedelta(days=30)
    assert after.make_on == date(2027, 2, 10) - timedelta(days=30)
    assert rolled(firm, date(2027, 1, 31)) == 1


def test_a_renewed_repeat_is_made_in_time_for_an_earlier_day(firm: Firm) -> None:
    name = f"Early {firm.slug}"
    with provider(firm) as scope, scope:
        template = commands.create_template(name=name, service_line="accounting", holds=VAT)
    repeat = start(firm, template_id=template, template_version=1, ahead_days=5)
    earlier = {"sections": [{"items": [{"title": "Soon", "due": {"months_after": 0, "n": 2}}]}]}
    with provider(firm) as scope, scope:
        commands.save_template(
            template, version=1, name=name, service_line="accounting", holds=earlier
        )
    with firm.place.acting(firm.manager):
        commands.renew(repeat)
        found = queries.one(repeat)
    assert (found.next_start, found.make_on) == (date(2026, 11, 1), date(2026, 10, 28))
    assert rolled(firm, TODAY) == 1


def test_closed_days_and_a_template_come_back_on_screen(firm: Firm) -> None:
    manager = firm.place.browser(firm.manager)
    with firm.place.acting(firm.manager):
        made = commands.close_days(from_on=TODAY, to_on=None, title="Stocktaking")
    manager.get(f"/c/{firm.slug}/repeats")
    gone = manager.post(f"/c/{firm.slug}/repeats/closures/{made}/remove", follow=True)
    assert "Stocktaking" not in gone.text
    assert "Stocktaking" in manager.post(undo_of(gone.text), follow=True).text
    name = f"Kept {firm.slug}"
    with provider(firm) as scope, scope:
        template = commands.create_template(name=name, service_line="accounting", holds=VAT)
    gone = manager.post(f"/desk/templates/{template}/archive", follow=True)
    assert name not in gone.text
    assert name in manager.post(undo_of(gone.text), follow=True).text
    gone = manager.post(f"/desk/templates/{template}/archive", follow=True)
    with provider(firm) as scope, scope:
        commands.create_template(name=name.upper(), service_line="accounting", holds=VAT)
    taken = manager.post(undo_of(gone.text))
    assert taken.status_code == 409
    assert "Another template has this name already." in taken.text


def test_a_template_is_made_on_screen_and_comes_round_in_a_client(firm: Firm) -> None:
    manager = firm.place.browser(firm.manager)
    manager.get("/desk/templates/new")
    name = f"Return {firm.slug}"
    row = {"title": "Send it", "kind": "filing", "n": "-1", "due_kind": "working_day"}
    sent = manager.post(
        "/desk/templates/new",
        {"name": name, **{f"items.0.{key}": text for key, text in row.items()}},
        follow=True,
    )
    assert name in sent.text
    template = re.findall(rf'/desk/templates/([0-9a-f-]{{36}})"[^>]*>{name}', sent.text)[0]
    assert "Send it" in manager.get(f"/desk/templates/{template}").text
    page = manager.get(f"/c/{firm.slug}/repeats/new").text
    assert name in page
    shown = manager.post(
        f"/c/{firm.slug}/repeats/new",
        {"template_id": template, "every": "month", "start_on": "2026-11-02"},
        follow=True,
    )
    assert "Coming periods" in shown.text
    assert "Send it" in shown.text
    assert rolled(firm, date(2026, 12, 1)) == 1
    assert [one.due_on for one in made(firm)] == [date(2026, 12, 31)]
    once = manager.post(
        f"/c/{firm.slug}/repeats/new",
        {"template_id": template, "every": "year", "start_on": "2026-11-02", "once": "true"},
        follow=True,
    )
    assert "Tasks made." in once.text
    listed = manager.get(f"/c/{firm.slug}/repeats").text
    assert name in listed
    refused = manager.post(f"/c/{firm.slug}/repeats/calendar", {"country": "QQ"})
    assert refused.status_code == 422
    assert "not known here" in refused.text
