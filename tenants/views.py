"""Pages of the client directory and of the provider's settings."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, request, url_for

from app.kernel import clock, db, jobs, paging, registry
from app.kernel.errors import Invalid, NotFound
from app.kernel.registry import ServiceLine
from app.kernel.scope import Scope
from app.kernel.words import _
from app.web import context, forms, lists, recall
from app.web.fresh import needs_fresh
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import redirect_to, render, toast
from tenants import brand, commands, countries, importing, queries
from tenants.form_schemas import (
    ClientForm,
    EndForm,
    EngagementForm,
    FirmForm,
    ImportForm,
    Nothing,
    ProviderForm,
)
from tenants.jobs import CREATE, IMPORT, as_args
from tenants.queries import DirectoryRow
from tenants.schemas import NewFirm, complete, slug_of

pages = Pages("clients", __name__, surface=Surface.PROVIDER)
firm_pages = Pages("firm", __name__, surface=Surface.CLIENT)

_TONES: dict[str, lists.Tone] = {
    "active": "good",
    "suspended": "warn",
    "creating": "info",
    "closing": "bad",
}
_STATES = {
    "active": _("Active"),
    "suspended": _("Suspended"),
    "creating": _("Being made"),
    "closing": _("Closing"),
}
_LINES = {
    "accounting": _("Accounting"),
    "compliance": _("Compliance"),
    "tickets": _("Tickets"),
    "analytics": _("Analytics"),
}


def _state_tag(row: DirectoryRow) -> lists.Tag:
    return lists.Tag(_STATES[row.state], _TONES[row.state])


def _served(row: DirectoryRow) -> str:
    return ", ".join(str(_LINES.get(line, line)) for line in row.lines) or "–"


CLIENTS = lists.ListView(
    id="clients",
    caption=_("Clients"),
    label="name",
    columns=(
        lists.Column("name", _("Client"), main=True),
        lists.Column("lines", _("Served"), cell=_served, phone="l2"),
        lists.Column("country", _("Country"), phone="ax"),
        lists.Column("currency", _("Currency"), phone="ax"),
        lists.Column("state", _("State"), cell=_state_tag, phone="r1"),
    ),
    href=lambda row: url_for("clients.show", slug=row.slug),
    filters=(lists.Filter("q", _("Search"), kind="search"),),
    views=(
        lists.View("all", _("All"), {}),
        lists.View("active", _("Active"), {"state": "active"}),
        lists.View("suspended", _("Suspended"), {"state": "suspended"}),
    ),
    empty=lists.Empty("building-2", _("There is no client here yet.")),
)


@pages.get("/desk/clients", needs="tenant.list")
def index() -> Response:
    """All clients of the provider, also those the reader holds no grant for."""
    asked = CLIENTS.read()
    rows = queries.directory(
        state=asked.filters.get("state"),
        search=asked.filters.get("q"),
        after=paging.decode(asked.after, width=2),
        limit=asked.limit,
    )
    cut = paging.page(rows, limit=asked.limit, key=lambda one: (one.name.lower(), one.slug))
    return render(
        "tenants/clients.html",
        fragment="list",
        page=CLIENTS.page(asked, cut.rows, after=cut.next),
    )


def new_client() -> Response:
    """The form of a new client; a country fills in the rest."""
    asked = request.args.get("country", "")
    suggestion = countries.suggest(asked) if countries.is_country(asked) else None
    values: dict[str, Any] = {"country": asked, "lines": ["accounting"]}
    if suggestion:
        values |= {
            "currency": suggestion.currency,
            "time_zone": suggestion.time_zone,
            "locale": suggestion.locale,
            "chart": suggestion.chart,
        }
    return render("tenants/new.html", form=forms.current(ClientForm, values=values), **_choices())


pages.get("/desk/clients/new", needs="client.create")(new_client)


@pages.post("/desk/clients/new", needs="client.create", again=new_client)
def create() -> Response:
    """Checks the firm and hands it to the worker."""
    asked = forms.bind(ClientForm)
    values = asked.model_dump()
    firm = complete(
        NewFirm(
            **{
                **values,
                "slug": values["slug"] or slug_of(asked.name),
                "country": asked.country.upper(),
                "lines": tuple(asked.lines),
            }
        )
    )
    if any(row.slug == firm.slug for row in queries.directory(search=firm.slug)):
        raise Invalid.of("slug", "slug-taken", slug=firm.slug)
    jobs.enqueue(CREATE, as_args(firm), title=firm.name)
    toast(_("%(name)s is being made; this takes a second.", name=firm.name))
    return redirect_to("clients.index")


@pages.get("/desk/clients/<slug>", needs="tenant.list")
def show(slug: str) -> Response:
    """One client of the directory: what is served, its state."""
    row = queries.directory_row(slug)
    served = queries.engagements(row.tenant_id)
    return render(
        "tenants/client.html",
        row=row,
        served=served,
        now=clock.now(),
        state=_state_tag(row),
        form=forms.current(EngagementForm),
        **_choices(),
    )


def _show_again(slug: str) -> Response:
    return show(slug)


@pages.post("/desk/clients/<slug>/suspend", needs="tenant.state", again=_show_again)
def suspend(slug: str) -> Response:
    """Makes the client read only, in the database."""
    forms.bind(Nothing)
    commands.suspend(tenant_id=_client_of(slug).tenant_id)
    toast(_("Suspended: everything can be read, nothing written."))
    recall.forget_all()
    return redirect_to("clients.show", slug=slug)


@pages.post("/desk/clients/<slug>/reactivate", needs="tenant.state", again=_show_again)
def reactivate(slug: str) -> Response:
    """Lets the client write again."""
    forms.bind(Nothing)
    commands.reactivate(tenant_id=_client_of(slug).tenant_id)
    toast(_("Active again."))
    recall.forget_all()
    return redirect_to("clients.show", slug=slug)


@pages.post("/desk/clients/<slug>/engagement", needs="engagement.set", again=_show_again)
def engage(slug: str) -> Response:
    """Serves a line from a day on."""
    asked, row = forms.bind(EngagementForm), _client_of(slug)
    starts = commands.start_of(asked.serve_from, "UTC")
    assert starts is not None
    commands.engage(
        tenant_id=row.tenant_id,
        line=asked.line,
        starts=starts,
        ends=commands.start_of(asked.serve_until, "UTC"),
        document_id=asked.document_id,
    )
    toast(_("The engagement is kept."))
    return redirect_to("clients.show", slug=slug)


@pages.post("/desk/clients/<slug>/engagement/end", needs="engagement.set", again=_show_again)
def end_engagement(slug: str) -> Response:
    """Ends a line now, and with it every grant that rests on it."""
    asked = forms.bind(EndForm)
    ended = commands.end_engagement(tenant_id=_client_of(slug).tenant_id, line=asked.line)
    if not ended:
        raise NotFound
    toast(_("Ended. Grants that rested on it have ended too."))
    return redirect_to("clients.show", slug=slug)


def _client_of(slug: str) -> DirectoryRow:
    row = queries.directory_row(slug)
    if row.is_provider:
        raise NotFound
    return row


def import_form() -> Response:
    """Upload of a file of clients, people and grants."""
    return render(
        "tenants/import.html", form=forms.current(Nothing), columns=importing.COLUMNS, plan=None
    )


pages.get("/desk/clients/import", needs="client.create")(needs_fresh(import_form))


@pages.post(
    "/desk/clients/import",
    needs="client.create",
    again=import_form,
    max_bytes=importing.MAX_BYTES + 100_000,
)
@needs_fresh
def preview() -> Response:
    """The dry run: what the file would do, or what is wrong in which line."""
    found = forms.upload("file", max_bytes=importing.MAX_BYTES)
    if found is None:
        raise Invalid.of("file", "required")
    try:
        text = found.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid.of("file", "not-utf-8") from error
    plan = importing.check(importing.read(text))
    return render(
        "tenants/import.html",
        status=422 if plan.faults else 200,
        form=forms.current(Nothing),
        columns=importing.COLUMNS,
        plan=plan,
        text=text,
    )


@pages.post(
    "/desk/clients/import/go",
    needs="client.create",
    again=import_form,
    max_bytes=3 * importing.MAX_BYTES,
)
def carry_out() -> Response:
    """Hands a file without faults to the worker, which checks it again."""
    asked = forms.bind(ImportForm)
    plan = importing.check(importing.read(asked.text))
    if plan.faults:
        raise Invalid.of("file", "import-has-faults")
    jobs.enqueue(IMPORT, {"text": asked.text}, title=str(_("Import of clients and people")))
    toast(_("The file is being taken in. Its job shows how far it is."))
    return redirect_to("clients.index")


def settings() -> Response:
    """Name, logo, accent and sender of the provider."""
    found = queries.provider_setting()
    values = {
        "name": found.name,
        "accent": found.accent,
        "sender_name": found.sender_name,
        "sender_address": found.sender_address,
    }
    return render(
        "tenants/provider.html",
        form=forms.current(ProviderForm, values=values),
        has_logo=found.logo_type is not None,
    )


pages.get("/desk/settings", needs="provider.settings")(settings)


@pages.post("/desk/settings", needs="provider.settings", again=settings, max_bytes=1_000_000)
def change_settings() -> Response:
    """Keeps the provider's face; the accent is checked for contrast, the logo taken apart."""
    asked = forms.bind(ProviderForm)
    found = forms.upload("logo", max_bytes=brand.MAX_LOGO_BYTES)
    commands.change_provider(
        name=asked.name,
        accent=asked.accent,
        sender_name=asked.sender_name,
        sender_address=asked.sender_address,
        logo=brand.checked_logo(found.data) if found else None,
        remove_logo=asked.remove_logo,
    )
    recall.forget_all()
    toast(_("Kept."))
    return redirect_to("clients.settings")


@pages.get("/brand/logo", public=True)
def logo() -> Response:
    """The provider's logo, as everybody sees it."""
    with db.transaction(Scope.login_by_hash("prin", "brand"), read_only=True):
        found = queries.provider_logo()
    if found is None:
        raise NotFound
    return make_response(found[1], 200, {"Content-Type": found[0]})


def firm_settings() -> Response:
    """The firm, what is served for it, and where its people are."""
    firm = queries.firm(context.client().tenant_id)
    values = {
        "name": firm.name,
        "legal_name": firm.legal_name,
        "country": firm.country,
        "time_zone": firm.time_zone,
        "locale": firm.locale,
    }
    return render(
        "tenants/firm.html",
        form=forms.current(FirmForm, values=values),
        firm=firm,
        served=queries.engagements(firm.tenant_id),
        now=clock.now(),
        **_choices(),
    )


firm_pages.get("/c/<client>/settings", needs=SIGNED_IN, endpoint="settings")(firm_settings)


@firm_pages.post("/c/<client>/settings", needs="engagement.set", again=firm_settings)
def change_firm() -> Response:
    """Keeps what may change of a firm."""
    asked = forms.bind(FirmForm)
    commands.change_firm(tenant_id=context.client().tenant_id, **asked.model_dump())
    recall.forget_all()
    toast(_("Kept."))
    return redirect_to("firm.settings")


def _choices() -> dict[str, Any]:
    """What the forms offer."""
    offered = [(line.name, line.title) for line in registry.current().all(ServiceLine)]
    return {
        "countries": list(countries.countries().items()),
        "charts": [(name, name.upper() if len(name) == 2 else name) for name in countries.CHARTS],
        "months": [(str(number), str(number)) for number in range(1, 13)],
        "locales": [("en", "English"), ("de", "Deutsch")],
        "lines": offered or list(_LINES.items()),
        "line_titles": _LINES,
    }
