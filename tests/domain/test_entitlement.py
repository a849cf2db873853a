"""How a customer stands: what they owe, the days of grace, and whatever gives a reason to wait."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.entitlement import (
    Entitlement,
    InApp,
    Notice,
    Reason,
    State,
    Wall,
    entitlement,
    notice,
)
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.case import InFlight, RecoveryCase
from domain.recovery.state import Pause
from domain.recovery.transitions import CLOSED, OPEN, Phase
from tests.builders import DAY, HOUR, MONDAY, a_case, after, to_begin, to_open

GRACE = 7 * DAY
CASE = a_case()
WANTED = InApp(grace_days=7, shown=True, banner=True, wall=Wall.HARD)

instants = st.integers(-40 * 24, 40 * 24).map(lambda hours: MONDAY + hours * HOUR)
pauses = st.builds(
    Pause,
    by=st.sampled_from([e.Pauser.CUSTOMER, e.Pauser.MERCHANT]),
    until=st.none() | instants,
)
flights = st.builds(
    InFlight, number=st.just(1), started_at=instants, check_at=instants, amount_minor=st.just(1)
)
debts = st.builds(
    RecoveryCase,
    phase=st.sampled_from(sorted(set(OPEN) | CLOSED)),
    opened_at=instants,
    due_at=st.none() | instants,
    amount_minor=st.integers(0, 5_000),
    currency=st.just("eur"),
    outstanding=st.booleans(),
    held_out=st.booleans(),
    quiet_until=st.none() | instants,
    pause=st.none() | pauses,
    in_flight=st.none() | flights,
    ask=st.none() | st.sampled_from(sorted(e.Ask)),
)
graces = st.integers(0, 90).map(lambda days: days * DAY)
several = st.lists(debts, max_size=4)


def how(*cases: RecoveryCase, at: datetime = MONDAY + DAY) -> Entitlement:
    return entitlement(cases, GRACE, at)


def test_who_owes_nothing_is_in_good_standing() -> None:
    assert how() == Entitlement(state=State.GOOD)


def test_grace_begins_with_the_case_and_ends_to_the_second() -> None:
    opened = CASE.opened_at
    assert opened is not None
    early = how(CASE, at=opened + GRACE - timedelta(seconds=1))
    late = how(CASE, at=opened + GRACE)
    assert (early.state, early.grace_until) == (State.GRACE, opened + GRACE)
    assert (late.state, late.grace_until) == (State.OVERDUE, opened + GRACE)
    assert late.reason is early.reason is Reason.PAYMENT_FAILED


def test_without_days_of_grace_one_is_overdue_at_once() -> None:
    assert entitlement((CASE,), timedelta(), MONDAY).state is State.OVERDUE


@pytest.mark.parametrize("phase", sorted(CLOSED))
def test_what_has_ended_does_not_count(phase: Phase) -> None:
    assert how(replace(CASE, phase=phase)).state is State.GOOD


def test_what_is_only_watched_does_not_count() -> None:
    assert how(replace(CASE, held_out=True), at=MONDAY + 30 * DAY).state is State.GOOD


def test_a_bill_counts_from_its_day_on() -> None:
    bill = replace(CASE, outstanding=True, due_at=MONDAY + 10 * DAY)
    assert how(bill, at=MONDAY + 9 * DAY).state is State.GOOD
    due = how(bill, at=MONDAY + 10 * DAY)
    assert (due.state, due.grace_until) == (State.GRACE, MONDAY + 17 * DAY)
    assert due.reason is Reason.BILL_UNPAID


def test_a_day_that_was_picked_is_waited_for() -> None:
    picked = replace(CASE, quiet_until=MONDAY + 12 * DAY)
    waits = how(picked, at=MONDAY + 11 * DAY)
    assert (waits.state, waits.grace_until) == (State.GRACE, MONDAY + 12 * DAY)
    assert (waits.reason, waits.rests) == (Reason.DAY_AGREED, True)
    over = how(picked, at=MONDAY + 12 * DAY)
    assert (over.state, over.rests) == (State.OVERDUE, False)


def test_a_charge_on_its_way_is_waited_for_however_long() -> None:
    case = a_case(of=after(to_open(), (MONDAY + 3 * DAY, to_begin())))
    assert case.in_flight is not None
    found = how(case, at=MONDAY + 40 * DAY)
    assert (found.state, found.reason, found.rests) == (State.GRACE, Reason.BEING_CHARGED, True)


def test_a_question_is_waited_for_until_somebody_has_answered() -> None:
    asked = c.PauseCase(by=e.Pauser.CUSTOMER, about=e.Problem.AMOUNT)
    case = a_case(of=after(to_open(), asked))
    found = how(case, at=MONDAY + 40 * DAY)
    assert (found.state, found.grace_until) == (State.GRACE, None)
    assert (found.reason, found.rests) == (Reason.QUESTIONED, True)


def test_one_that_is_overdue_is_enough_and_the_oldest_gives_the_reason() -> None:
    new = replace(CASE, opened_at=MONDAY + 20 * DAY, ask=e.Ask.CARD)
    found = how(replace(CASE, ask=e.Ask.AUTHENTICATION), new, at=MONDAY + 21 * DAY)
    assert found.state is State.OVERDUE
    assert found.reason is Reason.AUTHENTICATION_NEEDED
    assert found.grace_until == CASE.opened_at + GRACE  # type: ignore[operator]
    assert len(found.debts) == 2


@pytest.mark.parametrize(
    ("at", "banner", "wall", "shown"),
    [
        (DAY, True, Wall.HARD, Notice.BANNER),
        (DAY, False, Wall.HARD, Notice.NONE),
        (9 * DAY, False, Wall.BANNER, Notice.BANNER),
        (9 * DAY, True, Wall.SOFT, Notice.SOFT),
        (9 * DAY, True, Wall.HARD, Notice.HARD),
    ],
)
def test_what_is_shown_follows_the_merchants_wishes(
    at: timedelta, banner: bool, wall: Wall, shown: Notice
) -> None:
    wanted = replace(WANTED, banner=banner, wall=wall)
    assert notice(how(CASE, at=MONDAY + at), wanted) is shown
    assert notice(how(CASE, at=MONDAY + at), replace(wanted, shown=False)) is Notice.NONE


@given(several, graces, instants)
def test_a_customer_is_good_exactly_if_nothing_counts(
    cases: list[RecoveryCase], grace: timedelta, now: datetime
) -> None:
    found = entitlement(cases, grace, now)
    assert (found.state is State.GOOD) == (found.debts == ()) == (found.reason is None)
    for case in found.debts:
        assert case.is_open
        assert not case.held_out
        assert case.amount_minor > 0


@given(several, graces, instants)
def test_grace_ends_in_the_future_and_is_past_for_the_overdue(
    cases: list[RecoveryCase], grace: timedelta, now: datetime
) -> None:
    found = entitlement(cases, grace, now)
    if found.state is State.OVERDUE:
        assert found.grace_until is not None
        assert found.grace_until <= now
        assert not found.rests
    elif found.grace_until is not None:
        assert found.grace_until > now


@given(several, graces, st.integers(0, 90).map(lambda days: days * DAY), instants)
def test_more_days_of_grace_never_make_anybody_overdue(
    cases: list[RecoveryCase], grace: timedelta, more: timedelta, now: datetime
) -> None:
    if entitlement(cases, grace, now).state is not State.OVERDUE:
        assert entitlement(cases, grace + more, now).state is not State.OVERDUE


@given(several, debts, graces, instants)
def test_one_more_debt_never_makes_anybody_stand_better(
    cases: list[RecoveryCase], debt: RecoveryCase, grace: timedelta, now: datetime
) -> None:
    order = [State.GOOD, State.GRACE, State.OVERDUE]
    before = entitlement(cases, grace, now).state
    assert order.index(entitlement([*cases, debt], grace, now).state) >= order.index(before)


@given(several, graces, instants, st.sampled_from(sorted(Wall)), st.booleans())
def test_a_wall_is_shown_to_the_overdue_alone_and_nothing_to_who_was_promised_quiet(
    cases: list[RecoveryCase], grace: timedelta, now: datetime, wall: Wall, banner: bool
) -> None:
    found = entitlement(cases, grace, now)
    shown = notice(found, replace(WANTED, wall=wall, banner=banner))
    if shown in (Notice.SOFT, Notice.HARD):
        assert found.state is State.OVERDUE
    if found.rests:
        assert shown is Notice.NONE
