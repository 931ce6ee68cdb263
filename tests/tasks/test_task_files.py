"""Tasks from a CSV file: shown line by line first, taken whole or not at all."""

from __future__ import annotations

import io

import pytest
from flask import Flask

from app.kernel.errors import Invalid
from app.kernel.settings import Settings
from app.tasks.work import csv_import, queries
from app.tasks.work.queries import Wanted
from tests.tasks import work_stage
from tests.tasks.work_stage import Firm


@pytest.fixture
def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """A client with its people."""
    return work_stage.firm(app, worker_app, settings)


GOOD = "title;due_on;kind;assignee;checklist\nOne;2026-12-01;task;;a|b\nTwo;2026-12-02;filing;;\n"


BAD = "title,due_on,kind,assignee\nOne,2026-12-01,task,\n,31.12.2026,nothing,Nobody Known\n"


def test_a_file_of_tasks_is_shown_first_and_taken_whole_or_not_at_all(firm: Firm) -> None:
    staff = firm.place.browser(firm.place.staff)
    address = f"/c/{firm.slug}/tasks/import"
    staff.get(address)
    shown = staff.post(address, {"file": (io.BytesIO(BAD.encode()), "bad.csv")})
    assert "1 line cannot be taken" in shown.text
    assert "Write the day like 2026-11-30." in shown.text
    assert "This person does not work for this client." in shown.text
    assert staff.post(address, {"take": "1", "text": BAD}).status_code == 422
    with firm.place.acting(firm.place.staff):
        assert queries.tasks(Wanted(view="all")) == []
    shown = staff.post(address, {"file": (io.BytesIO(GOOD.encode()), "good.csv")})
    assert "Make 2 tasks" in shown.text
    assert staff.post(address, {"take": "1", "text": GOOD}).status_code == 303
    with firm.place.acting(firm.place.staff):
        assert [(one.title, one.checks) for one in queries.tasks(Wanted(view="all"))] == [
            ("One", 2),
            ("Two", 0),
        ]


def test_a_line_of_a_file_names_a_service_line_one_reaches(firm: Firm) -> None:
    data = (
        b"title,due_on,line\nOne,2026-12-01,accounting\nTwo,2026-12-01,tickets\nX,2026-12-01,no\n"
    )
    staff = firm.place.browser(firm.place.staff)
    staff.get(f"/c/{firm.slug}/tasks/import")
    with firm.place.acting(firm.place.staff):
        found = csv_import.read(data)
    wrong = [[problem.code for _name, problem in row.problems] for row in found]
    assert wrong == [[], ["task-file-line"], ["task-file-line"]]
    shown = staff.post(f"/c/{firm.slug}/tasks/import", {"file": (io.BytesIO(data), "lines.csv")})
    assert "2 lines cannot be taken" in shown.text
    assert "You have no access to a service line of this name here." in shown.text
    assert (
        staff.post(f"/c/{firm.slug}/tasks/import", {"take": "1", "text": data.decode()}).status_code
        == 422
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"title\nx\n",
        b"title,due_on,title\n",
        b"title,due_on,more\nx,2026-01-01,y\n",
        b'title,due_on\n"x,2026-01-01\n',
        b"title,due_on\n",
    ],
)
def test_what_is_no_table_is_refused_in_words(firm: Firm, data: bytes) -> None:
    with pytest.raises(Invalid), firm.place.acting(firm.place.staff):
        csv_import.read(data)
