"""The operator's command line: a lazy click group that loads a command only when it is called.

A command is one line in COMMANDS: its name, where it lives, what it answers. Offline commands
(those that only read files) thus start without Flask, database or settings.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("app.cli.demo:demo", "Start everything with the demo data, on this machine."),
    "serve": ("app.cli.serve:serve", "Serve the web application."),
    "worker": ("app.cli.worker:worker", "Run jobs."),
    "dispatcher": ("app.cli.dispatcher:dispatcher", "Hand due jobs to the workers."),
    "migrate": ("app.cli.migrate:migrate", "Bring the database to the newest revision."),
    "doctor": ("app.cli.doctor:doctor", "Check the installation and say what to do."),
    "provider": ("app.cli.provider:provider", "Set up the provider."),
    "tenant": (
        "app.cli.tenant:tenant",
        "Client firms: create, list, suspend, export, import, erase.",
    ),
    "people": ("app.cli.people:people", "Staff and client people: invite, leave."),
    "grants": ("app.cli.grants:grants", "Who may see which client, until when."),
    "statements": ("app.cli.statements:statements", "Read bank statement files (offline)."),
    "documents": ("app.cli.documents:documents", "Read papers: invoices (offline)."),
    "sla": ("app.cli.sla:sla", "Deadlines in opening hours (offline)."),
    "billing": ("app.cli.billing:billing", "Rate prices (offline)."),
    "mail": ("app.cli.mail:mail", "Read mails as tickets read them (offline)."),
    "books": ("app.cli.books:books", "Move books in and out, and check them."),
    "backup": ("app.cli.backup:backup", "Take database, bucket and keys together."),
    "restore": ("app.cli.backup:restore", "Bring a backup back, at a chosen instant."),
    "keys": ("app.cli.keys:keys", "Change the key that wraps the clients' keys."),
    "bench": ("app.cli.bench:bench", "Measure against a reference taken in the same run."),
    "prove": ("app.cli.prove:prove", "Run one long proof."),
}


class LazyGroup(click.Group):
    """A click group that imports a command's module when the command is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command's name."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command; None when it is unknown."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(module), attribute)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the overview from the table alone, importing nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a refusal becomes one plain sentence and exit code 1."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            told = _refusal(error)
            if told is None:
                raise
            raise click.ClickException(told) from error


def _refusal(error: Exception) -> str | None:
    """Return the sentence for an error a person can act on; None for a fault of ours.

    The modules are looked up, not imported: an error class nobody imported was not raised.
    """
    servers = sys.modules.get("app.cli.servers.processes")
    if servers and isinstance(error, servers.ServerFault):
        return f"{error}\n{error.remedy}".rstrip()
    kernel, words = sys.modules.get("app.kernel.errors"), sys.modules.get("app.kernel.words")
    if kernel and words and isinstance(error, kernel.DomainError):
        return str(words.error_text(error.code, error.params))
    pydantic = sys.modules.get("pydantic")
    if pydantic and isinstance(error, pydantic.ValidationError) and error.title == "Settings":
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        return "Settings are missing or wrong:\n  " + "\n  ".join(wrong)
    return None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Run and check Backoffice, and do its work from the command line."""
