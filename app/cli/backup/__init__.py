"""`backoffice backup` and `backoffice restore`: database, bucket and keys, together."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

PATH = click.Path(path_type=Path)


@click.command()
@click.option("--to", "root", type=PATH, help="The folder; BACKOFFICE_BACKUP_DIR when left out.")
@click.option(
    "--recovery-key",
    "recovery",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Seals the keys; needed once, and when a key has changed.",
)
@click.option("--log", "only_log", is_flag=True, help="Only what is new: the log, and objects.")
@click.option("--verify", "only_verify", is_flag=True, help="Only read all kept files again.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def backup(
    root: Path | None, recovery: Path | None, only_log: bool, only_verify: bool, as_json: bool
) -> None:
    """Take database, bucket and keys together, verified and sealed; old ones age out.

    Run it daily, and with --log each minute: what lies between can be brought back to the second.
    """
    from app.cli.backup import taking
    from app.cli.backup.folder import Folder
    from app.kernel.settings import load_settings

    settings = load_settings()
    place = root or settings.backup_dir
    if place is None:
        raise click.UsageError("Name a folder: --to FOLDER, or BACKOFFICE_BACKUP_DIR.")
    folder = Folder(place)
    if only_verify:
        _tell_faults(taking.verify(settings, folder), len(folder.backups()), as_json)
        return
    with folder.alone():
        done = (
            taking.take_log(settings, folder)
            if only_log
            else taking.take(settings, folder, recovery=recovery, told=_stage)
        )
    values = {
        "backup": done.backup.stamp if done.backup else None,
        "objects": done.backup.objects if done.backup else None,
        "log_parts": done.segments,
        "until": done.until.isoformat() if done.until else None,
        "expired": done.expired,
    }
    name = values["backup"] or "log"
    _say(values, f"{name}: every instant until {values['until']} can be restored", as_json)


@click.command()
@click.option("--from", "root", type=PATH, help="The folder; BACKOFFICE_BACKUP_DIR when left out.")
@click.option("--into", type=PATH, required=True, help="A data folder that is not there yet.")
@click.option("--at", "instant", help="An instant such as 2026-11-23T14:05:00Z; the last without.")
@click.option(
    "--recovery-key",
    "recovery",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def restore(
    root: Path | None, into: Path, instant: str | None, recovery: Path, as_json: bool
) -> None:
    """Bring database, bucket and keys back, as they were at an instant, into an empty folder."""
    from app.cli.backup import restoring
    from app.cli.backup.folder import Folder

    place = root or _configured()
    if place is None:
        raise click.UsageError("Name a folder: --from FOLDER, or BACKOFFICE_BACKUP_DIR.")
    folder = Folder(place)
    moment = _moment(instant) if instant else folder.covered_until()
    if moment is None:
        raise click.ClickException(f"There is no backup in {place}.")
    done = restoring.restore(folder, into, instant=moment, recovery=recovery, told=_stage)
    values = {
        "folder": str(done.folder),
        "at": done.instant.isoformat(),
        "base": done.base,
        "log_parts": done.segments,
        "objects": done.objects,
    }
    _say(values, f"{into} is as of {values['at']}: {done.objects} objects", as_json)


def _configured() -> Path | None:
    """The folder of the settings, where there are any: a restore may have to do without."""
    import os

    named = os.environ.get("BACKOFFICE_BACKUP_DIR")
    return Path(named) if named else None


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text} is no instant such as 2026-11-23T14:05:00Z") from error
    if found.tzinfo is None:
        raise click.BadParameter("Say the zone too, such as Z or +01:00.")
    return found.astimezone(UTC)


def _tell_faults(wrong: list[str], backups: int, as_json: bool) -> None:
    values = {"backups": backups, "wrong": wrong, "ok": not wrong}
    text = "\n".join(wrong) if wrong else f"{backups} backups, nothing missing or damaged"
    _say(values, text, as_json)
    if wrong:
        sys.exit(1)


def _stage(text: str) -> None:
    click.echo(text, err=True)


def _say(values: Mapping[str, object], text: str, as_json: bool) -> None:
    click.echo(json.dumps(values) if as_json else text)
