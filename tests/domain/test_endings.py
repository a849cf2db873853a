"""How a case ends, and that it stays ended."""

import pytest

from domain.policy import StripeRetries
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import next_action
from tests.builders import (
    DAY,
    HOUR,
    MONDAY,
    NEW_VISA,
    a_policy,
    after,
    declined,
    to_begin,
    to_open,
)
from tests.domain.given import History, kinds, phase_after, state, when

THURSDAY = MONDAY + 3 * DAY - 2 * HOUR
OVER = MONDAY + 14 * DAY
WAITING = after(to_open())
CHARGING = after(to_open(), (THURSDAY, to_begin()))
PAID = c.RecordPayment(amount_minor=29_00, by=e.Payer.CHARGECHASE, attempt=1)
ENDS: dict[str, History] = {
    "recovered": (*CHARGING, *when(CHARGING, PAID)),
    "lost": (*WAITING, *when(WAITING, c.WriteOff())),
    "stopped": (*WAITING, *when(WAITING, c.StopCase(reason=e.StopReason.VOIDED))),
}
COMMANDS: tuple[c.Command, ...] = (
    to_open(),
    to_begin(),
    to_begin(2),
    c.RecordTakeOver(),
    c.RecordDecline(failure=declined(charge="ch_9"), by=e.Payer.STRIPE),
    c.RecordUnclear(attempt=1),
    c.AbandonAttempt(attempt=1, evidence="none"),
    c.RequestAuthentication(),
    c.ReplaceCard(card=NEW_VISA),
    c.BeginReminder(step=1, message_id="1@mail"),
    c.SkipReminder(step=1, reason="no_address"),
    c.FailReminder(step=1, reason="no", final=False),
    c.CloseCase(),
    c.WriteOff(),
    c.StopCase(reason=e.StopReason.CANCELLED),
)


def test_a_payment_recovers_the_case_from_every_open_phase() -> None:
    customer = after(to_open(last_failure=declined("lost_card")))
    for given in (WAITING, CHARGING, customer):
        events = when(given, PAID)
        assert events == (
            e.CaseRecovered(at=MONDAY, amount_minor=29_00, by=e.Payer.CHARGECHASE, attempt=1),
        )
        assert state(given, events).recovered_minor == 29_00
        assert state(given, events).in_flight is None


def test_stripe_gets_no_credit_for_what_it_was_told_not_to_try() -> None:
    by_stripe = c.RecordPayment(amount_minor=29_00, by=e.Payer.STRIPE)
    (recovered,) = when(WAITING, by_stripe)
    assert isinstance(recovered, e.CaseRecovered)
    assert recovered.by is e.Payer.CUSTOMER


def test_stripe_gets_the_credit_for_its_own_retries() -> None:
    by_stripe = c.RecordPayment(amount_minor=29_00, by=e.Payer.STRIPE)
    not_yet = after(to_open(stripe_retry_at=THURSDAY))
    follow = a_policy(stripe_retries=StripeRetries.FOLLOW)
    for events in (when(not_yet, by_stripe), when(WAITING, by_stripe, policy=follow)):
        assert isinstance(events[0], e.CaseRecovered)
        assert events[0].by is e.Payer.STRIPE


def test_the_window_closes_a_case_when_it_is_over_and_not_before() -> None:
    assert when(WAITING, c.CloseCase(), OVER - HOUR) == ()
    assert when(WAITING, c.CloseCase(), OVER) == (
        e.CaseLost(at=OVER, reason=e.LossReason.WINDOW_OVER),
    )


def test_a_case_is_not_closed_over_a_charge_whose_outcome_is_unknown() -> None:
    assert when(CHARGING, c.CloseCase(), OVER) == ()


def test_a_written_off_invoice_is_lost_and_a_voided_one_is_stopped() -> None:
    assert phase_after(ENDS["lost"]) == "lost"
    assert phase_after(ENDS["stopped"]) == "stopped"
    assert phase_after(CHARGING, when(CHARGING, c.WriteOff())) == "lost"


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_an_ended_case_stays_as_it_ended(end: str, command: c.Command) -> None:
    for now in (MONDAY, THURSDAY, OVER + DAY):
        events = when(ENDS[end], command, now)
        if isinstance(command, c.RecordDecline):  # counted against its card, and nothing more
            assert [type(event) for event in events] == [e.ChargeDeclined]
            assert state(ENDS[end], events).phase == end
            assert when((*ENDS[end], *events), command, now) == ()
        else:
            assert events == ()


@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_due_in_an_ended_case(end: str) -> None:
    assert next_action(state(ENDS[end])) is None
    assert state(ENDS[end]).closed_at == MONDAY


@pytest.mark.parametrize("end", ["lost", "stopped"])
def test_money_that_comes_late_is_written_down_once_and_reopens_nothing(end: str) -> None:
    late = when(ENDS[end], PAID, OVER)
    assert late == (e.MoneyCameLate(at=OVER, amount_minor=29_00, by=e.Payer.CHARGECHASE),)
    assert phase_after(ENDS[end], late) == end
    assert state(ENDS[end], late).closed_at == MONDAY
    assert when((*ENDS[end], *late), PAID, OVER) == ()


@pytest.mark.parametrize("amount_minor", [0, 29_00])
def test_a_payment_is_written_down_once_even_if_nothing_was_left_to_pay(amount_minor: int) -> None:
    payment = c.RecordPayment(amount_minor=amount_minor, by=e.Payer.CUSTOMER)
    paid = (*WAITING, *when(WAITING, payment))
    assert phase_after(paid) == "recovered"
    assert when(paid, payment) == ()
    assert when(paid, PAID) == ()


def test_nothing_paid_late_is_nothing() -> None:
    nothing = c.RecordPayment(amount_minor=0, by=e.Payer.CUSTOMER)
    assert kinds(when(ENDS["lost"], nothing)) == []


def test_what_is_no_command_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        when(WAITING, object())  # type: ignore[arg-type]
