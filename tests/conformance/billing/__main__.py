"""`python -m tests.conformance.billing SET.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.conformance.billing import answer


def main(files: list[str]) -> int:
    """Prints the answers to the cases of each file."""
    if not files:
        print("usage: python -m tests.conformance.billing SET.json…", file=sys.stderr)
        return 2
    for name in files:
        content = json.loads(Path(name).read_text(encoding="utf-8"))
        for got in answer.answers(content, Path(name).stem):
            print(json.dumps(got, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
