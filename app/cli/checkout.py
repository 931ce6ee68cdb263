"""Make `backoffice` and the packages of this checkout known to the environment that runs this.

Run as a file by make, after the dependencies are in: no build step, nothing fetched.
"""

from __future__ import annotations

import sysconfig
from pathlib import Path

# A shebang cannot hold a path with spaces or of more than 127 characters; /bin/sh can.
SCRIPT = """\
#!/bin/sh
exec "$(dirname "$0")/python" -m app.cli "$@"
"""


def main() -> None:
    """Write a path file and the console script."""
    root = Path(__file__).resolve().parents[2]
    paths = sysconfig.get_paths()
    (Path(paths["purelib"]) / "backoffice-checkout.pth").write_text(f"{root}\n")
    script = Path(paths["scripts"]) / "backoffice"
    script.write_text(SCRIPT)
    script.chmod(0o755)


if __name__ == "__main__":
    main()
