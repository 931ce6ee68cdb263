"""As the web's login role nobody forges, hurries, doubles or borrows an approval."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from app.accounting import commands, ledger, queries
from app.accounting.papers import approved
from app.cli import install
from app.kernel import approval_rules, approvals, clock, db, ids
from app.kernel.errors import DomainError
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from tests import factories
from tests.tasks import approval_stage
from tests.tasks.approval_stage import KIND, SECOND_FACTOR, Stage

FORBIDDEN = "forbidden"
STEP_UP = "fresh-sign-in-needed"
DECIDE = "select app.decide_approval(:id, 'approve', :sha, '')"

BY_HAND = {
    "an approval that is approved already": (
        "insert into app.approval (tenant_id, kind, line, subject_type, title, content,"
        " content_sha, requested_by, state) values (guard.tenant_id(), 'entry.post', 'accounting',"
        " 'x', 'x', '{}', :sha, guard.user_id(), 'approved')"
    ),
    "its state": "update app.approval set state = 'approved' where id = :id",
    "its content's hash": "update app.approval set content_sha = repeat('0', 64) where id = :id",
    "its content": "update app.approval set content = '{}' where id = :id",
    "its amount": "update app.approval set amount_minor = 1 where id = :id",
    "its maker": "update app.approval set requested_by = uuidv7() where id = :id",
    "its end": "update app.approval set expires_at = null where id = :id",
    "that it asks for no second factor": (
        "update app.approval set fresh = false, second_factor = false where id = :id"
    ),
    "that it was not carried out": "update app.approval set carried_at = null where id = :id",
    "it, deleted": "delete from app.approval where id = :id",
    "a decision of another person": (
        "insert into app.approval_decision (tenant_id, approval_id, person_id, line, decision,"
        " side, content_sha, principal_id) select tenant_id, id, :second, line, 'approve',"
        " 'provider', content_sha, uuidv7() from app.approval where id = :id"
    ),
    "a decision of one's own": (
        "insert into app.approval_decision (tenant_id, approval_id, person_id, line, decision,"
        " side, content_sha, principal_id, steps) select tenant_id, id, guard.user_id(), line,"
        " 'approve', 'client', content_sha, uuidv7(), '{1,2}' from app.approval where id = :id"
    ),
    "a void decision counts": "update app.approval_decision set voided_at = null",
    "a decision for other steps": "update app.approval_decision set steps = '{1,2,3}'",
    "a refusal, deleted": "delete from app.approval_decision where approval_id = :id",
    "another step": (
        "insert into app.approval_step (tenant_id, approval_id, round, no, line, side, needed)"
        " values (guard.tenant_id(), :id, 1, 9, 'accounting', 'any', 1)"
    ),
    "how many are needed": "update app.approval_step set needed = 1",
    "who is named": "update app.approval_step set people = array[guard.user_id()]",
    "whose turn it is": "update app.approval_step set after_no = null",
    "steps, deleted": "delete from app.approval_step where approval_id = :id",
    "a policy": (
        "insert into app.approval_policy (tenant_id, id, version, kind, title, provider_needed,"
        " client_needed, side, made_by) values (guard.tenant_id(), :policy, 2, 'entry.post', 'x',"
        " 1, 0, 'provider', guard.user_id())"
    ),
    "a policy's limit": "update app.approval_policy set limits = '{\"EUR\": 99999999}'",
    "a policy, deleted": "delete from app.approval_policy",
    "a delegation to oneself": (
        "insert into app.approval_delegation (tenant_id, owner_id, to_person, from_at, until_at)"
        " values (guard.tenant_id(), :second, guard.user_id(), now(), now() + interval '1 day')"
    ),
    "a delegation of one's own": (
        "insert into app.approval_delegation (tenant_id, owner_id, to_person, from_at, until_at)"
        " values (guard.tenant_id(), guard.user_id(), :second, now(), now() + interval '1 year')"
    ),
    "a delegation's end": (
        "update app.approval_delegation set until_at = until_at + interval '1 year'"
    ),
    "an ended delegation": "update app.approval_delegation set ended_at = null",
    "the kind's own rule": "update app.approval_kind set needed = 1, fresh = false, floor = false",
    "a kind of one's own": "insert into app.approval_kind (kind, side) values ('my.kind', 'any')",
    "the trigger on entries, disabled": "alter table ledger.entry disable trigger approved",
    "all triggers, disabled": "set local session_replication_role = replica",
    "that it was taken": f"select app.take_approval(:id, '{KIND}', :sha, null, null)",
    "that it could not be carried out": "select app.fail_approval(:id, 'paper-booked', '{}')",
    "its steps, laid anew": (
        "select app.lay_approval_steps(a) from app.approval a where a.id = :id"
    ),
    "whether it is met": "select app.approval_met(a) from app.approval a where a.id = :id",
    "access without a decision": (
        "select app.allow_access(a) from app.approval a where a.id = :id"
    ),
    "who has a say": "select app.approval_says(a, :second) from app.approval a where a.id = :id",
    "what the guard says of others": (
        "select guard.person_may(:second, guard.tenant_id(), 'approve.entry.post', 'accounting')"
    ),
    "the role of the door": "set role approval_door",
}


@pytest.fixture(scope="module")
def stage(app: Flask, worker_app: Flask, settings: Settings) -> Stage:
    """The client with its policy, once for all attacks: they leave nothing behind."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return approval_stage.build(app, worker_app, admin)


@pytest.mark.parametrize("who", ["maker", "first", "owner"])
@pytest.mark.parametrize("what", BY_HAND)
def test_nothing_of_an_approval_is_written_by_hand(stage: Stage, what: str, who: str) -> None:
    asked = stage.ask()
    assert stage.decide("second", asked) == "pending"
    values = {
        "id": asked[0],
        "sha": asked[1],
        "second": stage.sessions["second"].person_id,
        "policy": stage.policy,
    }
    used = {name: value for name, value in values.items() if f":{name}" in BY_HAND[what]}
    assert stage.run(stage.scope(who), BY_HAND[what], **used) == FORBIDDEN
    assert stage.state(asked) == "pending"


def test_attacks_are_many() -> None:
    assert len(BY_HAND) >= 30


def test_two_of_three_then_the_client_and_nobody_twice(stage: Stage) -> None:
    asked = stage.ask()
    assert stage.decide("owner", asked) == "approval-not-your-turn"
    assert stage.decide("first", asked) == "pending"
    assert stage.decide("second", asked) == "pending"
    assert stage.decide("third", asked) == "approval-not-your-turn"
    assert stage.decide("owner", asked) == "approved"
    assert stage.decide("third", asked) == "approval-not-pending"


def test_one_person_never_counts_twice(stage: Stage) -> None:
    asked = stage.ask()
    assert stage.decide("first", asked) == "pending"
    assert stage.decide("first", asked) == "approval-decided-already"
    assert stage.state(asked) == "pending"


@pytest.mark.parametrize("who", ["clerk", "viewer", "boss", "delegate"])
def test_who_is_not_named_and_not_the_client_has_no_say(stage: Stage, who: str) -> None:
    assert stage.decide(who, stage.ask()) == FORBIDDEN


def test_the_maker_never_approves_their_own_even_where_named(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask("first")
    assert stage.decide("first", asked) == "approval-own-request"
    delegation = stage.delegate("second", "first")
    own = stage.decide("first", asked, for_person=stage.sessions["second"].person_id)
    assert own == "approval-own-request"
    _end(admin, delegation)


def test_nobody_approves_for_the_maker(stage: Stage, admin: psycopg.Connection) -> None:
    asked = stage.ask("first")
    delegation = stage.delegate("first", "delegate")
    maker = stage.sessions["first"].person_id
    assert stage.decide("delegate", asked, for_person=maker) == "approval-own-request"
    _end(admin, delegation)


def test_another_client_finds_nothing(stage: Stage) -> None:
    asked = stage.ask()
    assert stage.decide("stranger", asked) == "not-found"
    elsewhere = stage.sessions["stranger"].scope(stage.tenant)
    refused = stage.run(elsewhere, DECIDE, id=asked[0], sha=asked[1])
    assert refused in {"not-found", FORBIDDEN}
    seen = stage.run(elsewhere, "select 1 from app.approval_step")
    assert seen in {"rows 0", FORBIDDEN}


def test_a_decision_binds_to_the_hash(stage: Stage) -> None:
    asked = stage.ask()
    assert stage.decide("first", asked, sha="0" * 64) == "approval-content-changed"


def test_changed_content_voids_what_was_decided(stage: Stage) -> None:
    asked = stage.ask()
    assert stage.decide("first", asked) == "pending"
    assert stage.decide("second", asked) == "pending"
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        turn = approvals.change(
            asked[0], title="Rent", content={"n": 2}, amount_minor=300_000, currency="EUR"
        )
        found = approvals.one(asked[0])
        told = approvals.decisions(asked[0])
    assert turn == 2
    assert [one.voided_at is not None for one in told] == [True, True]
    assert stage.decide("owner", asked) == "approval-not-your-turn"
    assert stage.decide("first", asked) == "approval-content-changed"
    assert stage.decide("first", (asked[0], found.content_sha)) == "pending"
    assert stage.state(asked) == "pending"


def test_nobody_changes_anothers_request(stage: Stage) -> None:
    asked = stage.ask()
    change = "select app.change_approval(:id, 'x', '{}', null, 1, 'EUR')"
    for who in ("first", "owner", "clerk"):
        assert stage.run(stage.scope(who), change, id=asked[0]) == "not-found"


def test_content_is_not_made_cheaper_after_it_was_approved(stage: Stage) -> None:
    asked = stage.ask()
    stage.approve(asked)
    change = "select app.change_approval(:id, 'x', '{}', null, 1, 'EUR')"
    assert stage.run(stage.scope("maker"), change, id=asked[0]) == "approval-not-pending"


def test_above_the_limit_both_factors_are_proved_anew(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask(amount=SECOND_FACTOR)
    person = stage.sessions["first"].person_id
    stale = factories.sign_in(admin, person, fresh=False).scope(stage.tenant)
    assert stage.run(stale, DECIDE, id=asked[0], sha=asked[1]) == STEP_UP
    weak = factories.sign_in(admin, person)
    admin.execute(
        "update guard.principal set factors = '{password}' where id = %s", (weak.principal_id,)
    )
    admin.commit()
    once = stage.run(weak.scope(stage.tenant), DECIDE, id=asked[0], sha=asked[1])
    assert once == "second-factor-needed"
    late = factories.sign_in(admin, person)
    admin.execute(
        "update guard.principal set stepped_up_at = now() - interval '6 minutes' where id = %s",
        (late.principal_id,),
    )
    admin.commit()
    assert stage.run(late.scope(stage.tenant), DECIDE, id=asked[0], sha=asked[1]) == STEP_UP
    assert stage.decide("first", asked) == "pending"


def test_no_token_and_no_list_over_all_clients_decides(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask()
    me = stage.sessions["first"]
    factories.token(admin, stage.tenant, me.person_id)
    row = admin.execute(
        "select id from guard.principal where kind = 'token' and user_id = %s", (me.person_id,)
    ).fetchone()
    assert row is not None
    narrow = Scope.in_client(stage.tenant, person_id=me.person_id, principal_id=row[0])
    assert stage.run(narrow, DECIDE, id=asked[0], sha=asked[1]) == FORBIDDEN
    assert stage.run(me.worklist(), DECIDE, id=asked[0], sha=asked[1]) == FORBIDDEN


def test_nothing_is_decided_after_its_end_or_once_withdrawn(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked, gone = stage.ask(), stage.ask()
    admin.execute(
        "update app.approval set expires_at = now() - interval '1 second' where id = %s",
        (asked[0],),
    )
    admin.commit()
    assert stage.decide("first", asked) == "approval-not-pending"
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        approvals.withdraw(gone[0])
    assert stage.decide("first", gone) == "approval-not-pending"
    withdraw = "select app.withdraw_approval(:id)"
    assert stage.run(stage.scope("first"), withdraw, id=stage.ask()[0]) == "not-found"


def test_nobody_asks_in_anothers_name(stage: Stage) -> None:
    ask = (
        "select app.request_approval('entry.post', 'x', null, 'accounting', 'x', '{}', null, null,"
        " :who, 1, 'EUR')"
    )
    who = stage.sessions["second"].person_id
    assert stage.run(stage.scope("first"), ask, who=who) == FORBIDDEN


def test_a_refusal_says_why_and_ends_it(stage: Stage) -> None:
    asked = stage.ask()
    assert stage.decide("third", asked, decision="refuse", reason=" ") == "refusal-reason"
    assert stage.decide("third", asked, decision="refuse", reason="Twice") == "refused"
    assert stage.decide("first", asked) == "approval-not-pending"


def _end(admin: psycopg.Connection, delegation: UUID) -> None:
    admin.execute(
        "update app.approval_delegation set ended_at = now() where id = %s", (delegation,)
    )
    admin.commit()


def test_a_delegate_is_one_voice_and_not_a_second_one(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask()
    first = stage.sessions["first"].person_id
    assert stage.decide("delegate", asked, for_person=first) == "delegation-over"
    delegation = stage.delegate("first", "delegate")
    assert stage.decide("delegate", asked, for_person=first) == "pending"
    assert stage.decide("delegate", asked, for_person=first) == "approval-decided-already"
    assert stage.decide("first", asked) == "approval-decided-already"
    other = stage.delegate("third", "second")
    assert stage.decide("second", asked) == "pending"
    third = stage.sessions["third"].person_id
    assert stage.decide("second", asked, for_person=third) == "approval-not-your-turn"
    _end(admin, delegation)
    _end(admin, other)


def test_named_people_do_not_gain_a_voice_by_delegation(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask()
    delegation = stage.delegate("first", "second")
    first = stage.sessions["first"].person_id
    assert stage.decide("second", asked) == "pending"
    assert stage.decide("second", asked, for_person=first) == "approval-decided-already"
    assert stage.state(asked) == "pending"
    _end(admin, delegation)


def test_there_are_no_chains_of_delegation(stage: Stage, admin: psycopg.Connection) -> None:
    asked = stage.ask()
    one, two = stage.delegate("first", "boss"), stage.delegate("boss", "delegate")
    for owner in ("first", "boss"):
        person = stage.sessions[owner].person_id
        refused = stage.decide("delegate", asked, for_person=person)
        assert refused in {"delegation-over", FORBIDDEN}
    _end(admin, one)
    _end(admin, two)


def test_a_delegation_ends_by_itself_and_with_either_persons_rights(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask()
    first = stage.sessions["first"].person_id
    delegation = stage.delegate("first", "delegate")
    admin.execute(
        "update app.approval_delegation set from_at = now() - interval '2 days',"
        " until_at = now() - interval '1 second' where id = %s",
        (delegation,),
    )
    admin.commit()
    assert stage.decide("delegate", asked, for_person=first) == "delegation-over"
    later = stage.delegate("first", "delegate")
    away = factories.staff(admin, stage.tenant, role="operations_manager", lines=("tickets",))
    admin.execute(
        "update app.approval_delegation set to_person = %s where id = %s", (away.person_id, later)
    )
    admin.commit()
    no_line = stage.run(
        away.scope(stage.tenant),
        "select app.decide_approval(:id, 'approve', :sha, '', :owner)",
        id=asked[0],
        sha=asked[1],
        owner=first,
    )
    assert no_line in {"not-found", "delegation-over"}
    _end(admin, later)


def test_nobody_delegates_across_sides_to_themselves_or_for_ever(stage: Stage) -> None:
    give = "select app.delegate_approvals(:to, now(), now() + make_interval(days => :days), '')"
    people = {name: one.person_id for name, one in stage.sessions.items()}
    run, scope = stage.run, stage.scope("third")
    assert run(scope, give, to=people["third"], days=3) == "delegate-colleague"
    assert run(scope, give, to=people["owner"], days=3) == "delegate-colleague"
    assert run(scope, give, to=people["stranger"], days=3) == "delegate-colleague"
    assert run(scope, give, to=people["boss"], days=93) == "delegate-days"
    assert run(scope, give, to=people["boss"], days=-1) == "delegate-days"


def test_nobody_ends_or_reads_anothers_delegation(stage: Stage, admin: psycopg.Connection) -> None:
    delegation = stage.delegate("third", "boss")
    end = "select app.end_delegation(:id)"
    for who in ("first", "boss", "owner", "stranger"):
        assert stage.run(stage.scope(who), end, id=delegation) == "not-found"
    read = "select 1 from app.approval_delegation where id = :id"
    assert stage.run(stage.scope("first"), read, id=delegation) == "rows 0"
    assert stage.run(stage.scope("third"), end, id=delegation) == "rows 1"
    assert stage.run(stage.scope("third"), end, id=delegation) == "not-found"


@contextmanager
def _refused(code: str) -> Iterator[None]:
    with pytest.raises(DomainError) as refusal:
        yield
    assert refusal.value.code == code


def _keep(stage: Stage, scope: Scope, *, version: int = 1, **changes: object) -> None:
    with stage.app.app_context(), db.transaction(scope):
        approval_rules.keep(stage.policy, approval_stage.rule(stage, **changes), version=version)


def test_only_an_owner_of_rules_of_its_side_changes_a_policy(
    stage: Stage, admin: psycopg.Connection
) -> None:
    for who, code in (("clerk", FORBIDDEN), ("viewer", FORBIDDEN), ("maker", FORBIDDEN)):
        with _refused(code):
            _keep(stage, stage.scope(who))
    with _refused("approval-policy-of-other-side"):
        _keep(stage, stage.scope("owner"))
    with _refused("changed-meanwhile"):
        _keep(stage, stage.scope("boss"), version=7)
    boss = stage.sessions["boss"].person_id
    with _refused(STEP_UP):
        _keep(stage, factories.sign_in(admin, boss, fresh=False).scope(stage.tenant))
    with _refused("changed-meanwhile"):  # in their own client there is no such policy
        _keep(stage, stage.scope("stranger"))


def test_a_policy_names_people_who_can_meet_it(stage: Stage) -> None:
    people = {name: one.person_id for name, one in stage.sessions.items()}
    scope = stage.scope("boss")
    for named in (
        (people["first"],),
        (people["first"], people["first"]),
        (people["first"], people["owner"]),
        (people["first"], people["stranger"]),
        (people["first"], uuid4()),
    ):
        with _refused("approval-people"):
            _keep(stage, scope, provider_people=named)
    with _refused("approval-nobody"):
        _keep(stage, scope, provider_needed=0, provider_people=(), client_needed=0)
    with _refused("approval-limits"):
        _keep(stage, scope, limits={"EUR": -1})


def test_a_changed_policy_is_for_new_requests_and_every_version_stays(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = approval_stage.build(app, worker_app, admin)
    before = place.ask()
    with app.app_context(), db.transaction(place.scope("boss")):
        wanted = approval_stage.rule(
            place, provider_needed=1, provider_people=(), client_needed=0, sequence="beside"
        )
        assert approval_rules.keep(place.policy, wanted, version=1) == 2
        kept = approval_rules.versions(place.policy)
    assert [(one.version, one.provider_needed) for one in kept] == [(2, 1), (1, 2)]
    assert place.decide("first", before) == "pending"
    assert place.decide("delegate", before) == FORBIDDEN
    after = place.ask()
    assert place.decide("delegate", after) == "approved"


def test_the_stricter_of_the_providers_and_the_clients_policy_wins(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = approval_stage.build(app, worker_app, admin)
    home = factories.make_provider(admin)
    person = place.sessions["boss"].person_id
    factories.grant(admin, home, person, role="administrator", lines=("member",))
    rule = ids.uuid7()
    everywhere = approval_stage.rule(
        place, provider_needed=3, provider_people=(), client_needed=0, sequence="beside"
    )
    with app.app_context(), db.transaction(place.sessions["boss"].scope(home)):
        approval_rules.keep(rule, everywhere)
    try:
        asked = place.ask()
        for who in ("first", "second"):
            assert place.decide(who, asked) == "pending"
        assert place.decide("owner", asked) == "pending"
        assert place.decide("delegate", asked) == "approved"
        hidden = "select 1 from app.approval_policy where id = :id"
        assert place.run(place.scope("owner"), hidden, id=rule) == "rows 0"
    finally:
        with app.app_context(), db.transaction(place.sessions["boss"].scope(home)):
            approval_rules.end(rule, version=1)


def _entry(stage: Stage, amount: int = 200_000, **more: object) -> ledger.EntryDraft:
    codes = sorted(stage.books.accounts)
    accounts = [stage.books.accounts[code] for code in codes]
    plain = [one for one in accounts if one in _plain(stage)]
    return ledger.EntryDraft(
        journal="GEN",
        date=clock.today().replace(year=2026, month=3, day=4),
        description="Rent",
        postings=(
            ledger.PostingInput(plain[0], amount, "EUR"),
            ledger.PostingInput(plain[1], -amount, "EUR"),
        ),
        key=str(ids.uuid7()),
        **more,  # type: ignore[arg-type]
    )


def _plain(stage: Stage) -> set[UUID]:
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        return {one.id for one in queries.accounts() if one.type == "expense"}


def _post(stage: Stage, draft: ledger.EntryDraft, ref: UUID | None = None) -> str:
    with stage.app.app_context():
        try:
            with db.transaction(stage.scope("maker")):
                commands.post_entry(
                    journal=draft.journal,
                    date=draft.date,
                    description=draft.description,
                    postings=draft.postings,
                    key=draft.key,
                    source_type=draft.source_type,
                    source_id=draft.source_id,
                    approved_ref=ref,
                )
        except DomainError as refusal:
            return refusal.code
    return "posted"


def _asked(stage: Stage, draft: ledger.EntryDraft) -> tuple[UUID, str]:
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        made = approved.ask(draft)
        return made, approvals.one(made).content_sha


def test_nothing_over_the_limit_is_posted_unapproved(stage: Stage) -> None:
    assert _post(stage, _entry(stage, 99_999)) == "posted"
    assert _post(stage, _entry(stage, 100_000)) == "approval-needed"
    paper = _entry(stage, source_type="document", source_id=uuid4())
    assert _post(stage, paper) == "approval-needed"
    second_of_a_lot = _entry(stage, source_type="document/2", source_id=uuid4())
    assert _post(stage, second_of_a_lot) == "approval-needed"
    many = [_entry(stage, 10), _entry(stage)]
    with (
        stage.app.app_context(),
        pytest.raises(DomainError, match="approval-needed"),
        db.transaction(stage.scope("maker")),
    ):
        commands.post_many(drafts=many)


def test_what_is_undecided_refused_or_changed_is_not_posted(stage: Stage) -> None:
    draft = _entry(stage)
    asked = _asked(stage, draft)
    assert _post(stage, draft, asked[0]) == "approval-does-not-cover"
    assert stage.decide("first", asked) == "pending"
    assert _post(stage, draft, asked[0]) == "approval-does-not-cover"
    assert stage.decide("second", asked, decision="refuse") == "refused"
    assert _post(stage, draft, asked[0]) == "approval-does-not-cover"
    granted = _asked(stage, draft)
    stage.approve(granted)
    assert _post(stage, _entry(stage, 200_001), granted[0]) == "approval-does-not-cover"
    assert _post(stage, draft, granted[0]) == "posted"
    again = _entry(stage)
    assert _post(stage, again, granted[0]) == "approval-does-not-cover"


def test_an_amount_that_was_told_too_small_covers_nothing(stage: Stage) -> None:
    draft = _entry(stage)
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        made = approved.ask(draft)
        sha = approvals.one(made).content_sha
        approvals.withdraw(made)
        small = approvals.request(
            KIND,
            subject_type="entry_draft",
            line="accounting",
            title="Rent",
            content={"_draft": approved._written(draft)},
            content_sha=sha,
            amount_minor=1,
            currency="EUR",
        )
    assert stage.decide("delegate", (small, sha)) == "approved"
    assert _post(stage, draft, small) == "approval-does-not-cover"


def test_another_kind_of_entry_does_not_stand_in_for_the_rule(
    stage: Stage, admin: psycopg.Connection
) -> None:
    admin.execute(
        "insert into app.approval_kind (kind, side) values ('entry.easy', 'any')"
        " on conflict do nothing"
    )
    admin.execute(
        "insert into guard.role_permission (role, permission)"
        " values ('owner', 'approve.entry.easy') on conflict do nothing"
    )
    admin.commit()
    draft = _entry(stage)
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        made = approved.ask(draft)
        sha = approvals.one(made).content_sha
        approvals.withdraw(made)
        easy = approvals.request(
            "entry.easy",
            subject_type="entry_draft",
            line="accounting",
            title="Rent",
            content={},
            content_sha=sha,
        )
    assert stage.decide("owner", (easy, sha)) == "approved"
    assert _post(stage, draft, easy) == "approval-does-not-cover"


def test_a_decision_is_taken_back_until_it_is_carried_out(stage: Stage) -> None:
    back = "select app.take_back_decision(:id)"
    draft = _entry(stage)
    asked = _asked(stage, draft)
    assert stage.decide("first", asked) == "pending"
    assert stage.run(stage.scope("second"), back, id=asked[0]) == "not-found"
    assert stage.run(stage.scope("first"), back, id=asked[0]) == "rows 1"
    stage.approve(asked)
    assert stage.run(stage.scope("first"), back, id=asked[0]) == "rows 1"
    assert stage.state(asked) == "pending"
    assert _post(stage, draft, asked[0]) == "approval-does-not-cover"
    assert stage.decide("owner", asked) == "approval-not-your-turn"
    assert stage.decide("third", asked) == "pending"
    assert stage.decide("owner", asked) == "approved"
    assert _post(stage, draft, asked[0]) == "posted"
    assert stage.run(stage.scope("owner"), back, id=asked[0]) == "undo-not-possible"


def test_an_approver_who_left_the_client_decides_nothing(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask()
    person = stage.sessions["third"].person_id
    admin.execute(
        "update guard.membership set valid_to = now() where user_id = %s and tenant_id = %s",
        (person, stage.tenant),
    )
    admin.commit()
    refused = stage.decide("third", asked)
    admin.execute(
        "update guard.membership set valid_to = null where user_id = %s and tenant_id = %s",
        (person, stage.tenant),
    )
    admin.commit()
    assert refused in {"not-found", FORBIDDEN}


def test_a_day_is_enough_for_a_delegation_of_a_later_day(
    stage: Stage, admin: psycopg.Connection
) -> None:
    with stage.app.app_context(), db.transaction(stage.scope("third")):
        start = clock.now() + timedelta(days=1)
        made = approval_rules.delegate(
            to=stage.sessions["boss"].person_id,
            from_at=start,
            until_at=start + timedelta(days=1),
        )
    early = stage.decide("boss", stage.ask(), for_person=stage.sessions["third"].person_id)
    assert early == "delegation-over"
    _end(admin, made)
