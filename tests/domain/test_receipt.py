"""Thanks when it is paid: once, only to whom was written, and never for money that went back."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy import PolicyInvalid, Step, Template
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import ActionKind, next_action
from tests.builders import DAY, HOUR, MONDAY, a_policy, after, declined, to_open
from tests.domain.given import kinds, state, when

TUESDAY = MONDAY + DAY
NIGHT = TUESDAY + 12 * HOUR  # 23:00 in Berlin
WAITING = after(to_open())
WROTE = (*WAITING, *when(WAITING, c.BeginReminder(step=1, message_id="1@mail"), TUESDAY))
THANKS = Template.RECOVERED


def paid(by: e.Payer = e.Payer.CUSTOMER) -> c.RecordPayment:
    return c.RecordPayment(amount_minor=29_00, by=by)


def begin(step: int = 2) -> c.BeginReminder:
    return c.BeginReminder(step=step, message_id=f"{step}@mail")


RECOVERED = (*WROTE, *when(WROTE, paid(), NIGHT))


def test_whoever_pays_by_their_own_hand_is_thanked_at_once() -> None:
    assert when(WROTE, paid(), NIGHT)[1:] == (
        e.ReminderPlanned(at=NIGHT, step=2, due_at=NIGHT, template=THANKS),
    )
    action = next_action(state(RECOVERED))
    assert action is not None
    assert (action.kind, action.due_at, action.number) == (ActionKind.REMINDER, NIGHT, 2)


def test_after_a_charge_at_night_the_thanks_wait_for_the_morning() -> None:
    _, thanks = when(WROTE, paid(e.Payer.CHARGECHASE), NIGHT)
    assert isinstance(thanks, e.ReminderPlanned)
    assert thanks.due_at == TUESDAY + 22 * HOUR  # nine in Berlin


def test_whoever_heard_nothing_is_not_thanked() -> None:
    assert kinds(when(WAITING, paid(), TUESDAY)) == [e.CaseRecovered]


def test_a_case_that_is_paused_stays_quiet() -> None:
    paused = (*WROTE, *when(WROTE, c.PauseCase(by=e.Pauser.MERCHANT), TUESDAY))
    assert kinds(when(paused, paid(), NIGHT)) == [e.CaseRecovered]


def test_a_policy_may_leave_the_thanks_out() -> None:
    assert kinds(when(WROTE, paid(), NIGHT, a_policy(receipt=False))) == [e.CaseRecovered]


def test_they_go_once() -> None:
    (started,) = when(RECOVERED, begin(), NIGHT)
    assert started == e.ReminderStarted(at=NIGHT, step=2, message_id="2@mail", template=THANKS)
    thanked = (*RECOVERED, started)
    assert when(thanked, begin(), NIGHT + HOUR) == ()
    assert next_action(state(thanked)) is None
    assert state(thanked).marks == state(RECOVERED).marks, "the line has ended"


@pytest.mark.parametrize("step", [1, 3])
def test_only_the_step_that_is_due_goes(step: int) -> None:
    assert when(RECOVERED, begin(step), NIGHT) == ()


def test_they_do_not_go_too_early() -> None:
    recovered = (*WROTE, *when(WROTE, paid(e.Payer.CHARGECHASE), NIGHT))
    assert when(recovered, begin(), NIGHT + HOUR) == ()


def skipped(history: tuple[e.Event, ...], at: datetime) -> str:
    (event,) = when(history, begin(), at)
    assert isinstance(event, e.ReminderSkipped)
    assert next_action(state(history, (event,))) is None
    return event.reason


def test_money_that_went_back_is_not_thanked_for() -> None:
    back = when(RECOVERED, c.RecordRefund(amount_minor=29_00, charge_id="ch_1"), NIGHT)
    assert skipped((*RECOVERED, *back), NIGHT) == "money_returned"
    disputed = when(RECOVERED, c.RecordDispute(amount_minor=29_00), NIGHT)
    assert skipped((*RECOVERED, *disputed), NIGHT) == "money_returned"


def test_late_thanks_are_a_riddle() -> None:
    assert skipped(RECOVERED, NIGHT + 2 * DAY + HOUR) == "too_late"


def test_a_letter_that_the_mail_server_refuses_after_the_payment_reached_nobody() -> None:
    refused = when(RECOVERED, c.FailReminder(step=1, reason="550", final=True), NIGHT)
    assert kinds(refused) == [e.ReminderFailed]
    assert skipped((*RECOVERED, *refused), NIGHT) == "not_written_to"


def test_without_an_address_they_are_passed_over() -> None:
    told = when(RECOVERED, c.SkipReminder(step=2, reason="no_address"), NIGHT)
    assert told == (e.ReminderSkipped(at=NIGHT, step=2, reason="no_address"),)


def test_what_the_mail_server_defers_goes_an_hour_later_for_two_days() -> None:
    sent = (*RECOVERED, *when(RECOVERED, begin(), NIGHT))
    deferred = c.FailReminder(step=2, reason="451", final=False)
    _, again = when(sent, deferred, NIGHT)
    assert again == e.ReminderPlanned(at=NIGHT, step=2, due_at=NIGHT + HOUR, template=THANKS)
    assert kinds(when(sent, deferred, NIGHT + 2 * DAY)) == [e.ReminderFailed]
    refused = c.FailReminder(step=2, reason="550", final=True)
    assert kinds(when(sent, refused, NIGHT)) == [e.ReminderFailed]
    assert when(sent, c.FailReminder(step=7, reason="550", final=True), NIGHT) == ()


def test_a_lost_case_says_nothing() -> None:
    lost = (*WROTE, *when(WROTE, c.WriteOff(), NIGHT))
    assert when(lost, begin(), NIGHT) == ()
    late = (*lost, *when(lost, paid(), NIGHT))
    assert next_action(state(late)) is None


def test_a_campaign_has_no_such_step() -> None:
    campaign = (Step(template=THANKS, after=DAY),)
    plans = a_policy().plans
    family, plan = next(iter(plans.items()))
    with pytest.raises(PolicyInvalid, match="receipt = true"):
        a_policy(plans={**plans, family: type(plan)(campaign=campaign)})


TOLD = st.sampled_from(
    [
        paid(), paid(e.Payer.STRIPE), begin(1), begin(2), begin(3),
        c.FailReminder(step=1, reason="451", final=False),
        c.FailReminder(step=2, reason="451", final=False),
        c.FailReminder(step=2, reason="550", final=True),
        c.SkipReminder(step=2, reason="no_address"),
        c.DelayReminder(step=2, until=NIGHT, rule="mail_minute"),
        c.RecordRefund(amount_minor=29_00, charge_id="ch_1"),
        c.RecordDispute(amount_minor=29_00),
        c.RecordDecline(failure=declined("insufficient_funds", "ch_7"), by=e.Payer.STRIPE),
        c.WriteOff(), c.CloseCase(), c.StopCase(reason=e.StopReason.CANCELLED),
    ]
)  # fmt: skip


@given(st.lists(st.tuples(TOLD, st.integers(0, 40)), max_size=25))
def test_after_the_end_only_thanks_go_and_only_for_money_that_is_here(
    told: list[tuple[c.Command, int]],
) -> None:
    history, now = WROTE, TUESDAY
    for command, hours in told:
        now += timedelta(hours=hours)
        before = state(history)
        new = when(history, command, now)
        for event in new:
            if isinstance(event, e.ReminderStarted) and not before.is_open:
                assert before.is_paid
                assert event.template is THANKS
                assert not before.refunded_minor
                assert not before.disputed_minor
        history = (*history, *new)
    started = [event for event in history if isinstance(event, e.ReminderStarted)]
    thanks = [event for event in started if event.template is THANKS]
    failed = [event for event in history if isinstance(event, e.ReminderFailed)]
    assert len(thanks) <= 1 + len(failed), "again only where the mail server did not take it"
