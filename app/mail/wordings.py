"""The wordings of the mail core: lists of expressions in TOML files beside the modules."""

from __future__ import annotations

import tomllib
from pathlib import Path


def read(name: str) -> dict[str, str]:
    """The lists of `<name>.toml` in their order, each as one regular expression."""
    path = Path(__file__).with_name(f"{name}.toml")
    listed = tomllib.loads(path.read_text(encoding="utf-8"))
    return {key: "|".join(lines) for key, lines in listed.items()}
