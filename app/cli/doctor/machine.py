"""The doctor's look at the machine: Python, disk, private files, and the house rules."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from app.cli.doctor.finding import Finding, fail, ok, warn
from app.documents.ocr_packages import PACKAGES
from app.kernel.settings import Settings

LOW_MB, FULL_MB = 2000, 300
ROOT = Path(__file__).resolve().parents[3]


def check(settings: Settings) -> Iterator[Finding]:
    """Check Python, free disk and the mode of what holds secrets."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield ok("python", version)
    yield _disk(settings.data_dir)
    yield _ocr()
    yield _readers()
    yield from _private_files(settings.data_dir)


def _ocr() -> Finding:
    """Which program reads scanned pages."""
    if path := shutil.which("tesseract"):
        return ok("scanned pages", f"read by {path}")
    return warn(
        "scanned pages",
        "tesseract is not installed",
        means="Invoices that are pictures are kept, but not read.",
        remedy=f"apt-get install {' '.join(PACKAGES)}",
    )


def _readers() -> Finding:
    """Whether the kernel keeps the network from the programs that read strangers' files."""
    asked = "from app.kernel import offline; print(offline.cut_off())"
    command = [sys.executable, "-c", asked]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    if told.strip() == "True":
        return ok("readers of files", "they have no network")
    return warn(
        "readers of files",
        "the kernel does not keep the network from them",
        means="A program that a hostile file takes over could call out.",
        remedy="Run workers on Linux (x86_64 or aarch64), with seccomp allowed.",
    )


def _disk(folder: Path) -> Finding:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free // 2**20
    if free < FULL_MB:
        return fail("disk", f"{free} MB free", means="Writes will fail.", remedy="Free some space.")
    if free < LOW_MB:
        return warn("disk", f"{free} MB free", remedy="Free some space soon.")
    return ok("disk", f"{free // 1000} GB free")


def _private_files(folder: Path) -> Iterator[Finding]:
    for path in (folder / "private", folder / "private" / "secrets.json", folder / "run" / "env"):
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield fail(
                "secrets",
                f"others may read {path}",
                remedy=f"chmod go-rwx {path}; then change the secrets in it.",
            )


def check_house_rules() -> Iterator[Finding]:
    """Run the house rules where the tests are: in a checkout, not in an image."""
    if not (ROOT / "tests" / "rules").is_dir():
        return
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]
    made = subprocess.run(
        [*command, "--noconftest", "tests/rules"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if "No module named pytest" in made.stderr:
        yield warn("house rules", "not checked: the test tools are not installed")
    elif made.returncode == 0:
        yield ok("house rules", made.stdout.strip().splitlines()[-1])
    else:
        broken = [line for line in made.stdout.splitlines() if line.startswith("FAILED")]
        yield warn("house rules", "; ".join(broken) or "did not run", remedy="make test")
