"""A row of each kind that work and time have, in the open scope: for the crawls of all routes."""

from __future__ import annotations

from datetime import timedelta

from app.kernel import clock
from app.tasks.repeat import commands as repeats
from app.tasks.repeat.commands import RepeatIn
from app.tasks.time import commands as hours
from app.tasks.time.commands import About
from app.tasks.work import commands, parts
from app.tasks.work.models import TaskIn


def fill(word: str) -> None:
    """A filing with a point and a comment, each carrying the word."""
    due = clock.today() + timedelta(days=2)
    (task,) = commands.create(
        [TaskIn(title=f"{word} filing", due_on=due, kind="filing", checklist=(f"{word} point",))]
    )
    parts.comment(task, f"{word} comment")
    item = {"title": f"{word} return", "due": {"n": 10}, "checklist": [f"{word} point"]}
    repeats.start(
        RepeatIn(
            name=f"{word} repeat",
            content={"sections": [{"title": word, "items": [item]}]},
            every="month",
            start_on=clock.today(),
        )
    )
    noon = clock.now() - timedelta(hours=30)
    about = About("accounting", "task", str(task), f"{word} hours")
    hours.write(about, noon, noon + timedelta(minutes=45), zone=hours.zone_of("UTC"))
    repeats.close_days(from_on=due, to_on=None, title="Stocktaking")


def template(word: str) -> None:
    """A template of the provider, in its own firm."""
    item = {"title": f"{word} return", "due": {"n": 10}}
    holds = {"sections": [{"title": word, "items": [item]}]}
    repeats.create_template(name=f"{word} template", service_line="accounting", holds=holds)
