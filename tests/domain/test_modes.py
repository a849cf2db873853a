"""Living beside Stripe's retries: take over, follow, hold out; and Stripe's count of tries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decline import DeclineFamily
from domain.policy import FixedWaits, Plan, StripeRetries
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import ActionKind, next_action
from domain.recovery.charges import CLEARANCE
from domain.recovery.signals import Origin, changes_of, commands_for
from tests.builders import (
    ACCOUNT,
    DAY,
    HOUR,
    MONDAY,
    NEW_VISA,
    a_customer,
    a_policy,
    after,
    an_invoice,
    declined,
    to_begin,
    to_open,
)
from tests.domain.given import kinds, state, when

WATCHED = a_policy(stripe_retries=StripeRetries.HOLD_OUT)


@pytest.mark.parametrize(
    ("mode", "first"),
    [
        (StripeRetries.TAKE_OVER, ActionKind.TAKE_OVER),
        (StripeRetries.FOLLOW, ActionKind.REMINDER),
        (StripeRetries.HOLD_OUT, ActionKind.CLOSE),
    ],
)
def test_a_case_bears_its_mode_and_what_comes_first_follows_from_it(
    mode: StripeRetries, first: ActionKind
) -> None:
    policy = a_policy(stripe_retries=mode)
    history = when((), to_open(stripe_retry_at=MONDAY + 3 * DAY), policy=policy)
    case = state(history)
    assert (case.stripe_retries, case.held_out) == (mode, mode is StripeRetries.HOLD_OUT)
    action = next_action(case)
    assert action is not None
    assert action.kind is first


def test_who_was_drawn_into_the_hold_out_is_watched_whatever_the_mode() -> None:
    half = a_policy(hold_out_percent=50)
    held = next(f"cus_{n}" for n in range(99) if half.assign(f"cus_{n}").held_out)
    opened = when((), to_open(customer=a_customer(customer_id=held)), policy=half)[0]
    assert isinstance(opened, e.CaseOpened)
    assert opened.stripe_retries is StripeRetries.HOLD_OUT


def test_in_hold_out_nothing_is_planned_and_stripe_is_left_alone() -> None:
    opened = when((), to_open(stripe_retry_at=MONDAY + DAY), policy=WATCHED)
    assert kinds(opened) == [e.CaseOpened, e.ChargeDeclined]
    assert state(opened).stripe_retry_at is None


def test_who_pays_in_hold_out_is_written_down_as_it_was() -> None:
    opened = when((), to_open(), policy=WATCHED)
    paid = c.RecordPayment(amount_minor=29_00, by=e.Payer.STRIPE)
    (event,) = when(opened, paid, policy=WATCHED)
    assert isinstance(event, e.CaseRecovered)
    assert event.by is e.Payer.STRIPE


@given(st.lists(st.integers(0, 9), max_size=9))
def test_stripes_count_only_rises_whatever_order_it_is_read_in(counts: list[int]) -> None:
    history = when((), to_open(attempt_count=1))
    seen = 1
    for count in counts:
        events = when(history, c.RecordCount(attempt_count=count))
        assert kinds(events) == ([e.StripeCounted] if count > seen else [])
        seen = max(seen, count)
        history += events
    assert state(history).stripe_tries == seen


def test_a_try_that_stripe_counts_and_never_charged_takes_nothing_of_the_budget() -> None:
    history = after(to_open(attempt_count=1), c.RecordCount(attempt_count=6))
    assert len(state(history).refusals) == 1


def test_the_count_is_told_with_every_look_at_an_invoice_that_has_one() -> None:
    stripe = Origin(by=e.Payer.STRIPE)
    counted = an_invoice(attempt_count=4)
    assert c.RecordCount(attempt_count=4) in commands_for(ACCOUNT, counted, stripe)
    assert c.RecordCount(attempt_count=4) in changes_of(counted, stripe)
    silent = commands_for(ACCOUNT, an_invoice(), stripe)
    assert not any(isinstance(command, c.RecordCount) for command in silent)


def test_following_stripe_no_charge_of_ours_comes_within_hours_of_one_of_its_own() -> None:
    policy = a_policy(stripe_retries=StripeRetries.FOLLOW)
    history = when((), to_open(), policy=policy)
    due_at = state(history).next_attempt_at
    assert due_at is not None
    charged_at = due_at - HOUR
    unheard = declined(charge="ch_stripe", at=charged_at)
    told = c.RecordDecline(failure=unheard, by=e.Payer.STRIPE)
    # The same refusal of the same card changes no plan; the last look before the charge does.
    assert kinds(when(history, told, charged_at, policy)) == [e.ChargeDeclined]
    history += when(history, told, charged_at, policy)
    again, *_ = when(history, to_begin(stripe_retry_at=None), due_at, policy)
    assert isinstance(again, e.AttemptPlanned)
    assert (again.rule, again.due_at) == ("beside_another", charged_at + CLEARANCE)


def test_following_stripe_a_plan_keeps_clear_of_its_charges_but_not_for_another_card() -> None:
    hourly = {DeclineFamily.FUNDS: Plan(retries=FixedWaits(waits=(HOUR, HOUR)))}
    policy = a_policy(
        stripe_retries=StripeRetries.FOLLOW, plans=hourly, charge_hour=12, card_day_limit=5
    )
    history = when((), to_open(), policy=policy)
    assert state(history).next_attempt_at == MONDAY + DAY + HOUR, "noon in Berlin, a day later"
    ours = a_policy(plans=hourly, charge_hour=12, card_day_limit=5)
    assert state(when((), to_open(), policy=ours)).next_attempt_at == MONDAY + HOUR
    replaced = when(history, c.ReplaceCard(card=NEW_VISA), policy=policy)
    assert state(history, replaced).next_attempt_at == MONDAY


def test_a_charge_that_turns_out_to_be_ours_was_none_of_stripes() -> None:
    history = after(to_open())
    due_at = state(history).next_attempt_at
    assert due_at is not None
    history += when(history, to_begin(), due_at)
    ours = declined(charge="ch_ours", at=due_at)
    history += when(history, c.RecordDecline(failure=ours, by=e.Payer.STRIPE), due_at)
    assert state(history).stripe_charged_at == due_at
    answer = c.RecordDecline(failure=ours, by=e.Payer.CHARGECHASE, attempt=1)
    history += when(history, answer, due_at)
    assert state(history).stripe_charged_at == MONDAY
