"""Bills that were sent: written about before and after their due date, never charged."""

from datetime import timedelta
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.policy import EndAction, Plan, StripeRetries, balanced
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import ActionKind, next_action
from domain.recovery.case import evolve
from domain.recovery.decide import decide
from tests.builders import (
    ACCOUNT,
    DAY,
    HOUR,
    MONDAY,
    NEW_VISA,
    OLD_VISA,
    a_basis,
    a_policy,
    after,
    an_invoice,
    declined,
    to_begin,
)
from tests.domain.given import kinds, state, when

POLICY = balanced("Europe/Berlin")
DUE = MONDAY + 5 * DAY
TO_OPEN = c.OpenCase(
    account=ACCOUNT,
    invoice=an_invoice(collection="send_invoice", due_at=DUE, last_failure=None, card=None),
)
OPENED = after(TO_OPEN, policy=POLICY)
CHARGES = (e.AttemptPlanned, e.AttemptStarted)


def told_on(history: tuple[e.Event, ...]) -> list[tuple[str, int]]:
    """Each message begun: what it said, and how many days after the due date."""
    planned: dict[int, str] = {}
    sent = []
    for event in history:
        if isinstance(event, e.ReminderPlanned):
            planned[event.step] = event.template.value
        if isinstance(event, e.ReminderStarted):
            sent.append((planned[event.step], (event.at - DUE) // DAY))
    return sent


def played(history: tuple[e.Event, ...]) -> tuple[e.Event, ...]:
    """The case to its end, each action done when it is due."""
    for _ in range(50):
        case = state(history)
        action = next_action(case)
        if action is None:
            return history
        now = max(action.due_at, history[-1].at)
        command: c.Command = c.CloseCase()
        if action.kind is ActionKind.REMINDER:
            command = c.BeginReminder(step=action.number, message_id=f"{action.number}@mail")
        history += decide(case, command, a_basis(POLICY), now)
    raise AssertionError("the case does not end")


def test_a_bill_is_asked_for_and_its_window_counts_from_the_due_date() -> None:
    opened, asked, message = OPENED
    assert isinstance(opened, e.CaseOpened)
    assert (opened.outstanding, opened.due_at, opened.stripe_retry_at) == (True, DUE, None)
    assert opened.closes_at == DUE + POLICY.window
    assert isinstance(asked, e.CustomerAsked)
    assert (asked.ask, asked.rule) == (e.Ask.PAYMENT, "outstanding")
    assert isinstance(message, e.ReminderPlanned)
    assert state(OPENED).family is DeclineFamily.OUTSTANDING


def test_a_bill_without_a_due_date_counts_from_the_day_it_is_heard_of() -> None:
    bill = an_invoice(collection="send_invoice", last_failure=None)
    opened = when((), c.OpenCase(account=ACCOUNT, invoice=bill), policy=POLICY)[0]
    assert isinstance(opened, e.CaseOpened)
    assert opened.closes_at == MONDAY + POLICY.window


def test_its_customer_hears_of_it_before_the_due_date_and_after_it_to_the_end() -> None:
    history = played(OPENED)
    assert told_on(history) == [
        ("invoice_due", -5),
        ("invoice_overdue", 1),
        ("invoice_overdue", 7),
        ("invoice_overdue", 14),
        ("final_notice", 26),
    ]
    assert isinstance(history[-1], e.CaseLost)
    assert history[-1].at == DUE + POLICY.window


def test_of_an_overdue_bill_nobody_says_that_it_will_be_due() -> None:
    events = when((), TO_OPEN, DUE + DAY, policy=POLICY)
    assert [event.reason for event in events if isinstance(event, e.ReminderSkipped)] == [
        "past_due"
    ]
    assert [event.template for event in events if isinstance(event, e.ReminderPlanned)] == [
        "invoice_overdue"
    ]


def test_a_promise_to_pay_is_honoured_with_silence() -> None:
    until = DUE + 10 * DAY
    promised = when(OPENED, c.PromisePayment(until=until), policy=POLICY)
    assert kinds(promised) == [e.PaymentPromised, e.ReminderSkipped, e.ReminderPlanned]
    planned = promised[-1]
    assert isinstance(planned, e.ReminderPlanned)
    assert planned.due_at >= until


def test_whoever_paid_a_bill_without_a_word_on_it_was_its_customer() -> None:
    paid = c.RecordPayment(amount_minor=29_00, by=e.Payer.STRIPE)
    for retries in StripeRetries:
        policy = replace(POLICY, stripe_retries=retries)
        (event,) = when(after(TO_OPEN, policy=policy), paid, policy=policy)
        assert isinstance(event, e.CaseRecovered)
        assert event.by is e.Payer.CUSTOMER


def test_a_policy_without_words_for_bills_leaves_them_alone() -> None:
    silent = a_policy(plans={DeclineFamily.OUTSTANDING: Plan()}, end=EndAction.CANCEL_SUBSCRIPTION)
    assert when((), TO_OPEN, policy=silent) == ()
    assert when((), TO_OPEN, policy=a_policy(plans={})) == ()


def test_what_was_made_a_bill_after_its_charge_failed_is_not_charged() -> None:
    history = after(c.OpenCase(account=ACCOUNT, invoice=an_invoice()))
    due_at = state(history).next_attempt_at
    assert due_at is not None
    asked, *_ = when(history, to_begin(collection="send_invoice"), due_at)
    assert isinstance(asked, e.CustomerAsked)
    assert (asked.ask, asked.rule) == (e.Ask.PAYMENT, "outstanding")


COMMANDS = st.sampled_from(
    (
        c.RecordDecline(failure=declined(charge="ch_2", at=MONDAY + DAY), by=e.Payer.CUSTOMER),
        c.RecordDecline(failure=declined("lost_card", "ch_3", card=NEW_VISA), by=e.Payer.CUSTOMER),
        c.RequestAuthentication(),
        c.ReplaceCard(card=NEW_VISA),
        c.ReplaceCard(card=OLD_VISA, by=e.CardSource.NETWORK),
        c.RevokeMandate(payment_method="pm_new"),
        c.RecordPartialPayment(amount_paid_minor=9_00, amount_remaining_minor=20_00),
        c.RecordCount(attempt_count=3),
        c.RecordTakeOver(),
        c.PickDate(at=MONDAY + 8 * DAY),
        c.PromisePayment(until=MONDAY + 9 * DAY),
        c.PauseCase(by=e.Pauser.MERCHANT),
        c.ResumeCase(by=e.Pauser.MERCHANT),
        to_begin(),
        to_begin(collection="send_invoice"),
        c.BeginReminder(step=1, message_id="1@mail"),
        c.BeginReminder(step=2, message_id="2@mail"),
        c.SkipReminder(step=1, reason="no_address"),
        c.CloseCase(),
        c.RecordPayment(amount_minor=29_00, by=e.Payer.CUSTOMER),
    )
)


@given(
    told=st.lists(st.tuples(st.integers(0, 90), COMMANDS), max_size=12),
    retries=st.sampled_from(StripeRetries),
)
@settings(max_examples=150, deadline=None)
def test_no_command_at_any_time_leads_to_a_charge_of_a_bill(
    told: list[tuple[int, c.Command]], retries: StripeRetries
) -> None:
    policy = replace(POLICY, stripe_retries=retries)
    case, now = state(after(TO_OPEN, policy=policy)), MONDAY
    for wait, command in told:
        now += timedelta(hours=8 * wait)
        events = decide(case, command, a_basis(policy), now)
        assert not any(isinstance(event, CHARGES) for event in events)
        case = reduce(evolve, events, case)
        assert case.family is DeclineFamily.OUTSTANDING
        assert case.next_attempt_at is None


def test_messages_about_a_bill_speak_of_no_card_even_if_one_is_asked_for() -> None:
    revoked = (
        c.ReplaceCard(card=NEW_VISA),
        c.RevokeMandate(payment_method="pm_new"),
    )
    history = after(TO_OPEN, *revoked, policy=POLICY)
    planned = state(history).reminder
    assert planned is not None
    assert planned.template == "invoice_due"
    assert planned.due_at < MONDAY + HOUR * 24
