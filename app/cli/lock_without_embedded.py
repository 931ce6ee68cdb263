"""Print a lock file without the packages of the `embedded` extra (and what only they need).

Run as a file while the image is built, before anything is installed.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

NAME = re.compile(r"^[A-Za-z0-9._-]+")


def embedded(project: str) -> set[str]:
    """Return the names of the embedded servers' packages."""
    wanted = tomllib.loads(project)["project"]["optional-dependencies"]["embedded"]
    return {_name(requirement) for requirement in wanted}


def reduce(lock: str, unwanted: set[str]) -> str:
    """Leave out the unwanted packages, and those that are there for their sake alone."""
    blocks = re.split(r"(?m)^(?=[A-Za-z0-9])", lock)
    while True:
        kept = [block for block in blocks if _name(block) not in unwanted]
        orphans = {_name(block) for block in kept if (by := _wanted_by(block)) and by <= unwanted}
        if not orphans - unwanted:
            return "".join(kept)
        unwanted = unwanted | orphans


def _name(text: str) -> str:
    found = NAME.match(text)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def _wanted_by(block: str) -> set[str]:
    """Return who asks for a package, from the comment that the resolver left."""
    comment = block.partition("# via")[2]
    lines = (line.strip(" #") for line in comment.splitlines())
    return {_name(line) for line in lines if line and not line.startswith("-c ")}


if __name__ == "__main__":
    project_file, lock_file = map(Path, sys.argv[1:3])
    sys.stdout.write(reduce(lock_file.read_text(), embedded(project_file.read_text())))
