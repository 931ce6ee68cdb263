"""Tasks of one client: the list, one task with all that hangs on it, new ones, files of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.documents import queries as papers
from app.documents import subjects
from app.kernel import audit, people, reads, scope, undo
from app.kernel.errors import Invalid
from app.kernel.words import _
from app.tasks.work import bulk, commands, csv_import, desk_views, listing, parts, queries, rows
from app.tasks.work import schemas as sent
from app.tasks.work.bulk import Change, Done
from app.tasks.work.models import Task
from app.web import context, forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_back, redirect_to, render, toast

pages = Pages("work", __name__, surface=Surface.CLIENT)
READ, WRITE = "task.read", "task.write"
MOST_BYTES = 25_000_000


@pages.get("/c/<client>/tasks", needs=READ)
def index() -> Response:
    """What is to be done in one client."""
    reads.leave(reads.Look("tasks", "member"))
    return render("tasks/work/index.html", fragment="list", page=listing.page(listing.CLIENT))


def new() -> Response:
    """The form of a task, about a record where the address names one."""
    values: dict[str, Any] = {
        name: request.args.get(name, "") for name in ("subject_type", "subject_key")
    }
    values["assignee_id"] = context.actor().person_id
    return render(
        "tasks/work/edit.html",
        task=None,
        about=_about(values["subject_type"], values["subject_key"]),
        people=listing.people(),
        form=forms.current(sent.TaskForm, values=values),
    )


def _about(subject_type: str, key: str) -> Any:
    return subjects.describe([(subject_type, key)]).get((subject_type, key))


pages.get("/c/<client>/tasks/new", needs=WRITE, endpoint="new")(new)


@pages.post("/c/<client>/tasks/new", needs=WRITE, again=new)
def create() -> Response:
    """Makes a task."""
    form = forms.bind(sent.TaskForm)
    (made,) = commands.create([form.wanted()])
    if form.subject_type and form.subject_key:
        parts.link(made, form.subject_type, form.subject_key)
    toast(_("Task made."), undo=url_for(".take_back", token=commands.offer_uncreate([made])))
    return redirect_to(".show", task_id=made)


def show(task_id: UUID) -> Response:
    """One task: checklist, comments, papers, linked records, history."""
    task = queries.one(task_id)
    reads.leave(reads.Look("task", task.line, task_id))
    return render("tasks/work/show.html", **_sheet(task))


def _sheet(task: Task) -> dict[str, Any]:
    comments = queries.comments(task.id)
    links = queries.links(task.id)
    told = subjects.describe([(one.subject_type, one.subject_key) for one in links])
    history = audit.events(subject_type="task", subject_id=task.id, limit=20)
    checks = queries.checklist(task.id)
    who = {one.written_by for one in comments} | {one.actor for one in history if one.actor}
    who |= {one.done_by for one in checks if one.done_by} | {task.made_by}
    return {
        "row": rows.rows([task])[0],
        "task": task,
        "checks": checks,
        "comments": comments,
        "links": [(one, told.get((one.subject_type, one.subject_key))) for one in links],
        "history": history,
        "names": people.names(who),
        "documents": papers.linked("task", [task.id]).get(task.id, ()),
        "form": forms.current(),
    }


pages.get("/c/<client>/tasks/<uuid:task_id>", needs=READ, endpoint="show")(show)


def edit(task_id: UUID) -> Response:
    """The form of a task as it stands."""
    task = queries.one(task_id)
    values = {name: getattr(task, name) for name in (*commands.FIELDS, "line", "version")}
    return render(
        "tasks/work/edit.html",
        task=task,
        about=None,
        people=listing.people(),
        form=forms.current(sent.TaskForm, values=values),
    )


pages.get("/c/<client>/tasks/<uuid:task_id>/edit", needs=WRITE, endpoint="edit")(edit)


@pages.post("/c/<client>/tasks/<uuid:task_id>/edit", needs=WRITE, again=edit)
def save(task_id: UUID) -> Response:
    """Changes a task as it was when the form was opened."""
    form = forms.bind(sent.TaskForm)
    changes = form.model_dump(include=set(commands.FIELDS))
    version = form.version or queries.one(task_id).version
    token = commands.edit(task_id, version=version, **changes)
    toast(_("Saved."), undo=url_for(".take_back", token=token))
    return redirect_to(".show", task_id=task_id)


@pages.post("/c/<client>/tasks/<uuid:task_id>/state", needs=WRITE, again=show)
def move(task_id: UUID) -> Response:
    """Moves a task on."""
    form = forms.bind(sent.StateForm)
    token = commands.move(task_id, form.state, version=form.version)
    toast(str(rows.STATES[form.state].text), undo=url_for(".take_back", token=token))
    return redirect_to(".show", task_id=task_id)


@pages.post(
    "/c/<client>/tasks/<uuid:task_id>/receipt", needs=WRITE, again=show, max_bytes=MOST_BYTES
)
def receipt(task_id: UUID) -> Response:
    """Stores the receipt that a filing is done with."""
    found = forms.upload("file", max_bytes=MOST_BYTES)
    if found is None:
        raise Invalid.of("file", "file-missing")
    commands.receipt(task_id, name=found.name, data=found.data)
    toast(_("Receipt kept. The filing can be done now."))
    return redirect_to(".show", task_id=task_id)


@pages.post("/c/<client>/tasks/<uuid:task_id>/comments", needs=WRITE, again=show)
def comment(task_id: UUID) -> Response:
    """Writes a comment; people named with @ are told."""
    parts.comment(task_id, forms.bind(sent.TextForm).text)
    return redirect_to(".show", task_id=task_id)


@pages.post("/c/<client>/tasks/<uuid:task_id>/checks", needs=WRITE, again=show)
def add_check(task_id: UUID) -> Response:
    """Adds a point to the checklist."""
    parts.add_check(task_id, forms.bind(sent.TextForm).text)
    return redirect_to(".show", task_id=task_id)


@pages.post("/c/<client>/tasks/<uuid:task_id>/checks/<uuid:check_id>", needs=WRITE, again=show)
def tick(task_id: UUID, check_id: UUID) -> Response:
    """Ticks a point, or takes the tick away."""
    parts.tick(task_id, check_id, done=forms.bind(sent.TickForm).done)
    return redirect_to(".show", task_id=task_id)


@pages.post("/c/<client>/tasks/done", needs=WRITE)
def finish() -> Response:
    """Says that the ticked tasks are done."""
    return _told(bulk.change_here(forms.selected(), Change(state="done")))


@pages.post("/c/<client>/tasks/take", needs=WRITE)
def take_over() -> Response:
    """Gives the ticked tasks to whoever asks."""
    return _told(bulk.change_here(forms.selected(), Change(assignee_id=scope.current().person_id)))


@pages.post("/c/<client>/tasks/change", needs=WRITE)
def change() -> Response:
    """The form that changes the ticked tasks."""
    return render(
        "tasks/work/change.html",
        ids=forms.selected(),
        people=listing.people(),
        action=url_for(".apply"),
        back=desk_views.list_seen(url_for(".index")),
        form=forms.Form(),
    )


@pages.post("/c/<client>/tasks/apply", needs=WRITE)
def apply() -> Response:
    """Changes the ticked tasks."""
    form = forms.bind(sent.ChangeForm)
    done = bulk.change_here(form.ids, form.change())
    desk_views.tell(done, _undo(done))
    return desk_views.list_again(url_for(".index"), form.back)


def _undo(done: Done) -> str | None:
    return url_for(".take_back", token=done.token) if done.token else None


def _told(done: Done) -> Response:
    desk_views.tell(done, _undo(done))
    return redirect_back(url_for(".index"))


def import_form() -> Response:
    """Where a file of tasks is chosen."""
    return _preview(None)


def _preview(data: bytes | None) -> Response:
    found = csv_import.read(data) if data is not None else None
    return render(
        "tasks/work/import.html",
        rows=found,
        faults=sum(1 for one in found or () if one.problems),
        text=data.decode("utf-8-sig") if data is not None else "",
        columns=csv_import.COLUMNS,
        kinds=rows.KINDS,
        form=forms.current(),
    )


pages.get("/c/<client>/tasks/import", needs=WRITE, endpoint="import_form")(import_form)


@pages.post(
    "/c/<client>/tasks/import", needs=WRITE, again=import_form, max_bytes=2 * csv_import.MAX_BYTES
)
def import_file() -> Response:
    """Shows what a file would make, line by line; with `take`, makes it whole or not at all."""
    if request.form.get("take"):
        made = csv_import.take(request.form.get("text", "").encode())
        toast(_("Tasks made."), undo=url_for(".take_back", token=commands.offer_uncreate(made)))
        return redirect_to(".index")
    found = forms.upload("file", max_bytes=csv_import.MAX_BYTES)
    if found is None:
        raise Invalid.of("file", "file-missing")
    return _preview(found.data)


@pages.post("/c/<client>/tasks/undo/<uuid:token>", needs=WRITE)
def take_back(token: UUID) -> Response:
    """Takes the last act on tasks back."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_back(url_for(".index"))


def permalink(task_id: UUID) -> str | None:
    """The page of a task."""
    return url_for("work.show", task_id=queries.one(task_id).id)
