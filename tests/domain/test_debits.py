"""Bank debits: few further presentations of one invoice, and only after what time may heal."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decline import DeclineFamily
from domain.invoice import Card
from domain.network import DEBIT_SCHEMES, CardUse, debit_budget, debit_objection
from domain.policy import FixedWaits, Learned, Plan
from domain.recovery import commands as c
from domain.recovery import events as e
from tests.builders import ACCOUNT, DAY, HOUR, MONDAY, a_policy, after, an_invoice, declined
from tests.domain.given import state, when

ACH = Card(
    payment_method="pm_bank", fingerprint="fp_bank", brand="Example Bank", kind="us_bank_account"
)
EVER_AGAIN = FixedWaits(waits=(2 * DAY,) * 6)
POLICY = a_policy(
    plans={
        DeclineFamily.FUNDS: Plan(retries=EVER_AGAIN),
        DeclineFamily.UNKNOWN: Plan(retries=EVER_AGAIN),
    },
    window=60 * DAY,
)


def returned(number: int, at: datetime, code: str = "insufficient_funds") -> c.RecordDecline:
    failure = declined(code, f"ch_{number}", at=at, card=ACH)
    return c.RecordDecline(failure=failure, by=e.Payer.CHARGECHASE, attempt=number or None)


def opened(code: str = "insufficient_funds") -> tuple[e.Event, ...]:
    bill = an_invoice(card=ACH, last_failure=declined(code, "ch_0", card=ACH))
    return after(c.OpenCase(account=ACCOUNT, invoice=bill), policy=POLICY)


def tried_until_asked() -> tuple[e.Event, ...]:
    """Every debit that is planned is made, and comes back."""
    history = opened()
    for number in range(1, 10):
        due_at = state(history).next_attempt_at
        if due_at is None:
            return history
        begin = c.BeginAttempt(
            number=number, invoice=an_invoice(card=ACH, last_failure=None), use=CardUse()
        )
        history += when(history, begin, due_at, POLICY)
        back = returned(number, due_at)
        history += when(history, back, due_at + 4 * DAY, POLICY)
    raise AssertionError("there is no end of debits")


def test_an_account_in_the_us_is_debited_twice_more_and_then_its_owner_is_asked() -> None:
    history = tried_until_asked()
    assert sum(isinstance(event, e.AttemptStarted) for event in history) == 2
    asked = [event for event in history if isinstance(event, e.CustomerAsked)][-1]
    assert (asked.ask, asked.rule) == (e.Ask.CARD, "scheme_limit")


def test_why_a_debit_is_planned_names_what_its_scheme_leaves() -> None:
    bill = an_invoice(card=ACH, last_failure=declined(charge="ch_0", card=ACH))
    events = after(c.OpenCase(account=ACCOUNT, invoice=bill), policy=POLICY)
    planned = next(event for event in events if isinstance(event, e.AttemptPlanned))
    assert planned.why is not None
    left = planned.why.budget
    assert left is not None
    assert (left.used, left.allowed, left.network, left.left) == (0, 2, 2, 2)


def test_a_debit_that_was_returned_without_a_reason_is_not_repeated_by_ach() -> None:
    asked = opened("generic_decline")[-1]
    assert isinstance(asked, e.CustomerAsked)
    assert (asked.ask, asked.rule) == (e.Ask.CARD, "debit_final")


def test_a_debit_whose_reason_turned_out_final_before_it_was_begun_is_not_made() -> None:
    history = opened()
    due_at = state(history).next_attempt_at
    assert due_at is not None
    for number in (1, 2, 3):
        failure = declined(charge=f"ch_stripe_{number}", at=MONDAY + number * HOUR, card=ACH)
        told = c.RecordDecline(failure=failure, by=e.Payer.STRIPE)
        history += when(history, told, MONDAY + number * HOUR, POLICY)
    begin = c.BeginAttempt(number=1, invoice=an_invoice(card=ACH), use=CardUse())
    events = when(history, begin, due_at, POLICY)
    assert not any(isinstance(event, e.AttemptStarted) for event in events)
    assert any(
        isinstance(event, e.CustomerAsked) and event.rule == "scheme_limit" for event in events
    )


def test_a_model_of_timing_has_no_more_tries_than_the_scheme_leaves() -> None:
    learned = a_policy(
        plans={DeclineFamily.FUNDS: Plan(retries=Learned(tries=8, gap=20 * HOUR))},
        window=28 * DAY,
    )
    bill = an_invoice(card=ACH, last_failure=declined(charge="ch_0", card=ACH))
    events = after(c.OpenCase(account=ACCOUNT, invoice=bill), policy=learned)
    assert any(isinstance(event, e.AttemptPlanned) for event in events)


def test_a_picked_day_beyond_what_the_scheme_allows_is_not_taken() -> None:
    history = tried_until_asked()
    now = history[-1].at
    assert when(history, c.PickDate(at=now + 2 * DAY), now, POLICY) == ()


@pytest.mark.parametrize("kind", ["card", "link", "paypal"])
def test_what_is_no_bank_debit_has_no_scheme_of_its_own(kind: str) -> None:
    assert debit_objection(kind, (MONDAY,) * 9, DeclineFamily.NEVER, MONDAY) is None
    assert debit_budget(kind, 9) is None


@given(
    kind=st.sampled_from(sorted(DEBIT_SCHEMES)),
    days=st.lists(st.integers(0, 200), min_size=0, max_size=6),
    family=st.sampled_from(DeclineFamily),
    later=st.integers(0, 400),
)
def test_a_debit_is_allowed_within_its_schemes_number_and_time_and_for_want_of_money_alone(
    kind: str, days: list[int], family: DeclineFamily, later: int
) -> None:
    scheme = DEBIT_SCHEMES[kind]
    refusals = tuple(MONDAY + day * DAY for day in sorted(days))
    now = MONDAY + later * DAY
    allowed = debit_objection(kind, refusals, family, now) is None
    fits = not refusals or (
        family in scheme.after
        and len(refusals) - 1 < scheme.retries
        and now < refusals[0] + scheme.within
    )
    assert allowed == fits
    left = debit_budget(kind, len(refusals))
    assert left is not None
    assert left.left == max(0, scheme.retries - max(0, len(refusals) - 1))


def test_what_is_paid_while_a_debit_is_on_its_way_was_paid_by_it() -> None:
    history = opened()
    due_at = state(history).next_attempt_at
    assert due_at is not None
    begin = c.BeginAttempt(number=1, invoice=an_invoice(card=ACH), use=CardUse())
    history += when(history, begin, due_at, POLICY)
    paid = c.RecordPayment(amount_minor=29_00, by=e.Payer.STRIPE)
    (event,) = when(history, paid, due_at + 4 * DAY, POLICY)
    assert isinstance(event, e.CaseRecovered)
    assert (event.by, event.attempt) == (e.Payer.CHARGECHASE, 1)
    by_transfer = c.RecordPayment(amount_minor=29_00, by=e.Payer.MERCHANT)
    (other,) = when(history, by_transfer, due_at + 4 * DAY, POLICY)
    assert isinstance(other, e.CaseRecovered)
    assert other.by is e.Payer.MERCHANT


@pytest.mark.parametrize(
    ("at", "card", "ours"),
    [
        (HOUR * 0, ACH, True),
        (HOUR / 60, ACH, True),
        (-HOUR / 60, ACH, True),  # Stripe's clock is a minute behind ours
        (-HOUR, ACH, False),  # an earlier one, of Stripe's
        (HOUR, ACH, False),
        (HOUR * 0, Card(payment_method="pm_2", fingerprint="fp_2", kind="us_bank_account"), False),
    ],
)
def test_a_debit_that_came_back_answers_the_attempt_that_began_it_whoever_tells(
    at: timedelta, card: Card, ours: bool
) -> None:
    """Its event names no request. Its charge bears the second at which the debit was begun."""
    history = opened()
    due_at = state(history).next_attempt_at
    assert due_at is not None
    begin = c.BeginAttempt(number=1, invoice=an_invoice(card=ACH), use=CardUse())
    history += when(history, begin, due_at, POLICY)
    failure = declined("insufficient_funds", "ch_1", at=due_at + at, card=card)
    told = c.RecordDecline(failure=failure, by=e.Payer.STRIPE)
    first, *_ = when(history, told, due_at + 4 * DAY, POLICY)
    assert isinstance(first, e.AttemptDeclined if ours else e.ChargeDeclined)


def test_a_debit_that_was_begun_only_when_it_was_sent_again_is_our_own_too() -> None:
    """Stripe was away for a while: the attempt's key was sent once more, hours later."""
    history = opened()
    due_at = state(history).next_attempt_at
    assert due_at is not None
    begin = c.BeginAttempt(number=1, invoice=an_invoice(card=ACH), use=CardUse())
    history += when(history, begin, due_at, POLICY)
    for hours in (1, 7):
        history += when(history, c.RecordUnclear(attempt=1), due_at + hours * HOUR, POLICY)
    for at, ours in ((7 * HOUR, True), (HOUR, True), (4 * HOUR, False)):
        failure = declined("insufficient_funds", "ch_1", at=due_at + at, card=ACH)
        told = c.RecordDecline(failure=failure, by=e.Payer.STRIPE)
        first, *_ = when(history, told, due_at + 4 * DAY, POLICY)
        assert isinstance(first, e.AttemptDeclined if ours else e.ChargeDeclined)
