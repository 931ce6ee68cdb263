"""`backoffice demo`: the whole platform on this machine, with demo data, by one command."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import click

from app.cli import demo_start, servers
from app.cli import supervisor_checks as checks
from app.cli.servers import ServerFault, postgres
from app.cli.servers.layout import Layout
from app.cli.servers.secrets import private_folder, write_private
from app.cli.supervisor import Supervisor
from app.cli.supervisor_logs import say

ADDRESSES = {"postgres": "DATABASE_URL", "valkey": "VALKEY_URL", "s3": "S3_ENDPOINT_URL"}
READY_SECONDS = 90
MAIL_IN_DOMAIN = "in.backoffice.example"


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--folder",
    default=Path(".local"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where data, logs and secrets lie.",
)
@click.option("--reset", is_flag=True, help="Throw the data away first.")
@click.option("--empty", is_flag=True, help="Without the demo data.")
@click.option("--once", is_flag=True, help="Stop again as soon as everything is ready.")
def demo(port: int, folder: Path, *, reset: bool, empty: bool, once: bool) -> None:
    """Start servers, web, worker and dispatcher with demo data; Ctrl-C stops them all."""
    began = time.monotonic()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with checks.only_one(private_folder(folder.resolve() / "run")):
            plan = Plan(port=port, reset=reset, empty=empty, once=once, began=began)
            _run(folder.resolve(), plan)
    except OSError as error:
        raise checks.explain(error) from error


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for on the command line, and when."""

    port: int
    reset: bool
    empty: bool
    once: bool
    began: float


def _run(folder: Path, plan: Plan) -> None:
    if plan.reset:
        _throw_away(folder)
    checks.secrets_fit_data(folder)
    checks.space(folder, first=not (folder / "run" / "demo-loaded").exists())
    layout = Layout.at(folder)
    orphans = checks.stop_orphans(layout)
    if orphans:
        say(f"stopped {orphans} processes that a killed run had left")
    checks.port(plan.port)
    want = {name for name, variable in ADDRESSES.items() if variable not in os.environ}
    say("starting " + ", ".join(sorted(want)) if want else "using your own servers")
    running = servers.start_all(folder, want=want)
    environment = _environment(layout, running.environment(), port=plan.port)
    supervisor = Supervisor(layout, environment=environment, port=plan.port)
    _on_signal(supervisor)
    try:
        supervisor.keep_servers(running.processes)
        _prepare(layout, supervisor, embedded="postgres" in want, empty=plan.empty)
        supervisor.start_services()
        if not supervisor.wait_ready(seconds=READY_SECONDS):
            raise ServerFault("The web application did not answer.", remedy=f"See {layout.logs}.")
        if not supervisor.stopping.is_set():
            _greet(layout, port=plan.port, seconds=time.monotonic() - plan.began)
        while not plan.once and not supervisor.stopping.wait(0.5):
            pass
    finally:
        say("stopping")
        supervisor.stop()
        say("stopped")


def _environment(layout: Layout, found: Mapping[str, str], *, port: int) -> dict[str, str]:
    """Return all settings of the demo and leave them for other commands, private to us."""
    copy = layout.private / "kek-copy"
    if not copy.exists():
        write_private(copy, found["BACKOFFICE_KEK"] + "\n")
    settings = {
        **found,
        "BACKOFFICE_ENVIRONMENT": "demo",
        "BACKOFFICE_PUBLIC_URL": f"http://localhost:{port}",
        "BACKOFFICE_DATA_DIR": str(layout.root),
        "BACKOFFICE_KEK_COPY": str(copy),
        "BACKOFFICE_MAIL_IN_DOMAIN": MAIL_IN_DOMAIN,
    }
    settings |= {name: os.environ[name] for name in settings if name in os.environ}
    text = "".join(f"{name}={value}\n" for name, value in settings.items())
    write_private(layout.run / "env", text)
    return settings


def _prepare(layout: Layout, supervisor: Supervisor, *, embedded: bool, empty: bool) -> None:
    """Migrate and load; a database whose loading was cut off is made anew."""
    stamp = layout.run / "prepared"
    wanted = f"{demo_start.fingerprint()} {'empty' if empty else 'demo'}"
    if embedded and stamp.exists() and stamp.read_text() == wanted:
        return
    code = _prepare_once(layout, supervisor, empty=empty)
    if code == demo_start.HALF_MADE and embedded:
        say("the demo data was half made: making it anew")
        postgres.empty_database(layout)
        _forget_demo(layout)
        code = _prepare_once(layout, supervisor, empty=empty)
    if supervisor.stopping.is_set():
        return
    if code != 0:
        raise ServerFault(
            "The database could not be prepared (see above).",
            remedy="Start over with an empty folder:  make demo-reset",
        )
    stamp.write_text(wanted)


def _prepare_once(layout: Layout, supervisor: Supervisor, *, empty: bool) -> int:
    command = [sys.executable, "-m", "app.cli.demo_start", str(layout.run)]
    if empty:
        command.append("--empty")
    child = subprocess.Popen(command, env={**os.environ, **supervisor.environment})
    return child.wait()


def _forget_demo(layout: Layout) -> None:
    for name in ("demo-loading", "demo-loaded", "logins.json", "prepared"):
        (layout.run / name).unlink(missing_ok=True)


def _throw_away(folder: Path) -> None:
    """Stop what runs in the folder and empty it, the lock we hold left in place."""
    if (folder / "private").exists():
        layout = Layout.at(folder)
        checks.stop_orphans(layout)
        servers.stop(layout)
        postgres.remove(layout)
    keep = {folder / "run", folder / "test"}
    for path in [*folder.iterdir(), *(folder / "run").iterdir()]:
        if path in keep or path.name == "demo.lock":
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _on_signal(supervisor: Supervisor) -> None:
    def asked(_number: int, _frame: FrameType | None) -> None:
        supervisor.stopping.set()

    signal.signal(signal.SIGINT, asked)
    signal.signal(signal.SIGTERM, asked)
    signal.signal(signal.SIGHUP, asked)


def _greet(layout: Layout, *, port: int, seconds: float) -> None:
    click.echo(f"\n  Backoffice is ready after {seconds:.1f} s:  http://localhost:{port}\n")
    logins = layout.run / "logins.json"
    found: list[dict[str, Any]] = json.loads(logins.read_text()) if logins.exists() else []
    for line in _login_table(found):
        click.echo("  " + line)
    click.echo(f"\n  Logs: {layout.logs}   Stop: Ctrl-C\n")


def _login_table(logins: list[dict[str, Any]]) -> list[str]:
    """Return the logins in columns, each with the code its authenticator shows now."""
    import pyotp

    if not logins:
        return []
    rows = [["name", "role", "e-mail", "password", "authenticator key", "code now"]]
    for login in logins:
        seed = str(login.get("authenticator") or "")
        told = [str(login.get(name) or "") for name in ("name", "role", "email", "password")]
        rows.append([*told, seed, pyotp.TOTP(seed).now() if seed else ""])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
