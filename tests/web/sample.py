"""Sample pages for the toolkit's own tests: a list, a form and an act that fails."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Response, url_for
from pydantic import Field

from app.kernel.errors import Conflict, Invalid, Locked
from app.kernel.words import _
from app.web import forms, lists
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import redirect_back, redirect_to, render, toast

pages = Pages("sample", __name__, surface=Surface.CLIENT)


@dataclass(frozen=True, slots=True)
class Thing:
    """A row."""

    id: UUID
    name: str
    count: int


THINGS = [Thing(UUID(int=n + 1), f"Thing {n + 1:02}", n * 7) for n in range(30)]
TABLE = lists.ListView(
    id="things",
    caption=_("Things"),
    columns=(
        lists.Column("name", _("Name"), main=True, sort=True),
        lists.Column("count", _("Count"), kind="number", phone="r1"),
    ),
    href=lambda row: url_for("sample.thing", thing_id=row.id),
    peek=lambda row: url_for("sample.thing", thing_id=row.id),
    filters=(lists.Filter("q", _("Name"), kind="search"),),
    views=(lists.View("all", _("All")), lists.View("big", _("Big"), {"big": "1"})),
    actions=(lists.Action("done", _("Done"), "sample.done", key="E"),),
)


class ThingForm(forms.Schema):
    """One thing."""

    name: str = Field(max_length=20)
    amount: int | None = None
    way: str = "ok"
    lines: list[dict[str, str]] = Field(default_factory=list)


@pages.get("/c/<client>/sample/things", needs=SIGNED_IN)
def things() -> Response:
    """A filtered list."""
    asked = TABLE.read()
    wanted = asked.filters.get("q", "").lower()
    rows = [row for row in THINGS if wanted in row.name.lower()]
    return render("sample/things.html", fragment="list", page=TABLE.page(asked, rows))


@pages.get("/c/<client>/sample/things/<uuid:thing_id>", needs=SIGNED_IN)
def thing(thing_id: UUID) -> Response:
    """One thing."""
    return render("sample/thing.html", thing=THINGS[thing_id.int - 1])


@pages.post("/c/<client>/sample/done", needs=SIGNED_IN)
def done() -> Response:
    """A bulk act with an undo."""
    chosen = forms.selected()
    toast(f"{len(chosen)} done", undo=url_for("sample.undo"))
    return redirect_back(url_for("sample.things"))


@pages.post("/c/<client>/sample/undo", needs=SIGNED_IN)
def undo() -> Response:
    """Takes the act back."""
    toast("Taken back")
    return redirect_to("sample.things")


@pages.post("/c/<client>/sample/fails", needs=SIGNED_IN)
def fails() -> Response:
    """An act that breaks."""
    raise RuntimeError("broken on purpose")


def thing_form() -> Response:
    """The form, fresh or refused."""
    return render("sample/form.html", form=forms.current(ThingForm))


pages.get("/c/<client>/sample/new", needs=SIGNED_IN)(thing_form)


@pages.post("/c/<client>/sample/new", needs=SIGNED_IN, again=thing_form)
def make_thing() -> Response:
    """Takes the form, or refuses it as it asks."""
    found = forms.bind(ThingForm)
    if found.way == "conflict":
        raise Conflict("somebody-else-was-first")
    if found.way == "locked":
        raise Locked("period-closed-sample")
    if found.way == "invalid":
        raise Invalid.of("name", "field-missing")
    return redirect_to("sample.things")


@pages.get("/c/<client>/sample/forbidden", needs="sample.never")
def forbidden() -> Response:
    """Needs what nobody holds."""
    return render("sample/thing.html", thing=THINGS[0])


@pages.get("/c/<client>/sample/frame", needs=SIGNED_IN, frame=True)
def frame() -> Response:
    """What is shown inside a frame."""
    return Response("<p>Framed</p>")
