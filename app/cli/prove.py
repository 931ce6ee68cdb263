"""`backoffice prove NAME`: one long proof, as `make prove` runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

PROOFS = Path("tests/prove")


def names() -> list[str]:
    """Return the proofs there are, as they are named on the command line."""
    return sorted(file.stem.replace("_", "-") for file in PROOFS.glob("[a-z]*.py"))


@click.command()
@click.argument("name", required=False)
@click.option("--size", type=int, help="How much; each proof documents its unit.")
@click.option("--seed", type=int, default=1, show_default=True)
def prove(name: str | None, size: int | None, seed: int) -> None:
    """Run one long proof; without a name, list them.

    A proof is tests/prove/<name>.py, run by pytest; it reads BACKOFFICE_PROVE_SIZE and
    BACKOFFICE_PROVE_SEED and prints its figures.
    """
    known = names()
    if name is None:
        click.echo("\n".join(known) or "No proofs here: run it in a checkout.")
        return
    if name not in known:
        raise click.UsageError(f"no proof named {name}; there are: {', '.join(known)}")
    surroundings = {**os.environ, "BACKOFFICE_PROVE_SEED": str(seed)}
    if size is not None:
        surroundings["BACKOFFICE_PROVE_SIZE"] = str(size)
    file = PROOFS / f"{name.replace('-', '_')}.py"
    command = [
        sys.executable,
        "-m",
        "pytest",
        str(file),
        "-s",
        "-q",
        "-n",
        "0",
        "-p",
        "no:randomly",
    ]
    sys.exit(subprocess.run(command, env=surroundings, check=False).returncode)
