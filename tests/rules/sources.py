"""The files the house rules look at, read once."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("app", "tenants", "billing", "connectors", "migrations")
EVERYTHING = (*PRODUCT, "tests")


@dataclass(frozen=True)
class Source:
    """One file: where it lies in the checkout, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of a Python file."""
        return ast.parse(self.text, filename=self.path)

    @property
    def lines(self) -> list[str]:
        """The lines of the file."""
        return self.text.splitlines()


@lru_cache(maxsize=1)
def product() -> tuple[Source, ...]:
    """Every Python file of the product."""
    return _read(PRODUCT, "*.py")


@lru_cache(maxsize=1)
def python() -> tuple[Source, ...]:
    """Every Python file of the product and its tests."""
    return _read(EVERYTHING, "*.py")


@lru_cache(maxsize=1)
def templates() -> tuple[Source, ...]:
    """Every HTML template."""
    return _read(PRODUCT, "*.html")


@lru_cache(maxsize=1)
def text_files() -> tuple[Source, ...]:
    """Every text file that is or will be committed."""
    kinds = ("*.py", "*.sql", "*.html", "*.css", "*.js", "*.md", "*.toml", "*.yaml", "*.txt")
    found = [source for kind in kinds for source in _read((*EVERYTHING, "docs"), kind)]
    single = ("Makefile", "Dockerfile", "compose.yaml", "pyproject.toml", "README.md", ".ci/run")
    found += [Source(name, (ROOT / name).read_text()) for name in single if (ROOT / name).exists()]
    return tuple(found)


def _read(folders: tuple[str, ...], pattern: str) -> tuple[Source, ...]:
    paths = sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob(pattern)
        if "vendor" not in path.parts and "node_modules" not in path.parts
    )
    return tuple(Source(str(path.relative_to(ROOT)), path.read_text()) for path in paths)
