"""What the worker does for the directory: make a client, take in a file of clients."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from app.kernel import jobs
from app.kernel.jobs import Progress
from tenants import commands, importing
from tenants.schemas import NewFirm

CREATE = "tenants.create"
IMPORT = "tenants.import"


def as_args(firm: NewFirm) -> dict[str, Any]:
    """A firm as the arguments of a job."""
    values = asdict(firm)
    for name in ("serve_from", "serve_until"):
        values[name] = values[name].isoformat() if values[name] else None
    return {**values, "lines": list(firm.lines)}


def from_args(args: dict[str, Any]) -> NewFirm:
    """The firm of a job's arguments."""
    days = {name: args.get(name) for name in ("serve_from", "serve_until")}
    return NewFirm(
        **{
            **args,
            "lines": tuple(args["lines"]),
            **{name: date.fromisoformat(day) if day else None for name, day in days.items()},
        }
    )


@jobs.job(CREATE, queue="urgent", retries=3)
def create_client(args: dict[str, Any], progress: Progress) -> None:
    """Makes one client; all or nothing, so a repeated run finds nothing half done."""
    progress.at(0, 2, stage="Directory and books")
    firm = from_args(args)
    commands.create_client(firm=firm)
    progress.link(f"/desk/clients/{firm.slug}")


@jobs.job(IMPORT, queue="default", retries=1, lease=60)
def import_file(args: dict[str, Any], progress: Progress) -> None:
    """Takes in a checked file of clients, people and grants; all or none of it."""
    progress.at(0, stage="Checking")
    plan = importing.check(importing.read(args["text"]))
    importing.carry_out(plan)
    progress.link("/desk/clients")
