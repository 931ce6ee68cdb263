"""What comes round in one client, its calendar, and the provider's templates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.kernel import people, undo
from app.kernel.errors import Invalid
from app.kernel.words import _
from app.tasks.repeat import calendar, commands, queries, schemas, words
from app.tasks.repeat.commands import RepeatIn
from app.tasks.repeat.models import Template
from app.tasks.work import commands as tasks
from app.tasks.work import listing
from app.web import context, forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_back, redirect_to, render, toast

pages = Pages("repeat", __name__, surface=Surface.CLIENT)
provider = Pages("templates", __name__, surface=Surface.PROVIDER)
READ, PLAN = "task.read", "task.plan"


@pages.get("/c/<client>/repeats", needs=READ)
def index() -> Response:
    """What comes round, when it is made next, and the client's calendar."""
    found = queries.repeats()
    place = queries.place()
    return render(
        "tasks/repeat/index.html",
        repeats=found,
        names=people.names({one.assignee_id for one in found if one.assignee_id}),
        place=place,
        closures=queries.closures(),
        subdivisions=[(one, one) for one in calendar.subdivisions(place.country)],
        form=forms.current(values={"country": place.country, "subdivision": place.subdivision}),
    )


def new() -> Response:
    """The form of something that comes round."""
    values: dict[str, Any] = {"assignee_id": context.actor().person_id, "n": 10, "ahead_days": 30}
    values |= {"months_after": 1, "template_id": request.args.get("template", "")}
    return render(
        "tasks/repeat/new.html",
        templates=[(one.id, one.name) for one in queries.templates_here()],
        people=listing.people(),
        form=forms.current(schemas.RepeatForm, values=values),
    )


pages.get("/c/<client>/repeats/new", needs=PLAN, endpoint="new")(new)


@pages.post("/c/<client>/repeats/new", needs=PLAN, again=new)
def start() -> Response:
    """Lets something come round, or makes its tasks for one period."""
    form = forms.bind(schemas.RepeatForm)
    wanted = _wanted(form)
    if form.once:
        made = commands.once(wanted)
        toast(_("Tasks made."), undo=url_for("work.take_back", token=tasks.offer_uncreate(made)))
        return redirect_to("work.index")
    repeat = commands.start(wanted)
    toast(_("It comes round now."))
    return redirect_to(".show", repeat_id=repeat)


def _wanted(form: schemas.RepeatForm) -> RepeatIn:
    template = queries.template_here(form.template_id) if form.template_id else None
    if template is None and not form.title:
        raise Invalid.of("title", "task-title-missing")
    return RepeatIn(
        name=form.name or (template.name if template else form.title),
        content=template.content.model_dump(mode="json")
        if template
        else schemas.content_of([form]),
        every=form.every,
        start_on=form.start_on,
        line=template.service_line if template else "accounting",
        document_class=form.document_class,
        ahead_days=form.ahead_days,
        ends_on=form.ends_on,
        assignee_id=form.assignee_id,
        reviewer_id=form.reviewer_id,
        template_id=template.id if template else None,
        template_version=template.version if template else None,
    )


@pages.get("/c/<client>/repeats/<uuid:repeat_id>", needs=READ)
def show(repeat_id: UUID) -> Response:
    """One repeat with the due days of its next periods."""
    found = queries.one(repeat_id)
    who = {one for one in (found.assignee_id, found.reviewer_id) if one}
    return render(
        "tasks/repeat/show.html",
        repeat=found,
        coming=queries.coming(found),
        names=people.names(who),
    )


@pages.post("/c/<client>/repeats/<uuid:repeat_id>/state", needs=PLAN)
def move(repeat_id: UUID) -> Response:
    """Pauses, resumes or ends a repeat."""
    state = forms.bind(schemas.StateForm).state
    token = commands.set_state(repeat_id, state)
    toast(str(words.STATES[state].text), undo=url_for(".take_back", token=token))
    return redirect_to(".show", repeat_id=repeat_id)


@pages.post("/c/<client>/repeats/<uuid:repeat_id>/renew", needs=PLAN)
def renew(repeat_id: UUID) -> Response:
    """Takes the template's newest content over."""
    commands.renew(repeat_id)
    toast(_("The next periods follow the template as it is now."))
    return redirect_to(".show", repeat_id=repeat_id)


@pages.post("/c/<client>/repeats/undo/<uuid:token>", needs=PLAN)
def take_back(token: UUID) -> Response:
    """Takes the last act on a repeat back."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_back(url_for(".index"))


@pages.post("/c/<client>/repeats/calendar", needs=PLAN, again=index)
def set_calendar() -> Response:
    """Says whose public holidays count."""
    form = forms.bind(schemas.CalendarForm)
    commands.set_calendar(country=form.country, subdivision=form.subdivision)
    toast(_("Saved."))
    return redirect_to(".index")


@pages.post("/c/<client>/repeats/closures", needs=PLAN, again=index)
def close_days() -> Response:
    """Adds closed days."""
    form = forms.bind(schemas.ClosureForm)
    commands.close_days(from_on=form.from_on, to_on=form.to_on, title=form.title)
    toast(_("Saved."))
    return redirect_to(".index")


@pages.post("/c/<client>/repeats/closures/<uuid:closure_id>/remove", needs=PLAN)
def open_days(closure_id: UUID) -> Response:
    """Takes closed days away."""
    token = commands.open_days(closure_id)
    toast(_("Removed."), undo=url_for(".take_back", token=token))
    return redirect_to(".index")


@provider.get("/desk/templates", needs=PLAN, endpoint="index")
def template_list() -> Response:
    """The provider's templates."""
    return render("tasks/repeat/templates.html", templates=queries.templates())


def _template_form(template: Template | None) -> Response:
    values: dict[str, Any] = {"items": schemas.rows_of(template)}
    if template is not None:
        values |= {"name": template.name, "version": template.version}
    return render(
        "tasks/repeat/template.html",
        known=template,
        form=forms.current(schemas.TemplateForm, values=values),
    )


def new_template() -> Response:
    """The form of a new template."""
    return _template_form(None)


provider.get("/desk/templates/new", needs=PLAN, endpoint="new")(new_template)


@provider.post("/desk/templates/new", needs=PLAN, again=new_template)
def create() -> Response:
    """Makes a template."""
    form = forms.bind(schemas.TemplateForm)
    commands.create_template(
        name=form.name, service_line="accounting", holds=schemas.content_of(form.items)
    )
    toast(_("Template made."))
    return redirect_to(".index")


def template(template_id: UUID) -> Response:
    """The form of a template as it stands."""
    return _template_form(queries.template(template_id))


provider.get("/desk/templates/<uuid:template_id>", needs=PLAN, endpoint="show")(template)


@provider.post("/desk/templates/<uuid:template_id>", needs=PLAN, again=template)
def save(template_id: UUID) -> Response:
    """Changes a template; what repeats from it keeps its copy until it takes the new one."""
    form = forms.bind(schemas.TemplateForm)
    commands.save_template(
        template_id,
        version=form.version,
        name=form.name,
        service_line="accounting",
        holds=schemas.content_of(form.items),
    )
    toast(_("Saved."))
    return redirect_to(".index")


@provider.post("/desk/templates/<uuid:template_id>/archive", needs=PLAN)
def archive(template_id: UUID) -> Response:
    """Takes a template out of the choice."""
    token = commands.archive_template(template_id)
    toast(_("Archived."), undo=url_for(".bring_back", token=token))
    return redirect_to(".index")


@provider.post("/desk/templates/undo/<uuid:token>", needs=PLAN)
def bring_back(token: UUID) -> Response:
    """Brings the template back that was archived last."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_back(url_for(".index"))
