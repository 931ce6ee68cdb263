"""Lines and what they could pay, each taken once: the best assignment as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from typing import TypeVar

L = TypeVar("L", bound=Hashable)
T = TypeVar("T", bound=Hashable)

LARGEST = 60
"""Larger components are taken best first: what has so many rivals is certain in no case."""


def assign(worth: Mapping[tuple[L, T], float]) -> dict[L, T]:
    """The pairs with the greatest total worth in which no line and no target stands twice.

    `worth` holds the pairs that are possible at all, each above nought. Lines and targets that
    share nothing are assigned by themselves.
    """
    found: dict[L, T] = {}
    for part in components(worth):
        if len(part) == 1:
            (pair,) = part
            found[pair[0]] = pair[1]
            continue
        lines = list(dict.fromkeys(line for line, _target in part))
        targets = list(dict.fromkeys(target for _line, target in part))
        if max(len(lines), len(targets)) > LARGEST:
            found.update(_best_first(part))
        else:
            found.update(_hungarian(part, lines, targets))
    return found


def components(worth: Mapping[tuple[L, T], float]) -> Iterator[dict[tuple[L, T], float]]:
    """The pairs by what hangs together, in the order in which they were given."""
    by_line: dict[L, list[T]] = defaultdict(list)
    by_target: dict[T, list[L]] = defaultdict(list)
    for line, target in worth:
        by_line[line].append(target)
        by_target[target].append(line)
    seen: set[L] = set()
    for first in by_line:
        if first in seen:
            continue
        seen.add(first)
        reached, waiting = [first], [first]
        while waiting:
            for target in by_line[waiting.pop()]:
                fresh = [line for line in by_target[target] if line not in seen]
                seen.update(fresh)
                reached += fresh
                waiting += fresh
        yield {(line, target): worth[line, target] for line in reached for target in by_line[line]}


def _best_first(part: Mapping[tuple[L, T], float]) -> dict[L, T]:
    found: dict[L, T] = {}
    taken: set[T] = set()
    for line, target in sorted(part, key=lambda pair: -part[pair]):
        if line not in found and target not in taken:
            found[line] = target
            taken.add(target)
    return found


def _hungarian(part: Mapping[tuple[L, T], float], lines: list[L], targets: list[T]) -> dict[L, T]:
    """Kuhn and Munkres with potentials; each line may also stay alone, at worth nought."""
    width = len(targets) + len(lines)  # the last places mean: alone
    costs = [
        [-part.get((line, target), 0.0) for target in targets] + [0.0] * len(lines)
        for line in lines
    ]
    of_row, of_column = [0.0] * (len(lines) + 1), [0.0] * (width + 1)
    owner = [0] * (width + 1)
    for row in range(1, len(lines) + 1):
        _augment(costs, row, owner, of_row, of_column)
    return {
        lines[owner[column] - 1]: targets[column - 1]
        for column in range(1, len(targets) + 1)
        if owner[column] and (lines[owner[column] - 1], targets[column - 1]) in part
    }


def _augment(
    costs: list[list[float]],
    row: int,
    owner: list[int],
    of_row: list[float],
    of_column: list[float],
) -> None:
    """Finds a place for one more row along the cheapest chain of swaps."""
    width = len(owner) - 1
    least = [float("inf")] * (width + 1)
    before = [0] * (width + 1)
    used = [False] * (width + 1)
    owner[0], column = row, 0
    while owner[column]:
        used[column] = True
        column = _cheapest(
            costs[owner[column] - 1], column, owner, of_row, of_column, least, before, used
        )
    while column:
        owner[column] = owner[before[column]]
        column = before[column]


def _cheapest(
    costs: list[float],
    column: int,
    owner: list[int],
    of_row: list[float],
    of_column: list[float],
    least: list[float],
    before: list[int],
    used: list[bool],
) -> int:
    """The next column of the chain, after the potentials have moved by what it costs."""
    base, delta, chosen = of_row[owner[column]], float("inf"), 0
    for j in range(1, len(owner)):
        if used[j]:
            continue
        cost = costs[j - 1] - base - of_column[j]
        if cost < least[j]:
            least[j], before[j] = cost, column
        if least[j] < delta:
            delta, chosen = least[j], j
    for j in range(len(owner)):
        if used[j]:
            of_row[owner[j]] += delta
            of_column[j] -= delta
        else:
            least[j] -= delta
    return chosen
