"""Programs of Debian that the tests use: find them, and install them where we may."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

from app.documents.ocr_packages import PACKAGES


@dataclass(frozen=True, slots=True)
class Program:
    """A program under any of its names, the packages that bring it, and who misses it."""

    names: tuple[str, ...]
    packages: tuple[str, ...]
    missed_by: str

    def find(self) -> str | None:
        """Return its path, or None."""
        return next((path for name in self.names if (path := shutil.which(name))), None)


CHROMIUM = Program(
    ("chromium", "chromium-browser", "google-chrome"), ("chromium",), "the browser tests"
)
TESSERACT = Program(("tesseract",), PACKAGES, "the tests that read scanned pages")


def _install(programs: list[Program]) -> None:
    """Try apt as root, quietly and with a time-out."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    packages = [package for program in programs for package in program.packages]
    print(f"Installing {packages[0]} and what else the tests use of Debian", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        try:
            subprocess.run(command, env=quiet, check=True, timeout=600, stdout=subprocess.DEVNULL)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"{' '.join(command[:2])} did not work: {error}", file=sys.stderr)
            return


def main() -> None:
    """Make the programs available, or say loudly which tests will be skipped."""
    programs = (CHROMIUM, TESSERACT)
    if missing := [one for one in programs if one.find() is None]:
        _install(missing)
    for one in programs:
        if one.find() is None:
            print(
                f"\n*** NO {one.names[0].upper()}: {one.missed_by.upper()} WILL BE SKIPPED. ***\n"
                f"    As root: apt-get install {' '.join(one.packages)}\n",
                file=sys.stderr,
            )


if __name__ == "__main__":
    main()
