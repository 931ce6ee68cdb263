"""`backoffice tenant`: client firms made, listed, suspended, taken along, returned, erased."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from app.kernel.errors import DomainError, Invalid
from app.kernel.words import error_text


@click.group()
def tenant() -> None:
    """Client firms: create, list, suspend, export, import, erase."""


def _as_person(command: Any) -> Any:
    return click.option("--as", "person", metavar="EMAIL", help="Who the audit names.")(command)


def _as_json(command: Any) -> Any:
    return click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")(command)


@tenant.command("create")
@click.argument("slug")
@click.option("--name", required=True)
@click.option("--country", required=True, help="ISO 3166, such as GB.")
@click.option("--legal-name", default="")
@click.option("--currency", default="", help="ISO 4217; the country's own when left out.")
@click.option("--time-zone", default="")
@click.option("--language", default="", help="en or de.")
@click.option("--chart", default="", help="general, uk or us.")
@click.option("--fiscal-year-start-month", "month", default=1, show_default=True)
@click.option("--books-from-year", "year", type=int)
@click.option("--line", "lines", multiple=True, default=("accounting",), show_default=True)
@click.option("--from", "starts", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--until", "ends", type=click.DateTime(["%Y-%m-%d"]), help="First day not served.")
@_as_person
@_as_json
def create(
    slug: str,
    name: str,
    country: str,
    legal_name: str,
    currency: str,
    time_zone: str,
    language: str,
    chart: str,
    month: int,
    year: int | None,
    lines: tuple[str, ...],
    starts: datetime | None,
    ends: datetime | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Make a client firm with its books, at once."""
    from app.cli.operator_scope import as_operator, working
    from tenants import commands
    from tenants.schemas import NewFirm

    firm = NewFirm(
        slug=slug,
        name=name,
        country=country.upper(),
        legal_name=legal_name,
        currency=currency.upper(),
        time_zone=time_zone,
        locale=language,
        chart=chart,
        fiscal_year_start_month=month,
        books_from_year=year,
        lines=lines,
        serve_from=starts.date() if starts else None,
        serve_until=ends.date() if ends else None,
    )
    with working(), _Told(as_json), as_operator(person):
        made = commands.create_client(firm=firm)
    _say(as_json, {"slug": slug, "id": str(made), "state": "active"}, f"{slug} is made.")


@tenant.command("list")
@click.option("--state", type=click.Choice(["creating", "active", "suspended", "closing"]))
@_as_json
def list_(state: str | None, as_json: bool) -> None:
    """List the client firms."""
    from app.cli.operator_scope import as_operator, working
    from tenants import queries

    with working(), as_operator():
        rows = queries.directory(state=state, limit=100_000)
    for row in rows:
        values = {
            "slug": row.slug,
            "name": row.name,
            "country": row.country,
            "currency": row.currency,
            "state": row.state,
            "lines": list(row.lines),
            "provider": row.is_provider,
        }
        text = f"{row.slug}\t{row.state}\t{row.country}\t{row.currency}\t{row.name}"
        _say(as_json, values, text)


@tenant.command("suspend")
@click.argument("slug")
@_as_person
@_as_json
def suspend(slug: str, person: str | None, as_json: bool) -> None:
    """Make a client read only, in the database."""
    _change_state(slug, "suspended", person, as_json)


@tenant.command("reactivate")
@click.argument("slug")
@_as_person
@_as_json
def reactivate(slug: str, person: str | None, as_json: bool) -> None:
    """Let a suspended client write again."""
    _change_state(slug, "active", person, as_json)


def _change_state(slug: str, state: str, person: str | None, as_json: bool) -> None:
    from app.cli.operator_scope import as_operator, working
    from tenants import commands, queries

    with working(), _Told(as_json), as_operator(person):
        row = queries.directory_row(slug)
        change = commands.suspend if state == "suspended" else commands.reactivate
        change(tenant_id=row.tenant_id)
    _say(as_json, {"slug": slug, "state": state}, f"{slug} is {state}.")


@tenant.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check only; make nothing.")
@click.option("--slug", help="Another short name for the client of an export.")
@_as_person
@_as_json
def import_(file: Path, dry_run: bool, slug: str | None, person: str | None, as_json: bool) -> None:
    """Take in an export of `tenant export`, or a CSV of clients, people and grants.

    All of it or nothing; exits 1 when something is refused. See docs/leaving.md for exports and
    docs/clients.md for the columns.
    """
    from tenants.leaving.reading import is_export

    if is_export(file):
        with _Told(as_json):
            _bring_back(file, dry_run, slug, as_json)
        return
    _import_rows(file, dry_run, person, as_json)


@tenant.command("export")
@click.argument("slug")
@click.option("--to", "file", type=click.Path(dir_okay=False, path_type=Path), required=True)
@_as_person
@_as_json
def export(slug: str, file: Path, person: str | None, as_json: bool) -> None:
    """Write everything of a client into one file; the same data makes the same bytes."""
    from app.cli.operator_scope import actor_of, as_operator, working
    from app.kernel.scope import Scope
    from tenants.leaving import exporting

    with working(), _Told(as_json):
        with as_operator(person, tenant=slug) as found:
            scope = Scope.system_job(found, person_id=actor_of(person), request_id="cli")
        done = exporting.write(file, scope)
    values = {
        "slug": slug,
        "file": str(file),
        "rows": done.rows,
        "documents": done.papers,
        "bytes": done.size,
        "sha256": done.sha256,
    }
    text = "{file}: {rows} rows, {documents} documents, {bytes} bytes, sha256 {sha256}"
    _say(as_json, values, text.format(**values))


@tenant.command("erase")
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Do not ask once more.")
@_as_person
@_as_json
def erase(slug: str, yes: bool, person: str | None, as_json: bool) -> None:
    """Erase a client whose erasure a second person approved; prints its certificate."""
    from app.cli.operator_scope import actor_of, as_operator, working
    from tenants.leaving import erasing

    with working(), _Told(as_json):
        with as_operator(person) as home:
            request = erasing.approved(slug)
        if not yes:
            click.confirm(f"Erase {request.name} for ever?", abort=True, err=True)
        done = erasing.erase(request, provider=home, operator=actor_of(person))
    text = "\n".join(f"{name}: {value}" for name, value in done.as_json().items())
    _say(as_json, done.as_json(), text)


def _bring_back(file: Path, dry_run: bool, slug: str | None, as_json: bool) -> None:
    from app.cli.operator_scope import actor_of, working
    from tenants.leaving import returning

    with working():
        if dry_run:
            found = returning.check(file)
            values = {"file": str(file), "slug": found.slug, "done": False}
            _say(as_json, values, f"{file}: a sound export of {found.slug}; nothing was made")
            return
        done = returning.bring_back(file, operator=actor_of(None), slug=slug)
    values = {
        "file": str(file),
        "slug": done.slug,
        "id": str(done.tenant_id),
        "rows": done.rows,
        "documents": done.papers,
        "strangers": done.strangers,
        "done": True,
    }
    text = "{slug} is back: {rows} rows, {documents} documents".format(**values)
    if done.strangers:
        text += f"; {done.strangers} addresses belong to others here, give these people access anew"
    _say(as_json, values, text)


def _import_rows(file: Path, dry_run: bool, person: str | None, as_json: bool) -> None:
    from app.cli.operator_scope import as_operator, working
    from tenants import importing

    with working(), _Told(as_json):
        try:
            text = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise Invalid.of("file", "not-utf-8") from error
        with as_operator(person):
            plan = importing.check(importing.read(text))
            if not plan.faults and not dry_run:
                importing.carry_out(plan)
        for fault in plan.faults:
            text = f"{file}:{fault.line}: {fault.field}: {fault.remedy}"
            _say(as_json, {"file": str(file), **fault.as_json()}, text)
    done = {
        "file": str(file),
        "clients": len(plan.firms),
        "people": len(plan.people),
        "grants": len(plan.grants),
        "faults": len(plan.faults),
        "done": not plan.faults and not dry_run,
    }
    counts = "{clients} clients, {people} people, {grants} grants, {faults} faults".format(**done)
    _say(as_json, done, counts + ("" if done["done"] else "; nothing was made"))
    if plan.faults:
        sys.exit(1)


class _Told:
    """Turns a refusal into its line of JSON or its sentence, and exit code 1."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, DomainError):
            return
        faults = [
            {"field": name, "code": one.code, "remedy": error_text(one.code, one.params)}
            for name, found in (error.fields if isinstance(error, Invalid) else {}).items()
            for one in found
        ]
        if self.as_json:
            click.echo(json.dumps({"error": {"code": error.code, "errors": faults}}))
        else:
            for fault in faults or [{"field": "", "remedy": error_text(error.code, error.params)}]:
                click.echo(f"{fault['field']}: {fault['remedy']}".lstrip(": "), err=True)
        sys.exit(1)


def _say(as_json: bool, values: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(values, ensure_ascii=False) if as_json else text)
