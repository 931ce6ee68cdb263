"""Packs on the staff's side: made, looked at, published, compared with the books since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Response, request, url_for
from pydantic import Field

from app.kernel import clock, registry, scope, undo, words
from app.kernel.errors import Invalid, NotFound
from app.kernel.registry import PackWords, ReportDefinition
from app.kernel.words import _
from app.reports import asking, changes, pack_commands, pack_queries, proposals, remarks
from app.reports.changes import Since
from app.reports.document import Report
from app.reports.pack_commands import Draft, Part
from app.reports.pack_queries import Pack, PublishedPackWhole
from app.reports.period import month_end, month_start, parse_period
from app.reports.views import WithdrawForm, pages
from app.web import context, forms
from app.web.render import redirect_to, render, toast

ADDRESS = "/c/<client>/reports/packs"
READ = "accounting.read"
PUBLISH = "accounting.publish"
_DEFAULTS = ("profit-and-loss", "balance-sheet", "cash-flow")


class PartForm(forms.Schema):
    """One report of a pack: whether it is in, where, what stands beside, and its words."""

    key: str
    chosen: str | None = None
    place: int = Field(0, ge=0, le=999)
    cmp: str = "previous"
    share: str | None = None
    words: str | None = Field(None, max_length=10_000)


class PackForm(forms.Schema):
    """A pack: title, days, words, and a line for each report there is."""

    title: str
    from_: date = Field(alias="from")
    to: date
    narrative: str | None = Field(None, max_length=20_000)
    version: int = 0
    parts: list[PartForm] = Field(default_factory=list)

    @property
    def draft(self) -> Draft:
        """The pack that was asked for, its reports by their places."""
        chosen = sorted((one for one in self.parts if one.chosen), key=lambda one: one.place)
        return Draft(
            title=self.title,
            first=self.from_,
            last=self.to,
            narrative=self.narrative or "",
            parts=tuple(
                Part(one.key, one.cmp, one.share is not None, one.words or "") for one in chosen
            ),
        )


@dataclass(frozen=True, slots=True)
class Chapter:
    """One report of a pack with its words and what changed since it was published last."""

    definition: ReportDefinition
    report: Report
    words: str
    since: Since | None = None


@pages.get(ADDRESS, needs=READ)
def packs() -> Response:
    """Packs in the making and what has been published."""
    return render(
        "reports/packs.html",
        packs=pack_queries.packs(),
        published=pack_queries.published_packs(limit=60),
        may_publish=scope.current().rights.may(PUBLISH),
    )


def new_pack() -> Response:
    """The form of a new pack: the last whole month, or the words of an earlier one."""
    last = month_start(clock.today(context.client().time_zone))
    earlier = next(iter(pack_queries.packs(limit=1)), None)
    first = month_start(parse_period({}, today=last).last)
    values = {
        "title": words.format_month(first),
        "from": first.isoformat(),
        "to": month_end(first).isoformat(),
        "narrative": _already_said(first, month_end(first)),
    }
    return _pack_form(values, earlier, None)


def _already_said(first: date, last: date) -> str:
    """What the lines said of these days for the client, as a list to go on from."""
    rights = scope.current().rights
    found = [
        f"- {said}"
        for one in registry.current().all(PackWords)
        if rights.may(one.permission)
        for said in one.offered(first, last)
    ]
    return "\n".join(found)


pages.get(f"{ADDRESS}/new", needs=PUBLISH, endpoint="new_pack")(new_pack)


def _pack_form(values: Mapping[str, object], like: Pack | None, pack: Pack | None) -> Response:
    offered = asking.offered()
    chosen = {one.key: (place, one) for place, one in enumerate(like.parts, 1)} if like else {}
    rows = []
    for number, one in enumerate(offered):
        place, part = chosen.get(one.key, (50 + number, None))
        first = one.key in _DEFAULTS and like is None
        rows.append((place if not first else number + 1, one, part, first or part is not None))
    rows.sort(key=lambda row: row[0])
    flat: dict[str, object] = dict(values)
    for number, (_place, one, part, is_in) in enumerate(rows):
        flat |= {
            f"parts.{number}.key": one.key,
            f"parts.{number}.chosen": "1" if is_in else None,
            f"parts.{number}.place": number + 1,
            f"parts.{number}.cmp": part.comparison if part else "previous",
            f"parts.{number}.share": "1" if part and part.share else None,
            f"parts.{number}.words": part.words if part and pack else "",
        }
    return render(
        "reports/pack_form.html",
        pack=pack,
        form=forms.current(PackForm, values=flat),
        definitions=[row[1] for row in rows],
    )


@pages.post(f"{ADDRESS}/new", needs=PUBLISH, again=new_pack)
def make_pack() -> Response:
    """Makes a pack and shows it."""
    form = forms.bind(PackForm)
    made = pack_commands.create_pack(form.draft, line=line_of(form.draft))
    return redirect_to("reports.pack", pack_id=made)


def line_of(draft: Draft) -> str:
    """The line of a pack's reports; they are all of one."""
    lines = {asking.definition_of(part.key).line for part in draft.parts}
    if len(lines) != 1:
        raise Invalid.of("parts", "pack-empty")
    return lines.pop()


@pages.get(f"{ADDRESS}/<uuid:pack_id>/edit", needs=PUBLISH)
def edit_pack(pack_id: UUID) -> Response:
    """The form of a pack."""
    pack = pack_queries.pack(pack_id)
    values = {
        "title": pack.title,
        "from": pack.first_on.isoformat(),
        "to": pack.last_on.isoformat(),
        "narrative": pack.narrative,
        "version": pack.version,
    }
    return _pack_form(values, pack, pack)


@pages.post(f"{ADDRESS}/<uuid:pack_id>/edit", needs=PUBLISH, again=edit_pack)
def change_pack(pack_id: UUID) -> Response:
    """Changes a pack."""
    form = forms.bind(PackForm)
    line_of(form.draft)
    pack_commands.change_pack(pack_id, form.draft, version=form.version)
    toast(_("Saved."))
    return redirect_to("reports.pack", pack_id=pack_id)


@pages.get(f"{ADDRESS}/<uuid:pack_id>", needs=READ)
def pack(pack_id: UUID) -> Response:
    """A pack as it would be published now, with what changed since it was published last."""
    found = pack_queries.pack(pack_id)
    published = pack_queries.published_packs(pack_id=pack_id)
    living = next((one for one in published if one.withdrawn_at is None), None)
    last = pack_queries.published_pack(living.id) if living else None
    chapters = built(found)
    asking.looked("report_pack", pack_id, found.line)
    return render(
        "reports/pack.html",
        pack=found,
        chapters=chapters,
        published=published,
        since=compared(last) if last else (),
        may_publish=scope.current().rights.may(f"{found.line}.publish"),
    )


def built(pack: Pack) -> list[Chapter]:
    """The reports of a pack from the books as they are now, in the client's words."""
    client = context.client()
    offered = {one.key: one for one in registry.current().all(ReportDefinition)}
    chapters = []
    with words.speaking(client.locale, time_zone=client.time_zone):
        for part in pack.parts:
            definition = offered.get(part.key)
            if definition is None:
                raise NotFound
            report = definition.build(pack.first_on, pack.last_on, part.asked)
            chapters.append(Chapter(definition, remarks.frozen(report), part.words))
    return chapters


def compared(published: PublishedPackWhole) -> list[tuple[str, ReportDefinition, UUID, Since]]:
    """What changed since in each report of a published pack; reports without a change are left."""
    found = []
    for one in published.reports:
        definition = asking.definition_of(one.head.key)
        since = changes.since(definition, one.report, one.head.published_at)
        if since.changes or since.reopened:
            found.append((one.head.title, definition, one.head.id, since))
    return found


class PublishPackForm(forms.Schema):
    """The version of the draft that was looked at."""

    version: int


@pages.post(f"{ADDRESS}/<uuid:pack_id>/publish", needs=PUBLISH, again=pack)
def publish_pack(pack_id: UUID) -> Response:
    """Freezes every report of the pack and shows them to the client."""
    form = forms.bind(PublishPackForm)
    found = pack_queries.pack(pack_id)
    chapters = [(one.report, one.words) for one in built(found)]
    asked = proposals.ask_pack(pack_id, chapters, version=form.version)
    if asked is not None:
        toast(_("Sent for approval. Publish it once it is approved."))
        return redirect_to("tasks.show", approval_id=asked)
    made = pack_commands.publish_pack(pack_id, chapters, line=found.line, version=form.version)
    toast(_("Published. %(name)s can read it at the portal now.", name=context.client().name))
    return redirect_to("reports.published_pack", publication_id=made)


@pages.post(f"{ADDRESS}/<uuid:pack_id>/remove", needs=PUBLISH)
def remove_pack(pack_id: UUID) -> Response:
    """Takes a draft away."""
    forms.bind(WithdrawForm)
    token = pack_commands.remove_pack(pack_id)
    toast(_("Pack removed."), undo=url_for("reports.undo_pack", token=token))
    return redirect_to("reports.packs")


@pages.post("/c/<client>/reports/undo/<uuid:token>", needs=PUBLISH)
def undo_pack(token: UUID) -> Response:
    """Takes the last act back."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_to("reports.packs")


@pages.get("/c/<client>/reports/published-packs/<uuid:publication_id>", needs=READ)
def published_pack(publication_id: UUID) -> Response:
    """A published pack as the client reads it, and what changed in the books since."""
    found = pack_queries.published_pack(publication_id)
    asking.looked("published_pack", publication_id, found.head.line)
    page = page_of(found)
    current = not found.head.superseded and found.head.withdrawn_at is None
    return render(
        "reports/published_pack.html",
        pack=found,
        page=page,
        since=compared(found) if current and page == 0 else (),
        current=current,
        may_publish=scope.current().rights.may(f"{found.head.line}.publish"),
        may_export=scope.current().rights.may(f"{found.head.line}.export"),
    )


def page_of(found: PublishedPackWhole) -> int:
    """The page asked for: 0 for title and contents, then one a report. Raises NotFound."""
    asked = request.args.get("page", "0")
    page = int(asked) if asked.isdecimal() and len(asked) < 4 else -1
    if not 0 <= page <= len(found.reports):
        raise NotFound
    return page


@pages.post("/c/<client>/reports/published-packs/<uuid:publication_id>/withdraw", needs=READ)
def withdraw_pack(publication_id: UUID) -> Response:
    """Takes a published pack from the portal."""
    forms.bind(WithdrawForm)
    found = pack_queries.published_pack(publication_id)
    token = pack_commands.withdraw_pack(publication_id, line=found.head.line)
    toast(
        _("Withdrawn. The client no longer sees this pack."),
        undo=url_for("reports.undo_pack", token=token),
    )
    return redirect_to("reports.packs")


def permalink(object_id: UUID) -> str | None:
    """The page of a published pack, for /x/<client>/<id>."""
    try:
        pack_queries.published_pack(object_id)
    except NotFound:
        return None
    return url_for("reports.published_pack", publication_id=object_id)
