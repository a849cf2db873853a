"""The hold-out: cases that are watched, and never touched."""

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.policy import EndAction
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import Action, ActionKind, next_action
from domain.recovery.case import RecoveryCase, evolve
from domain.recovery.decide import decide
from tests.builders import DAY, MONDAY, NEW_VISA, a_basis, a_customer, a_policy, declined, to_begin
from tests.builders import to_open as opening
from tests.domain.given import kinds, state, when

HALF = a_policy(hold_out_percent=50, end=EndAction.MARK_UNCOLLECTIBLE)
HELD = next(f"cus_{n}" for n in range(99) if HALF.assign(f"cus_{n}").held_out)
OVER = MONDAY + 14 * DAY
OPENED = when(
    (), opening(customer=a_customer(customer_id=HELD), stripe_retry_at=MONDAY + DAY), policy=HALF
)
TOUCHES = (e.AttemptPlanned, e.AttemptStarted, e.CustomerAsked, e.ReminderPlanned)
TOUCHING = (*TOUCHES, e.ReminderStarted, e.RetriesTakenOver, e.CasePaused, e.DatePicked)

COMMANDS: tuple[c.Command, ...] = (
    to_begin(),
    c.RecordTakeOver(),
    c.RecordDecline(failure=declined(charge="ch_2", at=MONDAY + DAY), by=e.Payer.STRIPE),
    c.RecordDecline(failure=declined("lost_card", "ch_3"), by=e.Payer.CUSTOMER),
    c.RequestAuthentication(),
    c.ReplaceCard(card=NEW_VISA),
    c.ReplaceCard(card=NEW_VISA, by=e.CardSource.NETWORK),
    c.RecordPartialPayment(amount_paid_minor=9_00, amount_remaining_minor=20_00),
    c.PickDate(at=MONDAY + 5 * DAY),
    c.PromisePayment(until=MONDAY + 5 * DAY),
    c.PauseCase(by=e.Pauser.MERCHANT),
    c.ResumeCase(by=e.Pauser.MERCHANT),
    c.BeginReminder(step=1, message_id="1@mail"),
    c.SkipReminder(step=1, reason="no_address"),
    c.DelayReminder(step=1, until=MONDAY, rule="mail_minute"),
    c.FailReminder(step=1, reason="no", final=False),
    c.CloseCase(),
)


def test_a_held_out_case_is_opened_and_left_to_stripe() -> None:
    assert kinds(OPENED) == [e.CaseOpened, e.ChargeDeclined]
    case = state(OPENED)
    assert (case.held_out, case.stripe_retry_at, case.arm) == (True, None, None)
    assert next_action(case) == Action(kind=ActionKind.CLOSE, due_at=OVER)


def test_even_where_the_bank_wants_to_see_the_customer() -> None:
    told = opening(
        customer=a_customer(customer_id=HELD), last_failure=None, needs_authentication=True
    )
    assert kinds(when((), told, policy=HALF)) == [e.CaseOpened]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(COMMANDS), st.timedeltas(0 * DAY, 4 * DAY)), max_size=12))
def test_whatever_happens_nobody_touches_it(
    told: list[tuple[c.Command, object]],
) -> None:
    case: RecoveryCase = state(OPENED)
    now = MONDAY
    for command, wait in told:
        now += wait  # type: ignore[operator]
        for event in decide(case, command, a_basis(HALF), now):
            assert not isinstance(event, TOUCHING)
            case = evolve(case, event)
        action = next_action(case)
        assert action is None or action.kind is ActionKind.CLOSE


def test_its_refusals_and_its_payment_are_written_down_with_whoever_made_them() -> None:
    paid = when(OPENED, c.RecordPayment(amount_minor=29_00, by=e.Payer.STRIPE), policy=HALF)
    assert paid == (e.CaseRecovered(at=MONDAY, amount_minor=29_00, by=e.Payer.STRIPE),)


def test_it_ends_with_its_window_and_nothing_is_done_in_stripe() -> None:
    (lost,) = when(OPENED, c.CloseCase(), OVER, HALF)
    assert isinstance(lost, e.CaseLost)
    assert lost.then is EndAction.KEEP
