"""Reach agrees with a plain model in Python, for random memberships, engagements and times."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.guard.arena import Arena
from tests.guard.conftest import Guarded

SERVICES = ("accounting", "tickets")
READERS = ("oversight", "security", "billing")
LINES = (*SERVICES, *READERS, "member", "intake")
BASE = (*READERS, "member", "intake", "*")
PERMISSIONS = {
    "staff_accountant": {"accounting.read", "accounting.post", "link.make", "token.make"},
    "it_agent": {"tickets.read"},
}


@dataclass(frozen=True, slots=True)
class Span:
    """From and until in hours from now; None has no end."""

    start: int
    end: int | None

    @property
    def runs(self) -> bool:
        return self.start <= 0 and (self.end is None or self.end > 0)


@dataclass(frozen=True, slots=True)
class Member:
    """One membership of the person."""

    firm: int
    role: str
    lines: tuple[str, ...]
    may_write: bool
    on_engagement: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Firm:
    """A client: its state and what is served."""

    state: str
    engagements: tuple[tuple[str, Span], ...]

    def serves(self) -> set[str]:
        return {line for line, span in self.engagements if span.runs}


@dataclass(frozen=True, slots=True)
class World:
    """Some firms, one person's memberships, and what the principal is narrowed to."""

    firms: tuple[Firm, ...]
    members: tuple[Member, ...]
    narrowed: tuple[str, ...] | None
    mode: str


spans = st.builds(Span, st.integers(-3, 2), st.none() | st.integers(3, 5)) | st.just(Span(-3, -1))
firms = st.builds(
    Firm,
    st.sampled_from(("active", "active", "suspended", "creating", "closing")),
    st.lists(st.tuples(st.sampled_from(SERVICES), spans), max_size=2, unique_by=lambda e: e[0]).map(
        tuple
    ),
)
members = st.builds(
    Member,
    st.integers(0, 1),
    st.sampled_from(sorted(PERMISSIONS)),
    st.lists(st.sampled_from(LINES), max_size=3, unique=True).map(tuple),
    st.booleans(),
    st.booleans(),
    spans,
)
worlds = st.builds(
    World,
    st.tuples(firms, firms),
    st.lists(members, max_size=3).map(tuple),
    st.none() | st.lists(st.sampled_from(LINES), min_size=1, max_size=2, unique=True).map(tuple),
    st.sampled_from(("t", "s")),
)


def counts(world: World, member: Member) -> bool:
    """Whether a membership lives: its own time, its firm, and some engagement it rests on."""
    firm = world.firms[member.firm]
    if not member.span.runs or firm.state not in {"active", "suspended"}:
        return False
    if not member.on_engagement:
        return True
    served = firm.serves()
    return bool(served & set(member.lines)) or bool(served and set(member.lines) & set(READERS))


def reaches(world: World, firm: int, line: str, *, write: bool) -> bool:
    """The rule in words: a living membership on this line, here, not narrowed away."""
    narrowed = world.narrowed
    if (write and world.mode == "s") or (world.mode == "t" and firm != 0):
        return False
    if line != "*" and narrowed is not None and line not in narrowed:
        return False
    for member in world.members:
        if member.firm != firm or not counts(world, member):
            continue
        if line == "*":
            here = (
                narrowed is None or "member" in narrowed or bool(set(narrowed) & set(member.lines))
            )
        else:
            here = line == "member" or line in member.lines
        served = world.firms[firm].serves()
        if member.on_engagement and line in SERVICES and line not in served:
            continue
        writes = member.may_write and world.firms[firm].state == "active"
        if here and (writes or not write):
            return True
    return False


def holds(world: World, permission: str) -> bool:
    """The rule in words: a living membership here whose role has it, not narrowed away."""
    if world.mode == "s":
        return False
    if world.narrowed is not None and permission.partition(".")[0] not in world.narrowed:
        return False
    return any(
        counts(world, member) and permission in PERMISSIONS[member.role]
        for member in world.members
        if member.firm == 0
    )


def arrange(arena: Arena, world: World) -> tuple[list[UUID], str]:
    """The world in the database, and the context of its principal."""
    admin, name = arena.admin, f"model{uuid4().hex}"
    ids = []
    for number, firm in enumerate(world.firms):
        arena.tenant(f"{name}-{number}", firm.state)
        ids.append(arena.ids[f"{name}-{number}"])
        for line, span in firm.engagements:
            admin.execute(
                "insert into guard.engagement (tenant_id, line, valid_from, valid_to)"
                " values (%s, %s, now() + make_interval(hours => %s),"
                " now() + make_interval(hours => %s))",
                (ids[number], line, span.start, span.end),
            )
    arena.person(name, "provider")
    for place, member in enumerate(world.members):
        # what an approval gave to somebody of the provider rests on the engagement as well
        resting = "engagement" if place % 2 else str(uuid4())
        admin.execute(
            "insert into guard.membership (tenant_id, user_id, role, lines, may_write, basis,"
            " valid_from, valid_to) values (%s, %s, %s, %s, %s, %s,"
            " now() + make_interval(hours => %s), now() + make_interval(hours => %s))",
            (
                ids[member.firm],
                arena.ids[name],
                member.role,
                list(member.lines),
                member.may_write,
                resting if member.on_engagement else "founding",
                member.span.start,
                member.span.end,
            ),
        )
    narrowed = list(world.narrowed) if world.narrowed is not None else None
    admin.execute(
        "update guard.principal set lines = %s where id = %s",
        (narrowed, arena.ids[f"{name}.session"]),
    )
    return ids, arena.token(name, at=f"{name}-0", mode=world.mode)


def _answers(admin: psycopg.Connection, line: str) -> tuple[set[UUID], UUID | None]:
    row = admin.execute(
        "select guard.reach(guard.verify(), %s, false), guard.reach(guard.verify(), %s, true)",
        (line, line),
    ).fetchone()
    assert row is not None
    return set(row[0]), row[1][0] if row[1] else None


@pytest.mark.parametrize("start", range(4))
def test_reach_holds_and_rights_agree_with_the_model(start: int, guarded: Guarded) -> None:
    arena = guarded.arena

    @seed(start)
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(worlds)
    def search(world: World) -> None:
        arena.admin.rollback()
        ids, context = arrange(arena, world)
        arena.admin.execute("select set_config('app.ctx', %s, true)", (context,))
        for line in (*LINES, "*"):
            reading, writing = _answers(arena.admin, line)
            assert reading == {
                tenant for n, tenant in enumerate(ids) if reaches(world, n, line, write=False)
            }, line
            assert (writing is not None) == reaches(world, 0, line, write=True), line
        row = arena.admin.execute("select guard.rights()").fetchone()
        assert row is not None
        here = any(reaches(world, n, "*", write=False) for n in range(2))
        assert bool(row[0]) == here
        if not here:
            return
        assert set(row[0]["lines"]) == {
            line for line in LINES if any(reaches(world, n, line, write=False) for n in range(2))
        }
        for permission in sorted(set().union(*PERMISSIONS.values())):
            found = arena.admin.execute("select guard.may(%s)", (permission,)).fetchone()
            assert found == (holds(world, permission),)
            if world.mode == "t":
                assert (permission in row[0]["permissions"]) == holds(world, permission)

    try:
        search()
    finally:
        arena.admin.rollback()


def test_the_model_itself_says_something() -> None:
    world = World(
        (Firm("active", (("accounting", Span(-1, None)),)), Firm("suspended", ())),
        (Member(0, "staff_accountant", ("accounting",), True, True, Span(-1, None)),),
        None,
        "t",
    )
    assert reaches(world, 0, "accounting", write=True)
    assert not reaches(world, 0, "tickets", write=False)
    assert holds(world, "accounting.post")
    assert not holds(world, "tickets.read")
