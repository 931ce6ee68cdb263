"""The house rules about Python code: each takes files and returns its findings as text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from tests.rules.sources import Source

LONGEST_FILE = 400
LONGEST_TEST_FILE = 800  # cases stand side by side there
LONGEST_FUNCTION = 60
COMMIT_POINTS = {"app/kernel/db.py"}

# Who may speak to which third party: the doors, and the set-up and check of the servers.
DOORS: dict[str, tuple[str, ...]] = {
    "boto3": ("app/kernel/storage", "app/cli/servers/", "app/cli/doctor/", "app/cli/benches/"),
    "botocore": ("app/kernel/storage", "app/cli/servers/", "app/cli/doctor/", "app/cli/benches/"),
    "rq": ("app/kernel/", "app/cli/benches/"),
    "redis": (
        "app/kernel/",
        "app/api/limits",
        "app/identity/throttle",
        "app/cli/doctor/",
        "app/cli/benches/",
    ),
    "stripe": ("billing/gateway",),
}
DOMAIN_MODULES = {"models", "commands", "queries"}
MONEY = re.compile(r"amount|money|minor|price|balance|debit|credit|\btotal\b|\brate\b")


def commits(files: Iterable[Source]) -> Iterator[str]:
    """Nothing but the unit of work commits."""
    for file in files:
        if file.path in COMMIT_POINTS or file.path.startswith("tests/"):
            continue
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Call) and _called(node) == "commit":
                yield f"{file.path}:{node.lineno} commits; only kernel.db.transaction may"


def naive_times(files: Iterable[Source]) -> Iterator[str]:
    """Instants carry their zone: no utcnow, no now() without one."""
    for file in files:
        for node in ast.walk(file.tree):
            if not isinstance(node, ast.Call):
                continue
            name = _called(node)
            if name in {"utcnow", "utcfromtimestamp"} or (
                name == "now" and _owner(node) == "datetime" and not (node.args or node.keywords)
            ):
                yield f"{file.path}:{node.lineno} makes a naive time; use kernel.clock"


def float_money(files: Iterable[Source]) -> Iterator[str]:
    """No float near money: neither as a type nor as a conversion."""
    for file in files:
        for node in ast.walk(file.tree):
            if isinstance(node, ast.arg | ast.AnnAssign) and _says_float(node.annotation):
                name = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
                if MONEY.search(name):
                    yield f"{file.path}:{node.lineno} {name} is a float"
            elif isinstance(node, ast.Call) and _called(node) == "float":
                inside = " ".join(ast.unparse(argument) for argument in node.args)
                if MONEY.search(inside):
                    yield f"{file.path}:{node.lineno} float({inside})"


def flask_in_domain(files: Iterable[Source]) -> Iterator[str]:
    """Models, commands and queries know nothing of the web."""
    for file in files:
        parts = file.path.removesuffix(".py").split("/")
        if not DOMAIN_MODULES & set(parts) or parts[0] in ("tests", "migrations"):
            continue
        for line, name in _imports(file):
            if name.split(".")[0] in {"flask", "werkzeug"}:
                yield f"{file.path}:{line} imports {name}"


def third_party_doors(files: Iterable[Source]) -> Iterator[str]:
    """Each third party has one door."""
    for file in files:
        if file.path.startswith("tests/"):
            continue
        for line, name in _imports(file):
            doors = DOORS.get(name.split(".")[0])
            if doors is not None and not file.path.startswith(doors):
                yield f"{file.path}:{line} imports {name}; its door is {doors[0]}"


def docstrings(files: Iterable[Source]) -> Iterator[str]:
    """Every file says in its first sentence what lives there."""
    for file in files:
        if file.text.strip() and not ast.get_docstring(file.tree):
            yield f"{file.path} has no docstring"


def long_files(files: Iterable[Source]) -> Iterator[str]:
    """A file stays short enough to be read."""
    for file in files:
        most = LONGEST_TEST_FILE if file.path.startswith("tests/") else LONGEST_FILE
        if len(file.lines) > most:
            yield f"{file.path} has {len(file.lines)} lines; at most {most}"


def long_functions(files: Iterable[Source]) -> Iterator[str]:
    """A function stays short enough to be understood."""
    for file in files:
        for node in ast.walk(file.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{file.path}:{node.lineno} {node.name} has {length} lines"


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _owner(node: ast.Call) -> str:
    return ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""


def _says_float(annotation: ast.expr | None) -> bool:
    return annotation is not None and re.search(r"\bfloat\b", ast.unparse(annotation)) is not None


def _imports(file: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


def places_on_a_phone(files: Iterable[Source]) -> Iterator[str]:
    """No two columns of a list stand at one place on a small screen."""
    for file in files:
        for node in ast.walk(file.tree):
            if not isinstance(node, ast.Tuple):
                continue
            places = [place for one in node.elts if (place := _phone_place(one))]
            across = "t" in places and {"t1", "r1"} & set(places)
            if across or len(places) != len(set(places)):
                yield f"{file.path}:{node.lineno}: {' '.join(places)}"


def _phone_place(node: ast.expr) -> str:
    if not isinstance(node, ast.Call) or _called(node) != "Column":
        return ""
    given = {
        one.arg: one.value.value for one in node.keywords if isinstance(one.value, ast.Constant)
    }
    place = str(given.get("phone", "t1" if given.get("main") else "ax"))
    return "" if place == "ax" else place
