"""Webhooks, workers, customers and clocks in any order: the promises hold after each step."""

from datetime import datetime, timedelta

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
)

from domain.decline import DeclineFamily
from domain.invoice import Card
from domain.policy import (
    ContactBudget,
    EndAction,
    FixedWaits,
    Learned,
    PayDays,
    Plan,
    Policy,
    Since,
    Step,
    StripeRetries,
    Template,
)
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import ActionKind, next_action
from domain.recovery.explain import Decision, check
from domain.timing.knowledge import Knowledge
from tests.builders import DAY, HOUR, MONDAY, NEW_VISA, OLD_VISA, a_policy, plans_of_berlin
from tests.domain.chase import Chase
from tests.domain.promises import Promises

SECOND = timedelta(seconds=1)
MASTERCARD = Card(payment_method="pm_mc", fingerprint="fp_mc", brand="mastercard")
RENEWED = Card(payment_method="pm_renewed", fingerprint="fp_old", brand="visa")
CARDS = (OLD_VISA, OLD_VISA, NEW_VISA, MASTERCARD, RENEWED, None)
# As often as life has them: mostly no money, sometimes a puzzle, rarely the end.
CODES = st.sampled_from(
    ["insufficient_funds"] * 4 + ["do_not_honor", "processing_error", "lost_card", "fraudulent"]
)
ANSWERS = st.sampled_from(
    ["insufficient_funds"] * 6
    + ["insufficient_funds/nameless", "lost_card/nameless", "do_not_honor", "expired_card"]
    + ["processing_error"] * 4
    + ["silence"] * 5
    + ["unclear", "no_charge", "authentication", "paid"]
)
ADVICE = st.sampled_from([None, None, None, "02", "24", "27", "30"])
DELAYS = st.sampled_from(
    [timedelta(), 4 * SECOND, 4 * SECOND, 40 * SECOND, 9 * HOUR, 2 * DAY, 12 * DAY]
)
WAITS = st.sampled_from([SECOND, 10 * SECOND, 3 * HOUR, 3 * HOUR, DAY])
PAUSERS = st.sampled_from([e.Pauser.MERCHANT, e.Pauser.STRIPE, e.Pauser.CUSTOMER])
SELDOM = st.sampled_from([False] * 19 + [True])
AT_TIMES = st.sampled_from([False] * 4 + [True])
# Where Stripe's own next try stands as our worker looks: mostly nowhere near.
BESIDE = st.sampled_from([None] * 6 + [-5 * HOUR, -HOUR, HOUR, 5 * HOUR, 7 * HOUR])
# When all is quiet again, a case ends this long after its window at the latest.
QUIET_END = timedelta(hours=7)


# Pay days, questions beside charges, and messages that count from a question or from the end.
PATIENT = {
    **plans_of_berlin(),
    DeclineFamily.FUNDS: Plan(
        retries=PayDays(tries=3, gap=DAY),
        campaign=(
            Step(template=Template.PAYMENT_FAILED, after=DAY),
            Step(template=Template.UPDATE_CARD, since=Since.ASKED),
            Step(template=Template.FINAL_NOTICE, after=2 * DAY, since=Since.END),
        ),
    ),
    DeclineFamily.NEEDS_NEW_DETAILS: Plan(
        retries=FixedWaits(waits=(3 * DAY, 3 * DAY)),
        campaign=(Step(template=Template.UPDATE_CARD, since=Since.ASKED),),
    ),
    DeclineFamily.UNKNOWN: Plan(retries=Learned(tries=3, gap=DAY)),
}


def policies() -> st.SearchStrategy[Policy]:
    """What merchants set: other zones, other limits, Stripe's retries kept."""
    return st.builds(
        lambda zone, plans, retries, a_day, a_month, contacts, end: a_policy(
            timezone=zone,
            plans=plans,
            stripe_retries=retries,
            card_day_limit=a_day,
            card_month_limit=a_month,
            contacts=contacts,
            end=end,
        ),
        st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]),
        st.sampled_from([plans_of_berlin(), plans_of_berlin(), PATIENT]),
        st.sampled_from([StripeRetries.TAKE_OVER, StripeRetries.FOLLOW]),
        st.sampled_from([1, 1, 3, 10]),
        st.sampled_from([2, 4, 8, 35]),
        st.sampled_from(
            [
                ContactBudget(gap=2 * DAY, per_day=1, per_week=3, per_month=9),
                ContactBudget(gap=4 * HOUR, per_day=1, per_week=2, per_month=3),
            ]
        ),
        st.sampled_from(EndAction),
    )


class RecoveryMachine(Promises):
    """One case in a world that doubles, delays, reorders and forgets."""

    @initialize(policy=policies(), code=CODES, retry_in=st.sampled_from([None, 3 * DAY]))
    def an_invoice_fails(self, policy: Policy, code: str, retry_in: timedelta | None) -> None:
        retry_at = MONDAY + retry_in if retry_in else None
        self.chase = Chase(policy, code, retry_at)

    @precondition(lambda self: self.is_open)
    @rule(answer=ANSWERS, delay=DELAYS, beside=BESIDE, refused=AT_TIMES)
    def a_worker_does_what_is_due(
        self, answer: str, delay: timedelta, beside: timedelta | None, refused: bool
    ) -> None:
        action = self.chase.next()
        self.chase.wait_for(action, delay)
        if beside is not None:
            self.chase.stripe_retry_at = self.chase.now + beside
        if refused and self.chase.card is not None:
            self.chase.refuse("insufficient_funds")
        self.chase.carry_out(action, answer)
        if action.kind is ActionKind.RECONCILE and answer == "silence":
            return
        assert next_action(self.chase.case) != action, "an action ran and is still the next"

    @rule(behind=st.sampled_from([-1, 0, 1, 1, 2]), on_time=st.booleans())
    def a_job_comes_twice_or_too_early(self, behind: int, on_time: bool) -> None:
        if on_time:
            self.time_passes_until(self.chase.case.next_attempt_at)
        self.chase.begin(self.chase.case.attempts + 1 - behind)

    @rule(behind=st.sampled_from([-1, 0, 1, 1]), on_time=st.booleans())
    def a_letters_job_comes_twice_or_too_early(self, behind: int, on_time: bool) -> None:
        due = self.chase.case.reminder
        if on_time and due is not None:
            self.time_passes_until(due.due_at)
        step = self.chase.case.reminders + 1 - behind
        self.chase.give(c.BeginReminder(step=step, message_id="again@mail"))

    def time_passes_until(self, due_at: datetime | None) -> None:
        self.chase.now = max(self.chase.now, due_at or self.chase.now)

    @rule(data=st.data())
    def something_old_is_told_again(self, data: st.DataObject) -> None:
        told = [g for g in self.chase.given if not isinstance(g, c.BeginAttempt)]
        self.chase.give(data.draw(st.sampled_from(told)))

    @rule(wait=WAITS)
    def time_passes(self, wait: timedelta) -> None:
        self.chase.now += wait

    @rule(code=CODES, advice=ADVICE, by=st.sampled_from([e.Payer.STRIPE, e.Payer.CUSTOMER]))
    def somebody_else_charges_and_fails(self, code: str, advice: str | None, by: e.Payer) -> None:
        if self.chase.card is not None:
            failure = self.chase.refuse(code, advice)
            self.chase.give(c.RecordDecline(failure=failure, by=by))

    @rule(code=CODES)
    def somebody_else_charges_and_nobody_tells_us(self, code: str) -> None:
        if self.chase.card is not None:
            self.chase.untold.append(self.chase.refuse(code))

    @precondition(lambda self: self.chase.untold)
    @rule(data=st.data())
    def a_refusal_is_told_late(self, data: st.DataObject) -> None:
        late = data.draw(st.sampled_from(self.chase.untold))
        self.chase.give(c.RecordDecline(failure=late, by=e.Payer.STRIPE))

    @rule(card=st.sampled_from(CARDS), told=st.booleans())
    def the_customer_changes_the_card(self, card: Card | None, told: bool) -> None:
        self.chase.card = card
        if told and card is not None:
            self.chase.give(c.ReplaceCard(card=card))

    @rule(retry_in=st.sampled_from([None, -HOUR, HOUR, 7 * HOUR, 3 * DAY]))
    def stripe_changes_its_mind_about_its_own_retry(self, retry_in: timedelta | None) -> None:
        self.chase.stripe_retry_at = self.chase.now + retry_in if retry_in else None

    @rule(processing=st.sampled_from([False, False, True]))
    def a_bank_debit_is_on_its_way(self, processing: bool) -> None:
        self.chase.processing = processing

    @rule()
    def the_bank_wants_to_see_the_customer(self) -> None:
        self.chase.give(c.RequestAuthentication())

    @rule(final=st.booleans())
    def the_mail_server_says_no(self, final: bool) -> None:
        step = self.chase.case.reminders
        if step and isinstance(self._last_letter(), e.ReminderStarted):
            self.chase.give(c.FailReminder(step=step, reason="no", final=final))

    @precondition(lambda self: self.chase.case.reminder is not None)
    @rule(wait=st.sampled_from([timedelta(minutes=1), HOUR, 3 * DAY, 20 * DAY]))
    def a_letter_that_is_due_has_to_wait(self, wait: timedelta) -> None:
        due = self.chase.case.reminder
        assert due is not None
        until = self.chase.now + wait
        self.chase.give(c.DelayReminder(step=due.step, until=until, rule="mail_minute"))

    def _last_letter(self) -> e.Event | None:
        kinds = (e.ReminderStarted, e.ReminderSkipped, e.ReminderFailed)
        letters = [event for event in self.chase.history if isinstance(event, kinds)]
        return letters[-1] if letters else None

    @rule(days=st.integers(-1, 16))
    def the_customer_picks_a_day(self, days: int) -> None:
        self.chase.give(c.PickDate(at=self.chase.now + days * DAY))

    @rule()
    def the_customer_wants_to_pay_now(self) -> None:
        self.chase.give(c.ChargeNow())

    @rule(days=st.integers(-1, 16))
    def the_customer_promises_to_pay(self, days: int) -> None:
        self.chase.give(c.PromisePayment(until=self.chase.now + days * DAY))

    @rule(by=PAUSERS, days=st.sampled_from([None, 1, 3, 20]))
    def somebody_pauses_the_case(self, by: e.Pauser, days: int | None) -> None:
        until = self.chase.now + days * DAY if days else None
        self.chase.give(c.PauseCase(by=by, until=until))

    @rule(by=st.sampled_from(e.Pauser))
    def somebody_resumes_it(self, by: e.Pauser) -> None:
        self.chase.give(c.ResumeCase(by=by))

    @rule(paid_minor=st.integers(0, 29_00))
    def a_part_is_paid(self, paid_minor: int) -> None:
        part = c.RecordPartialPayment(
            amount_paid_minor=paid_minor, amount_remaining_minor=29_00 - paid_minor
        )
        self.chase.give(part)

    @rule()
    def another_invoice_of_this_customer_is_written_about(self) -> None:
        self.chase.other_letters.append(self.chase.now)

    @rule(total_minor=st.integers(0, 40_00))
    def money_is_refunded(self, total_minor: int) -> None:
        self.chase.give(c.RecordRefund(amount_minor=total_minor))

    @rule(state=st.sampled_from(e.DisputeState), now=SELDOM)
    def the_bank_hears_a_dispute(self, state: e.DisputeState, now: bool) -> None:
        if now or not self.is_open:
            self.chase.give(c.RecordDispute(amount_minor=29_00, state=state))

    @rule(now=SELDOM)
    def the_customer_pays_on_a_page(self, now: bool) -> None:
        if now:
            self.chase.give(c.RecordPayment(amount_minor=29_00, by=e.Payer.CUSTOMER))

    @rule(now=SELDOM, void=st.booleans())
    def the_merchant_gives_up(self, now: bool, void: bool) -> None:
        if now:
            stop = c.StopCase(reason=e.StopReason.VOIDED)
            self.chase.give(stop if void else c.WriteOff())

    def teardown(self) -> None:
        """Once the world is quiet, doing what is due ends every case soon after its window."""
        if not hasattr(self, "chase"):
            return
        quiet_from = self.chase.now
        for _ in range(90):
            action = next_action(self.chase.case)
            if action is None:
                break
            self.chase.wait_for(action)
            self.chase.carry_out(action)
        closes_at, closed_at = self.chase.case.closes_at, self.chase.case.closed_at
        assert closes_at is not None
        assert closed_at is not None, "still open"
        assert closed_at <= max(closes_at, quiet_from) + QUIET_END
        assert next_action(self.chase.case) is None
        self.every_decision_can_be_made_again()

    def every_decision_can_be_made_again(self) -> None:
        written = msgspec.json.encode(self.chase.decisions)
        decisions = msgspec.json.decode(written, type=tuple[Decision, ...])
        policy = self.chase.policy
        history = tuple(self.chase.history)
        assert check(decisions, history, {policy.version: policy}, {0: Knowledge()}) is None


TestRecovery = RecoveryMachine.TestCase
TestRecovery.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
