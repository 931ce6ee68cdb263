"""The bench frame judges by floors and goals, and its exit code by floors alone."""

from __future__ import annotations

from app.cli import bench


def test_more_is_better_or_less_is() -> None:
    assert bench.judge(0.7, floor=0.3, goal=0.6, better="more") == "goal"
    assert bench.judge(0.4, floor=0.3, goal=0.6, better="more") == "floor"
    assert bench.judge(0.2, floor=0.3, goal=0.6, better="more") == "below"
    assert bench.judge(18, floor=20, goal=7, better="less") == "floor"
    assert bench.judge(99, floor=None, goal=None, better="less") == "shown"


def test_both_sides_run_in_turn_and_their_medians_are_compared() -> None:
    turns: list[str] = []
    mine = iter([99.0, 1.0, 3.0, 2.0])

    def ours() -> float:
        turns.append("ours")
        return next(mine)

    def reference() -> float:
        turns.append("reference")
        return 4.0

    case = bench.compare(
        "x", "y", ours=ours, reference=reference, unit="s", better="less", floor=1, goal=0.4, runs=3
    )
    assert (case.ours, case.ratio, case.met) == (2.0, 0.5, "floor")
    assert turns[2:] == ["ours", "reference", "reference", "ours", "ours", "reference"]


def test_a_case_below_its_floor_fails_the_run() -> None:
    good = bench.figure("x", "y", 1, unit="ms", floor=2, goal=1)
    bad = bench.figure("x", "y", 3, unit="ms", floor=2, goal=1)
    assert bench.report([good], as_json=True)
    assert not bench.report([good, bad], as_json=False)
