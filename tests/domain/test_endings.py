"""How a case ends, and that it stays ended."""

import pytest

from domain.policy import EndAction, StripeRetries
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import Action, ActionKind, next_action
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
    c.DelayReminder(step=1, until=MONDAY, rule="mail_minute"),
    c.FailReminder(step=1, reason="no", final=False),
    c.CloseCase(),
    c.WriteOff(),
    c.StopCase(reason=e.StopReason.CANCELLED),
    c.RecordPartialPayment(amount_paid_minor=9_00, amount_remaining_minor=20_00),
    c.PickDate(at=MONDAY + DAY),
    c.PromisePayment(until=MONDAY + DAY),
    c.PauseCase(by=e.Pauser.MERCHANT),
    c.ResumeCase(by=e.Pauser.MERCHANT),
    c.RecordEndAction(done=True),
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


ENDED = a_policy(end=EndAction.MARK_UNCOLLECTIBLE)
LOST = (*WAITING, *when(WAITING, c.CloseCase(), OVER, ENDED))


def test_a_case_that_its_window_ends_leaves_something_to_do_in_stripe() -> None:
    assert LOST[-1] == e.CaseLost(
        at=OVER, reason=e.LossReason.WINDOW_OVER, then=EndAction.MARK_UNCOLLECTIBLE
    )
    assert next_action(state(LOST)) == Action(kind=ActionKind.END, due_at=OVER)


@pytest.mark.parametrize(("done", "result"), [(True, "done"), (False, "refused")])
def test_the_end_action_is_carried_out_once(done: bool, result: str) -> None:
    told = c.RecordEndAction(done=done)
    (event,) = when(LOST, told, OVER)
    assert event == e.EndActionDone(at=OVER, result=e.EndResult(result))
    assert next_action(state(LOST, (event,))) is None
    assert when((*LOST, event), told, OVER) == ()


def test_money_that_comes_before_the_end_action_makes_it_needless() -> None:
    late = when(LOST, PAID, OVER)
    assert next_action(state(LOST, late)) is None
    assert when((*LOST, *late), c.RecordEndAction(done=True), OVER) == ()


def test_a_charge_and_a_letter_that_come_too_late_end_the_case_alike() -> None:
    for command in (to_begin(), c.BeginReminder(step=1, message_id="1@mail")):
        assert when(WAITING, command, OVER, ENDED) == LOST[-1:]


def test_a_subscription_that_is_not_there_cannot_be_cancelled() -> None:
    cancel = a_policy(end=EndAction.CANCEL_SUBSCRIPTION)
    single = after(to_open(subscription_id=None))
    (lost,) = when(single, c.CloseCase(), OVER, cancel)
    (subscribed,) = when(WAITING, c.CloseCase(), OVER, cancel)
    assert isinstance(lost, e.CaseLost)
    assert isinstance(subscribed, e.CaseLost)
    assert (lost.then, subscribed.then) == (EndAction.KEEP, EndAction.CANCEL_SUBSCRIPTION)


def test_what_the_merchant_wrote_off_is_left_as_the_merchant_left_it() -> None:
    (lost,) = when(WAITING, c.WriteOff(), policy=ENDED)
    assert lost == e.CaseLost(at=MONDAY, reason=e.LossReason.WRITTEN_OFF)


@pytest.mark.parametrize("state_of", [e.DisputeState.OPEN, e.DisputeState.LOST])
def test_a_dispute_stops_the_chase(state_of: e.DisputeState) -> None:
    dispute = c.RecordDispute(amount_minor=29_00, state=state_of)
    for given in (WAITING, CHARGING):
        assert when(given, dispute) == (e.CaseStopped(at=MONDAY, reason=e.StopReason.DISPUTED),)


def test_a_dispute_that_was_won_before_anything_came_back_changes_nothing() -> None:
    won = c.RecordDispute(amount_minor=29_00, state=e.DisputeState.WON)
    assert when(WAITING, won) == ()
    assert when(ENDS["stopped"], won) == ()


def test_refunds_are_uncounted_each_once_and_never_more_than_came() -> None:
    recovered = ENDS["recovered"]
    part = when(recovered, c.RecordRefund(amount_minor=9_00), OVER)
    assert part == (e.MoneyReturned(at=OVER, amount_minor=9_00, reason=e.Return.REFUND),)
    given = (*recovered, *part)
    assert when(given, c.RecordRefund(amount_minor=9_00), OVER) == ()
    rest = when(given, c.RecordRefund(amount_minor=50_00), OVER)
    assert rest == (e.MoneyReturned(at=OVER, amount_minor=20_00, reason=e.Return.REFUND),)
    assert when((*given, *rest), c.RecordRefund(amount_minor=50_00), OVER) == ()
    assert state(given, rest).phase.value == "recovered"


def test_each_charge_of_an_invoice_has_refunds_of_its_own_and_one_that_fails_is_counted_back() -> (
    None
):
    paid = ENDS["recovered"]

    def told(history: History, charge: str, amount_minor: int) -> History:
        refund = c.RecordRefund(amount_minor=amount_minor, charge_id=charge)
        return (*history, *when(history, refund))

    both = told(told(paid, "ch_1", 10_00), "ch_2", 5_00)
    assert state(both).refunded_minor == 15_00
    failed = told(both, "ch_1", 0)
    assert state(failed).refunded_minor == 5_00
    assert failed[-1] == e.MoneyReinstated(
        at=failed[-1].at, amount_minor=10_00, reason=e.Return.REFUND, charge_id="ch_1"
    )
    assert told(failed, "ch_1", 0) == failed
    assert state(told(failed, "ch_2", 90_00)).refunded_minor == 29_00, "never more than came"


@pytest.mark.parametrize("end", ENDS)
def test_money_that_came_too_much_is_written_down_once_in_every_phase(end: str) -> None:
    overpaid = c.RecordOverpayment(amount_minor=5_00)
    for history in (WAITING, ENDS[end]):
        known = (*history, *when(history, overpaid))
        assert state(known).overpaid_minor == 5_00
        assert state(known).phase is state(history).phase
        assert when(known, overpaid) == ()


def test_a_dispute_that_was_won_before_it_was_heard_of_changes_nothing_in_the_end() -> None:
    paid = ENDS["recovered"]
    won = c.RecordDispute(amount_minor=29_00, state=e.DisputeState.WON)
    history = (*paid, *when(paid, won))
    assert kinds(history[-2:]) == [e.MoneyReturned, e.MoneyReinstated]
    assert (state(history).disputed_minor, state(history).dispute_won) == (0, True)
    assert when(history, won) == ()
    assert when(history, c.RecordDispute(amount_minor=29_00)) == ()


def test_whoever_took_the_permission_to_debit_back_is_asked_for_another_way_to_pay() -> None:
    ended = c.RevokeMandate(payment_method="pm_old")
    events = when(WAITING, ended)
    asked = next(event for event in events if isinstance(event, e.CustomerAsked))
    assert (asked.ask, asked.rule) == (e.Ask.CARD, "mandate_ended")
    assert when((*WAITING, *events), ended) == ()
    assert when(CHARGING, ended) == ()
    assert when(WAITING, c.RevokeMandate(payment_method="pm_other")) == ()


def test_a_refund_of_what_never_came_back_by_the_case_is_not_ours_to_count() -> None:
    refund = c.RecordRefund(amount_minor=29_00)
    for given in (WAITING, ENDS["lost"], ENDS["stopped"]):
        assert when(given, refund) == ()
    assert when(WAITING, c.RecordEndAction(done=True)) == ()


def test_a_disputed_payment_is_uncounted_and_counted_again_when_the_dispute_is_won() -> None:
    recovered = ENDS["recovered"]
    opened = c.RecordDispute(amount_minor=29_00)
    taken = when(recovered, opened, OVER)
    assert taken == (e.MoneyReturned(at=OVER, amount_minor=29_00, reason=e.Return.DISPUTE),)
    given = (*recovered, *taken)
    assert when(given, opened, OVER) == ()
    lost = c.RecordDispute(amount_minor=29_00, state=e.DisputeState.LOST)
    assert when(given, lost, OVER) == ()
    won = c.RecordDispute(amount_minor=29_00, state=e.DisputeState.WON)
    back = when(given, won, OVER)
    assert back == (e.MoneyReinstated(at=OVER, amount_minor=29_00),)
    for again in (won, opened):
        assert when((*given, *back), again, OVER) == ()


def test_a_part_payment_changes_what_is_asked_for_and_is_counted() -> None:
    part = c.RecordPartialPayment(amount_paid_minor=9_00, amount_remaining_minor=20_00)
    for given in (WAITING, CHARGING):
        changed = when(given, part)
        assert changed == (e.AmountChanged(at=MONDAY, amount_minor=20_00, paid_minor=9_00),)
        assert state(given, changed).paid_minor == 9_00
        assert when((*given, *changed), part) == ()
    everything = c.RecordPartialPayment(amount_paid_minor=29_00, amount_remaining_minor=0)
    assert when(WAITING, everything) == (), "the payment itself tells"
