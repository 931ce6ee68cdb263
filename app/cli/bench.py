"""`backoffice bench NAME`: measure our work against a reference taken in the same run, interleaved.

A bench is a module app/cli/benches/<name>.py (a dash in the name becomes an underscore) with

    SIZE = 10_000                                  # default size; ends within a minute on two cores
    def cases(size: int) -> Iterator[Case]: ...    # each finished case is printed at once

which mostly calls `compare(...)`: it runs both sides in turn and yields one Case:

    yield bench.compare(
        "posting", "one connection", ours=post, reference=insert_bare,
        unit="posts/s", better="more", floor=0.3, goal=0.6, runs=5,
    )

`ours` and `reference` are functions that do the work once and return the figure of that run in
`unit`. The ratio is ours / reference of the medians; with better="more" it must be at least the
floor, with better="less" at most. Figures without a reference: `bench.figure(...)`. Exit code 1
below a floor, whatever the goal.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import click

FOLDER = Path(__file__).parent / "benches"
Better = Literal["more", "less"]


@dataclass(frozen=True, slots=True)
class Case:
    """One measured case; `met` is goal, floor, below or shown (no floor is set)."""

    bench: str
    case: str
    ours: float
    reference: float | None
    ratio: float | None
    floor: float | None
    goal: float | None
    met: Literal["goal", "floor", "below", "shown"]
    unit: str
    runs: int

    def line(self) -> str:
        """Return the case as one line for a person."""
        parts = [f"{self.bench:<14} {self.case:<44} {_number(self.ours):>10} {self.unit}"]
        if self.reference is not None and self.ratio is not None:
            parts.append(f"reference {_number(self.reference)}, ratio {self.ratio:.3g}")
        if self.floor is not None:
            parts.append(f"floor {self.floor:g}, goal {self.goal:g}: {self.met.upper()}")
        return "; ".join(parts) + f"; {self.runs} runs"


def compare(
    bench: str,
    case: str,
    *,
    ours: Callable[[], float],
    reference: Callable[[], float],
    unit: str,
    better: Better,
    floor: float | None = None,
    goal: float | None = None,
    runs: int = 5,
) -> Case:
    """Run both sides in turn, `runs` times each after one warm-up, and compare the medians."""
    ours(), reference()
    mine: list[float] = []
    theirs: list[float] = []
    for run in range(runs):
        sides = [(ours, mine), (reference, theirs)]
        for work, figures in sides if run % 2 == 0 else reversed(sides):
            figures.append(work())
    left, right = statistics.median(mine), statistics.median(theirs)
    ratio = left / right if right else float("inf")
    return Case(
        bench=bench,
        case=case,
        ours=left,
        reference=right,
        ratio=ratio,
        floor=floor,
        goal=goal,
        met=judge(ratio, floor=floor, goal=goal, better=better),
        unit=unit,
        runs=runs,
    )


def figure(
    bench: str,
    case: str,
    value: float,
    *,
    unit: str,
    better: Better = "less",
    floor: float | None = None,
    goal: float | None = None,
    runs: int = 1,
) -> Case:
    """Return a case that is judged by its own value, without a reference."""
    met = judge(value, floor=floor, goal=goal, better=better)
    return Case(bench, case, value, None, None, floor, goal, met, unit, runs)


def judge(
    value: float, *, floor: float | None, goal: float | None, better: Better
) -> Literal["goal", "floor", "below", "shown"]:
    """Tell which mark a value reaches."""
    if floor is None:
        return "shown"

    def reaches(mark: float) -> bool:
        return value >= mark if better == "more" else value <= mark

    if goal is not None and reaches(goal):
        return "goal"
    return "floor" if reaches(floor) else "below"


def timed(work: Callable[[], object]) -> float:
    """Return the seconds one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def names() -> list[str]:
    """Return the benches there are."""
    return sorted(file.stem.replace("_", "-") for file in FOLDER.glob("[a-z]*.py"))


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def report(cases: Iterable[Case], *, as_json: bool) -> bool:
    """Print each case as it comes; tell whether none is below its floor."""
    good = True
    for case in cases:
        click.echo(json.dumps(asdict(case)) if as_json else case.line())
        good = good and case.met != "below"
    return good


@click.command()
@click.argument("name", required=False)
@click.option("--size", type=int, help="How much data; each bench has a default under a minute.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a case.")
def bench(name: str | None, size: int | None, as_json: bool) -> None:
    """Run one bench; without a name, list them. Exit code 1 below a floor."""
    known = names()
    if name is None:
        click.echo("\n".join(known) or "No benches yet.")
        return
    if name not in known:
        raise click.UsageError(f"no bench named {name}; there are: {', '.join(known)}")
    module = importlib.import_module(f"app.cli.benches.{name.replace('-', '_')}")
    good = report(module.cases(size or module.SIZE), as_json=as_json)
    sys.exit(0 if good else 1)
