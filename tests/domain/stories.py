"""Cases told step by step, written down whole: what happened, what changed, what it taught."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.invoice import Card, Invoice, Profile
from domain.network import CardUse
from domain.policy import EndAction, PayDays, Plan, Policy, StripeRetries, Template
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import Action, ActionKind, next_action
from domain.recovery.case import RecoveryCase, evolve
from domain.recovery.decide import decide
from domain.recovery.lessons import lessons
from tests.builders import (
    ACCOUNT,
    DAY,
    HOUR,
    MONDAY,
    NEW_VISA,
    OLD_VISA,
    a_basis,
    a_campaign,
    a_policy,
    an_invoice,
    declined,
    plans_of_berlin,
)

SOON: Final = timedelta(seconds=4)  # a worker is there some seconds after the instant
ANNA: Final = Profile(
    country="DE",
    timezone="Europe/Vienna",
    interval="year",
    price="price_bread",
    subscribed_at=MONDAY - 400 * DAY,
    monthly_minor=2_50,
)
MASTERCARD: Final = Card(
    payment_method="pm_master",
    fingerprint="fp_master",
    brand="mastercard",
    last4="4444",
    funding="debit",
    country="US",
    expires="2027-03",
)


class Story:
    """One case and its minutes. Time goes only on; every command is decided on what is given."""

    def __init__(self, policy: Policy | None = None, **invoice: Any) -> None:
        self.policy = policy or a_policy()
        self.now = MONDAY
        self.case = RecoveryCase()
        self.lines: list[str] = []
        self.invoice: Invoice = an_invoice(**invoice)

    def opens(self, **around: Any) -> None:
        self.is_told(c.OpenCase(account=ACCOUNT, invoice=self.invoice), **around)

    def is_told(self, command: c.Command, after: timedelta = timedelta(), **around: Any) -> None:
        """Carry a command out, and write down all that came of it."""
        self.now += after
        before = self.case
        basis = a_basis(self.policy, **around)
        events = decide(before, command, basis, self.now)
        for event in events:
            self.case = evolve(self.case, event)
        kind = type(command).__name__
        self.lines.append(f"{self.now:%a %d %H:%M:%S} {kind}")
        self.lines += [f"  {type(event).__name__} {_written(event)}" for event in events]
        self.lines += _changes(before, self.case)
        for lesson in lessons(before, events, self.case, "the bakery"):
            self.lines.append(f"  taught: {type(lesson).__name__} {_written(lesson)}")
        self.lines.append(f"  next: {_next(next_action(self.case))}")

    def waits(self, kind: ActionKind) -> int:
        """Until this is due, messages that are due before it written; its number."""
        action = self._next()
        while action.kind is ActionKind.REMINDER is not kind:
            self.writes()
            action = self._next()
        assert action.kind is kind, f"{action} after\n{self}"
        self.now = max(self.now, action.due_at) + SOON
        return action.number

    def _next(self) -> Action:
        action = next_action(self.case)
        assert action is not None
        return action

    def charges(self, use: CardUse | None = None, **changes: Any) -> None:
        """Begin the next attempt when it is due, on what Stripe shows then."""
        number = self.waits(ActionKind.ATTEMPT)
        shown = replace(self.invoice, **changes)
        self.is_told(c.BeginAttempt(number=number, invoice=shown, use=use or CardUse()))

    def writes(self, **around: Any) -> None:
        """Begin the next message when it is due."""
        step = self.waits(ActionKind.REMINDER)
        self.is_told(c.BeginReminder(step=step, message_id=f"{step}@mail.example.com"), **around)

    def is_refused(self, code: str = "insufficient_funds", **changes: Any) -> None:
        """The bank refuses the attempt on its way, a minute later."""
        flight = self.case.in_flight
        assert flight is not None
        self.now += timedelta(minutes=1)
        failure = declined(code, charge=f"ch_ours_{flight.number}", at=self.now, **changes)
        by = e.Payer.CHARGECHASE
        self.is_told(c.RecordDecline(failure=failure, by=by, attempt=flight.number))

    def __str__(self) -> str:
        return "\n".join((*self.lines, ""))


def _written(thing: Any) -> str:
    """One line of JSON, without what is as usual and without the instant, which stands above."""
    told = msgspec.to_builtins(thing, order="deterministic")
    told.pop("type", None)
    told.pop("at", None)
    return json.dumps(told, ensure_ascii=False)


def _changes(before: RecoveryCase, after: RecoveryCase) -> list[str]:
    """What is another than before in the case; its marks are counted by the last one."""
    lines = []
    for name in RecoveryCase.__struct_fields__:
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            shown = now[-1:] if name == "marks" else now
            lines.append(f"  {name}: {_shown(shown)}")
    return lines


def _shown(value: Any) -> str:
    return json.dumps(msgspec.to_builtins(value, order="deterministic"), ensure_ascii=False)


def _next(action: Action | None) -> str:
    if action is None:
        return "nothing"
    return f"{action.kind} {action.number} at {action.due_at:%a %d %H:%M:%S}"


def _paid_by_a_retry_and_disputed() -> Story:
    story = Story(profile=ANNA, card=MASTERCARD, last_failure=declined(card=MASTERCARD))
    story.opens(merchant="the bakery")
    story.writes()
    story.charges(use=CardUse(month=(MONDAY, MONDAY + HOUR)))
    story.is_told(c.RecordUnclear(attempt=1), timedelta(minutes=10))
    story.is_told(c.RecordUnclear(attempt=1), timedelta(minutes=20))
    story.is_refused(card=MASTERCARD)
    story.is_told(
        c.RecordPartialPayment(amount_paid_minor=9_00, amount_remaining_minor=20_00), HOUR
    )
    story.writes()
    story.charges(amount_remaining_minor=20_00, amount_paid_minor=9_00)
    story.is_told(c.RecordPayment(amount_minor=20_00, by=e.Payer.CHARGECHASE, attempt=2), SOON)
    story.is_told(c.RecordRefund(amount_minor=5_00), DAY)
    story.is_told(c.RecordRefund(amount_minor=7_00), DAY)
    story.is_told(c.RecordDispute(amount_minor=13_00), DAY)
    story.is_told(c.RecordDispute(amount_minor=13_00, state=e.DisputeState.WON), DAY)
    story.is_told(c.RecordDispute(amount_minor=13_00), DAY)
    return story


def _a_new_card_after_letters() -> Story:
    story = Story(last_failure=declined("expired_card"))
    story.opens()
    story.writes()
    story.is_told(c.FailReminder(step=1, reason="450 try later", final=False), SOON)
    story.writes()
    story.is_told(c.FailReminder(step=1, reason="550 no such user", final=True), SOON)
    story.is_told(c.SkipReminder(step=2, reason="no_address"), DAY)
    story.is_told(c.ReplaceCard(card=NEW_VISA), DAY)
    story.charges(card=NEW_VISA)
    story.is_refused(card=NEW_VISA)
    story.charges(card=NEW_VISA)
    story.is_told(c.RequestAuthentication(attempt=2), SOON)
    story.is_told(c.ReplaceCard(card=replace(NEW_VISA, expires="2030-01")), HOUR)
    story.is_told(c.RecordPayment(amount_minor=29_00, by=e.Payer.CUSTOMER), HOUR)
    return story


def _lost_and_paid_late() -> Story:
    story = Story(a_policy(end=EndAction.CANCEL_SUBSCRIPTION, confirm_end=False))
    story.opens()
    story.is_told(c.PromisePayment(until=MONDAY + 3 * DAY), HOUR)
    story.is_told(c.PauseCase(by=e.Pauser.STRIPE, until=MONDAY + 2 * DAY), HOUR)
    story.is_told(c.PauseCase(by=e.Pauser.MERCHANT), HOUR)
    story.is_told(c.ResumeCase(by=e.Pauser.STRIPE), HOUR)
    story.is_told(c.ResumeCase(by=e.Pauser.MERCHANT), HOUR)
    story.is_told(c.PickDate(at=MONDAY + 5 * DAY), HOUR)
    story.charges()
    story.is_told(c.AbandonAttempt(attempt=1, evidence="no_charge"), SOON)
    story.charges()
    story.is_refused("lost_card")
    story.writes()
    story.waits(ActionKind.CLOSE)
    story.is_told(c.CloseCase())
    story.is_told(c.RecordEndAction(done=False), SOON)
    story.is_told(c.RecordPayment(amount_minor=29_00, by=e.Payer.STRIPE), DAY)
    story.is_told(c.RecordDecline(failure=declined(charge="ch_late"), by=e.Payer.STRIPE), DAY)
    return story


def _stripe_retries_beside_us() -> Story:
    story = Story(stripe_retry_at=MONDAY + 3 * DAY)
    story.opens()
    story.waits(ActionKind.TAKE_OVER)
    story.is_told(c.RecordTakeOver())
    theirs = declined("try_again_later", charge="ch_theirs", at=MONDAY + HOUR)
    story.is_told(c.RecordDecline(failure=theirs, by=e.Payer.STRIPE), HOUR)
    story.charges()
    nameless = declined(charge="ch_ours_1", at=story.now, card=None)
    story.is_told(c.RecordDecline(failure=nameless, by=e.Payer.STRIPE), SOON)
    story.is_refused("processing_error")
    story.is_told(c.StopCase(reason=e.StopReason.CANCELLED), HOUR)
    return story


def _what_stands_against_a_charge() -> Story:
    old = replace(OLD_VISA, expires="2026-03")
    story = Story(card=old, last_failure=declined(card=old))
    story.opens()
    story.writes()
    story.charges(processing=True)
    story.charges(stripe_retry_at=story.now + 7 * HOUR)
    full = CardUse(month=tuple(MONDAY - 25 * DAY + n * HOUR for n in range(8)))
    story.charges(use=full)
    story.is_told(c.ReplaceCard(card=replace(old, expires="2030-01"), by=e.CardSource.NETWORK))
    story.charges(use=CardUse(barred=True))
    story.is_told(c.WriteOff(), HOUR)
    return story


def _nobody_touches_the_held_out() -> Story:
    story = Story(a_policy(hold_out_percent=50, name="held out"), profile=ANNA)
    while not story.policy.assign("cus_anna").held_out:
        story.policy = replace(story.policy, name=story.policy.name + "!")
    story.opens()
    story.is_told(c.ReplaceCard(card=NEW_VISA), DAY)
    story.is_told(c.PromisePayment(until=MONDAY + 3 * DAY), HOUR)
    retried = declined("do_not_honor", charge="ch_2", at=MONDAY + 3 * DAY)
    story.is_told(c.RecordDecline(failure=retried, by=e.Payer.STRIPE), 2 * DAY)
    story.is_told(c.RecordPayment(amount_minor=29_00, by=e.Payer.STRIPE), DAY)
    return story


def _the_bank_wants_to_hear_from_the_customer() -> Story:
    story = Story(last_failure=None, needs_authentication=True, customer=None)
    story.opens()
    story.is_told(c.RequestAuthentication(), HOUR)
    story.writes(contacts=(MONDAY,))
    story.writes(spoken_for=True)
    story.is_told(c.RecordDecline(failure=declined("authentication_required"), by=e.Payer.STRIPE))
    story.is_told(c.StopCase(reason=e.StopReason.VOIDED), HOUR)
    return story


def _no_card_and_a_network_that_asks_to_wait() -> Story:
    asks = replace(declined().decline, brand="mastercard", network_advice_code="27")
    story = Story(card=MASTERCARD, last_failure=declined(card=MASTERCARD, decline=asks))
    story.opens()
    story.writes()
    story.charges(card=None)
    story.is_told(c.RecordDispute(amount_minor=29_00), DAY)
    return story


def _charged_on_pay_days() -> Story:
    plans = plans_of_berlin()
    told = a_campaign(Template.PAYMENT_FAILED, 9 * DAY)
    plans[DeclineFamily.FUNDS] = Plan(retries=PayDays(tries=2, gap=3 * DAY), campaign=told)
    story = Story(a_policy(plans=plans, window=35 * DAY), profile=ANNA)
    holidays = (date(2026, 3, 27),)
    story.opens(holidays=holidays)
    story.writes(holidays=holidays)
    story.charges()
    story.is_refused()
    story.charges()
    story.is_refused("do_not_honor")
    return story


def _stripe_charges_and_we_write() -> Story:
    policy = a_policy(stripe_retries=StripeRetries.FOLLOW, end=EndAction.MARK_UNCOLLECTIBLE)
    story = Story(policy, stripe_retry_at=MONDAY + 2 * DAY, subscription_id=None)
    story.opens()
    story.writes()
    story.charges(stripe_retry_at=MONDAY + 3 * DAY - HOUR)
    story.is_told(c.RecordPayment(amount_minor=29_00, by=e.Payer.STRIPE), HOUR)
    return story


STORIES: Final[dict[str, Callable[[], Story]]] = {
    "paid by a retry, refunded and disputed": _paid_by_a_retry_and_disputed,
    "a new card after letters": _a_new_card_after_letters,
    "lost, and paid late": _lost_and_paid_late,
    "Stripe's own retries beside ours": _stripe_retries_beside_us,
    "what stands against a charge": _what_stands_against_a_charge,
    "nobody touches the held out": _nobody_touches_the_held_out,
    "the bank wants to hear from the customer": _the_bank_wants_to_hear_from_the_customer,
    "no card, and a network that asks to wait": _no_card_and_a_network_that_asks_to_wait,
    "charged on pay days": _charged_on_pay_days,
    "Stripe charges and we write": _stripe_charges_and_we_write,
}
