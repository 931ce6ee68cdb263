"""Start (or with --stop stop) the embedded servers of a folder and print their addresses."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from app.cli import servers
from app.cli.servers.layout import Layout


def main() -> int:
    """Run the small command line of the embedded servers."""
    parser = argparse.ArgumentParser(prog="python -m app.cli.servers", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--want", nargs="*", choices=sorted(servers.ALL), default=list(servers.ALL))
    parser.add_argument("--no-fsync", action="store_true", help="throw-away test data")
    parser.add_argument("--stop", action="store_true")
    chosen = parser.parse_args()
    try:
        if chosen.stop:
            servers.stop(Layout.at(chosen.folder), want=chosen.want)
            return 0
        running = servers.start_all(chosen.folder, want=chosen.want, fsync=not chosen.no_fsync)
    except servers.ServerFault as fault:
        print(f"{fault}\n{fault.remedy}", file=sys.stderr)
        return 1
    for name, value in running.environment().items():
        print(f"{name}={value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
