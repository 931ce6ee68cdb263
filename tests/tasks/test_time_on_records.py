"""The clock starts on the pages of work: a month's close, a question, a list for the client."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from app.cli import install
from app.kernel import clock
from app.kernel.settings import Settings
from app.tasks import questions
from app.tasks.time import commands, queries
from app.tasks.time.commands import About
from tests.tasks import list_stage, request_stage
from tests.tasks.time_stage import BERLIN, firm, other
from tests.tasks.work_stage import Firm

__all__ = ["firm", "other"]  # fixtures
HIDDEN = re.compile(r'type="hidden" name="([a-z_]+)" value="([^"]*)"')


def month(firm: Firm) -> tuple[str, str]:
    day = clock.today().replace(day=1) - timedelta(days=1)
    return f"/c/{firm.slug}/books/close/of/{day:%Y-%m}", f"{day:%B %Y}"


def question(firm: Firm) -> tuple[str, str]:
    made = request_stage.ask(firm.place, text="Which van was this?")
    return f"/c/{firm.slug}/questions/{made}", "Which van was this?"


def request_list(firm: Firm) -> tuple[str, str]:
    return f"/c/{firm.slug}/requests/{list_stage.sent(firm.place)}", "VAT for October"


@pytest.mark.parametrize("record", [month, question, request_list])
def test_a_clock_started_on_a_record_stands_in_the_week_with_it(
    firm: Firm, record: Callable[[Firm], tuple[str, str]]
) -> None:
    address, title = record(firm)
    staff = firm.place.browser(firm.place.staff)
    page = staff.get(address, follow_redirects=True)
    form = page.text.split('action="/desk/time/start"', 1)[1].split("</form>", 1)[0]
    sent = {name: value for name, value in HIDDEN.findall(form) if name != "csrf_token"}
    assert (sent["client"], sent["subject_type"]) == (firm.slug, record.__name__)
    assert staff.post("/desk/time/start", sent).status_code == 303
    with firm.place.acting(firm.place.staff):
        (entry,) = queries.here()
    assert (entry.subject_type, entry.subject_key) == (record.__name__, sent["subject_key"])
    assert title in staff.get("/desk/time").text
    assert title in staff.get(f"/c/{firm.slug}/time/{entry.id}").text
    owner = firm.place.browser(firm.place.owner)
    assert "/desk/time/start" not in owner.get(f"/portal/{firm.slug}").text


def test_time_on_a_record_is_written_on_the_records_own_line(
    firm: Firm, settings: Settings
) -> None:
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        admin.execute(
            "update guard.membership set lines = lines || '{tickets}' where tenant_id = %s",
            (firm.place.tenant,),
        )
    with firm.place.acting(firm.place.staff):
        (asked,) = questions.ask(
            line="tickets",
            subject_type="bank_transaction",
            subject_ids=firm.place.lines[:1],
            text="Who rang?",
            chips=[],
        )
    for subject_type, key in (("question", asked), ("task", firm.make(line="tickets"))):
        with firm.place.acting(firm.place.staff):
            made = commands.start(About("accounting", subject_type, str(key)), zone=BERLIN)
            assert queries.one(made).line == "tickets"


def test_time_on_anothers_question_is_not_written(firm: Firm, other: tuple[UUID, str]) -> None:
    asked = request_stage.ask(firm.place)
    staff = firm.place.browser(firm.place.staff)
    staff.get("/desk/time")
    sent = {"client": other[1], "subject_type": "question", "subject_key": str(asked)}
    assert staff.post("/desk/time/start", sent).status_code == 404
