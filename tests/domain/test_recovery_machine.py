"""Webhooks, workers, customers and clocks in any order: the promises hold after each step."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from msgspec.structs import replace

from domain.decline import wait_advised
from domain.invoice import Card, FailedCharge
from domain.network import DAILY_LIMIT, monthly_limit
from domain.policy import Policy, StripeRetries, balanced
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import ActionKind, next_action
from domain.recovery.begin import CLEARANCE
from domain.recovery.case import replay
from domain.recovery.transitions import CLOSED
from tests.builders import DAY, HOUR, MONDAY, NEW_VISA, OLD_VISA
from tests.domain.chase import Chase

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
SELDOM = st.sampled_from([False] * 19 + [True])
AT_TIMES = st.sampled_from([False] * 4 + [True])
# Where Stripe's own next try stands as our worker looks: mostly nowhere near.
BESIDE = st.sampled_from([None] * 6 + [-5 * HOUR, -HOUR, HOUR, 5 * HOUR, 7 * HOUR])
# What can keep a card that was never refused from being charged.
NOT_THE_CARDS_FAULT = {
    *("new_card", "beside_another", "window"),
    *("card_barred", "no_card", "month_limit", "day_limit"),
}
# When all is quiet again, a case ends this long after its window at the latest.
QUIET_END = timedelta(hours=7)


def policies() -> st.SearchStrategy[Policy]:
    """What merchants set: other zones, other limits, Stripe's retries kept."""
    return st.builds(
        lambda zone, retries, a_day, a_month, gap: replace(
            balanced(zone),
            stripe_retries=retries,
            card_day_limit=a_day,
            card_month_limit=a_month,
            reminder_gap=gap,
        ),
        st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]),
        st.sampled_from([StripeRetries.TAKE_OVER, StripeRetries.FOLLOW]),
        st.sampled_from([1, 1, 3, 10]),
        st.sampled_from([2, 4, 8, 35]),
        st.sampled_from([2 * DAY, 4 * DAY]),
    )


class RecoveryMachine(RuleBasedStateMachine):
    """One case in a world that doubles, delays, reorders and forgets."""

    chase: Chase

    @initialize(policy=policies(), code=CODES, retry_in=st.sampled_from([None, 3 * DAY]))
    def an_invoice_fails(self, policy: Policy, code: str, retry_in: timedelta | None) -> None:
        retry_at = MONDAY + retry_in if retry_in else None
        self.chase = Chase(policy, code, retry_at)

    @property
    def is_open(self) -> bool:
        return self.chase.case.is_open

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

    def _last_letter(self) -> e.Event | None:
        kinds = (e.ReminderStarted, e.ReminderSkipped, e.ReminderFailed)
        letters = [event for event in self.chase.history if isinstance(event, kinds)]
        return letters[-1] if letters else None

    @rule(now=SELDOM)
    def the_customer_pays_on_a_page(self, now: bool) -> None:
        if now:
            self.chase.give(c.RecordPayment(amount_minor=29_00, by=e.Payer.CUSTOMER))

    @rule(now=SELDOM, void=st.booleans())
    def the_merchant_gives_up(self, now: bool, void: bool) -> None:
        if now:
            stop = c.StopCase(reason=e.StopReason.VOIDED)
            self.chase.give(stop if void else c.WriteOff())

    @invariant()
    def attempts_run_once_each_in_order_and_one_at_a_time(self) -> None:
        on_its_way = None
        numbers = []
        for event in self.chase.history:
            if isinstance(event, e.AttemptStarted):
                assert on_its_way is None
                on_its_way = event.number
                numbers.append(event.number)
            elif isinstance(event, e.AttemptDeclined | e.AttemptAbandoned):
                assert on_its_way == event.number
                on_its_way = None
        assert numbers == list(range(1, len(numbers) + 1))

    @invariant()
    def no_charge_passes_a_limit(self) -> None:
        policy = self.chase.policy
        for start in self.chase.starts:
            card = start.invoice.card
            assert card is not None
            assert not start.barred
            assert start.in_day < min(DAILY_LIMIT, policy.card_day_limit)
            assert start.in_month < min(monthly_limit(card.brand), policy.card_month_limit)

    @invariant()
    def no_charge_runs_beside_another_or_after_the_window(self) -> None:
        closes_at = self.chase.case.closes_at
        assert closes_at is not None
        for start in self.chase.starts:
            assert start.event.at < closes_at
            assert not start.invoice.processing
            retry_at = start.invoice.stripe_retry_at
            assert retry_at is None or abs(retry_at - start.event.at) >= CLEARANCE

    @invariant()
    def no_card_is_charged_more_often_than_the_plan_says(self) -> None:
        most = max(len(plan.retries) for plan in self.chase.policy.plans.values())
        on_card = 0
        for event in self.chase.history:
            if isinstance(event, e.CardReplaced):
                on_card = 0
            on_card += isinstance(event, e.AttemptStarted)
            assert on_card <= most

    @invariant()
    def a_planned_charge_is_not_made_before_its_time(self) -> None:
        planned: datetime | None = None
        for event in self.chase.history:
            if isinstance(event, e.AttemptPlanned):
                planned = event.due_at
            elif isinstance(event, e.CustomerAsked):
                planned = None
            elif isinstance(event, e.AttemptStarted):
                assert planned is not None
                assert event.at >= planned
                planned = None

    @invariant()
    def no_charge_is_made_before_the_network_said(self) -> None:
        refusal: FailedCharge | None = None
        for event in self.chase.history:
            if isinstance(event, e.CardReplaced):
                refusal = None
            elif isinstance(event, e.ChargeDeclined | e.AttemptDeclined):
                if refusal is None or event.failure.at >= refusal.at:
                    refusal = event.failure
            elif isinstance(event, e.AttemptStarted) and refusal and refusal.card == event.card:
                assert event.at >= refusal.at + wait_advised(refusal.decline)

    @invariant()
    def a_new_card_waits_for_no_plan_and_is_blamed_for_nothing(self) -> None:
        given_at: datetime | None = None
        for event in self.chase.history:
            if isinstance(event, e.CardReplaced):
                given_at = event.at.replace(microsecond=0)
            elif given_at is not None and _tries(event, given_at):
                given_at = None
            elif isinstance(event, e.AttemptPlanned | e.CustomerAsked) and given_at is not None:
                assert event.rule in NOT_THE_CARDS_FAULT

    @invariant()
    def the_latest_word_on_the_card_is_the_one_that_counts(self) -> None:
        case, latest = self.chase.case, MONDAY
        for event in self.chase.history:
            if isinstance(event, e.CardReplaced):
                latest = event.at.replace(microsecond=0)
            elif isinstance(event, e.ChargeDeclined | e.AttemptDeclined):
                is_of_card = event.failure.card == case.card
                latest = max(latest, event.failure.at) if is_of_card else latest
        assert case.card_news_at == latest

    @invariant()
    def letters_go_once_a_step_in_order_by_day_and_apart(self) -> None:
        policy, closes_at = self.chase.policy, self.chase.case.closes_at
        assert closes_at is not None
        sent: list[e.ReminderStarted] = []
        for event in self.chase.history:
            if isinstance(event, e.ReminderFailed):
                assert sent.pop().step == event.step
            elif isinstance(event, e.ReminderStarted):
                local = event.at.astimezone(ZoneInfo(policy.timezone))
                assert policy.first_mail_hour <= local.hour < policy.last_mail_hour
                assert event.at < closes_at
                if sent:
                    assert sent[-1].step < event.step
                    assert event.at - sent[-1].at >= policy.reminder_gap
                sent.append(event)

    @invariant()
    def after_the_end_there_is_only_late_money_once_and_late_refusals(self) -> None:
        ends = (e.CaseRecovered, e.CaseLost, e.CaseStopped)
        at = [n for n, event in enumerate(self.chase.history) if isinstance(event, ends)]
        assert len(at) <= 1
        late = self.chase.history[at[0] + 1 :] if at else []
        kinds = [type(event) for event in late if not isinstance(event, e.ChargeDeclined)]
        assert kinds in ([], [e.MoneyCameLate])
        assert bool(at) == (self.chase.case.phase in CLOSED)

    @invariant()
    def an_open_case_has_one_next_action_and_a_closed_one_none(self) -> None:
        case = self.chase.case
        action = next_action(case)
        assert (action is not None) == case.is_open
        if action is not None:
            assert case.opened_at is not None
            assert action.due_at >= case.opened_at

    @invariant()
    def each_refused_charge_is_told_of_once(self) -> None:
        for kind in (e.ChargeDeclined, e.AttemptDeclined):
            ids = [x.failure.charge_id for x in self.chase.history if isinstance(x, kind)]
            assert len(ids) == len(set(ids))

    @invariant()
    def the_events_are_the_case(self) -> None:
        assert replay(self.chase.history) == self.chase.case
        assert self.chase.case.version == len(self.chase.history)

    def teardown(self) -> None:
        """Once the world is quiet, doing what is due ends every case soon after its window."""
        if not hasattr(self, "chase"):
            return
        quiet_from = self.chase.now
        for _ in range(60):
            if not self.is_open:
                break
            action = self.chase.next()
            self.chase.wait_for(action)
            self.chase.carry_out(action)
        closes_at, closed_at = self.chase.case.closes_at, self.chase.case.closed_at
        assert closes_at is not None
        assert closed_at is not None, "still open"
        assert closed_at <= max(closes_at, quiet_from) + QUIET_END


def _tries(event: e.Event, given_at: datetime) -> bool:
    """True if a card was charged since: by us, or refused to somebody else."""
    refused = isinstance(event, e.ChargeDeclined) and event.failure.at >= given_at
    return refused or isinstance(event, e.AttemptStarted)


TestRecovery = RecoveryMachine.TestCase
TestRecovery.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
