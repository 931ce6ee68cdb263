"""What code and SQL can refuse and log: codes, parameters, acts, and where they stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.kernel import errors

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("app", "tenants", "connectors")

_KINDS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.DomainError | errors.Problem)
}
_CODE = r"'([a-z]+(?:-[a-z]+)*)'"
_SQL_CODES = (
    re.compile(rf"\brefuse\(\s*'BO4\d\d',\s*{_CODE}"),
    re.compile(rf"\braise exception {_CODE} using errcode = 'BO4"),
)
# The ledger's doors choose one of many faults in a case expression.
_SQL_CHOICE = re.compile(rf"\bthen {_CODE}(?=\s+when\b|\s+end as why\b)")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One place that refuses. `params` is None where they are not written out there."""

    code: str
    params: frozenset[str] | None
    place: str


def in_code() -> Iterator[Refusal]:
    """DomainErrors, Invalid.of and Problems with a literal code."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield from _of_call(node, name)


def _of_call(node: ast.Call, name: str) -> Iterator[Refusal]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    called = node.func.id if isinstance(node.func, ast.Name) else called
    of_field = called == "of" and ast.unparse(node.func).endswith("Invalid.of")
    if called not in _KINDS and not of_field:
        return
    args = node.args[1:] if of_field else node.args
    code = args[0].value if args and isinstance(args[0], ast.Constant) else None
    if isinstance(code, str):
        yield Refusal(code, _params(node, args), f"{name}:{node.lineno}")


def _params(node: ast.Call, args: list[ast.expr]) -> frozenset[str] | None:
    if any(keyword.arg is None for keyword in node.keywords):
        return None
    found = {keyword.arg for keyword in node.keywords if keyword.arg}
    for more in args[1:]:
        if not isinstance(more, ast.Dict):
            return None
        found |= {str(key.value) for key in more.keys if isinstance(key, ast.Constant)}
    return frozenset(found)


def in_sql() -> Iterator[Refusal]:
    """Codes that doors raise with an SQLSTATE of ours."""
    for path in sorted((ROOT / "migrations" / "sql").rglob("*.sql")):
        text = path.read_text()
        choice = (_SQL_CHOICE,) if path.parent.name == "ledger" else ()
        for pattern in (*_SQL_CODES, *choice):
            for found in pattern.finditer(text):
                line = text[: found.start()].count("\n") + 1
                yield Refusal(found[1], None, f"{path.relative_to(ROOT)}:{line}")


def acts() -> Iterator[str]:
    """The acts that the guard's log and the audit keep, and the kinds of objects looked at."""
    for path in sorted((ROOT / "migrations" / "sql").rglob("*.sql")):
        text = path.read_text()
        for call in re.findall(r"guard\.note\([^;]*;", text):
            yield from re.findall(r"'([a-z_]+\.[a-z-]+)'", call)
        yield from re.findall(r"call app\.audit_table\('app\.(\w+)'", text)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield from re.findall(r"\b_looked\(\"(\w+)\"", path.read_text())
            yield from re.findall(r"\bLook\(\s*(?:kind=)?\"(\w+)\"", path.read_text())
            yield from re.findall(r"\baudit\.note\(\s*\"([\w.]+)\"", path.read_text())
