"""The demo's preparation in a process of its own: migrate, load the data once, name the logins.

Writes run/logins.json for the supervisor. Exit code 3: the data is half made (an earlier run was
killed while loading it), so the supervisor makes the database anew.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from app.cli.servers.secrets import write_private

HALF_MADE = 3


def fingerprint() -> str:
    """Return what a prepared database depends on: revisions, their SQL, and the shipped roles."""
    root = Path(__file__).resolve().parents[2]
    files = [*(root / "migrations").rglob("*.sql"), *(root / "migrations").rglob("*.py")]
    files += [*root.glob("*/roles.py"), *root.glob("*/*/roles.py"), *root.glob("app/cli/*.py")]
    files += [*root.glob("*/permissions.py"), *root.glob("*/*/permissions.py")]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def main(run: Path, *, empty: bool = False) -> int:
    """Bring database and demo data to the present."""
    from app.cli import install
    from app.factory import create_worker_app
    from app.kernel.settings import load_settings

    settings = load_settings()
    app = create_worker_app(settings)
    with app.app_context():
        install.prepare_database(settings)
    if empty:
        return 0
    from app.cli import demo_data

    loading, loaded = run / "demo-loading", run / "demo-loaded"
    if not loaded.exists():
        if loading.exists():
            return HALF_MADE
        loading.touch()
        print(
            "Loading the demo data (a provider, its client firms, 14 months of books)", flush=True
        )
        demo_data.load(app)
        loaded.touch()
        loading.unlink()
    logins: Any = demo_data.logins()
    write_private(run / "logins.json", json.dumps([_plain(login) for login in logins]))
    return 0


def _plain(login: Any) -> Any:
    return dataclasses.asdict(login) if dataclasses.is_dataclass(login) else login  # type: ignore[arg-type]  # never a class


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), empty="--empty" in sys.argv[2:]))
