"""Find the browser that the browser tests drive, and install Debian's where we may."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """Return the path of a Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _install() -> None:
    """Try apt as root, quietly and with a time-out."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print("Installing Chromium for the browser tests", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
    ):
        try:
            subprocess.run(command, env=quiet, check=True, timeout=600, stdout=subprocess.DEVNULL)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"{' '.join(command[:2])} did not work: {error}", file=sys.stderr)
            return


def main() -> None:
    """Make a browser available, or say loudly that its tests will be skipped."""
    if find() is None:
        _install()
    if find() is None:
        print(
            "\n*** NO CHROMIUM: THE BROWSER TESTS WILL BE SKIPPED. ***\n"
            "    As root: apt-get install chromium\n",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
