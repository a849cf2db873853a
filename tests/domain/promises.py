"""What is promised of every case, whatever happened: looked at after each step of a machine."""

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis.stateful import RuleBasedStateMachine, invariant

from domain.decline import wait_advised
from domain.invoice import FailedCharge
from domain.network import DAILY_LIMIT, monthly_limit
from domain.policy import Channel, EndAction, Policy, Template
from domain.recovery import events as e
from domain.recovery.actions import ActionKind, next_action
from domain.recovery.case import replay
from domain.recovery.charges import CLEARANCE, tries_of
from domain.recovery.transitions import CLOSED, Phase
from tests.builders import DAY, MONDAY
from tests.domain.chase import Chase

# What can keep a card that was never refused from being charged.
NOT_THE_CARDS_FAULT = {
    *("new_card", "beside_another", "window"),
    *("card_barred", "no_card", "month_limit", "day_limit"),
}
MAY_COME_LATE = (e.ChargeDeclined, e.EndActionDone, e.MoneyReturned, e.MoneyReinstated)
MESSAGES = (e.ReminderPlanned, e.ReminderStarted, e.ReminderSkipped, e.ReminderFailed)


class Promises(RuleBasedStateMachine):
    """The promises over one `chase`; who inherits them says what happens in it."""

    chase: Chase

    @property
    def is_open(self) -> bool:
        return self.chase.case.is_open

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
            assert start.in_month < min(monthly_limit(card.brand), policy.month_limit(card.brand))

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
        most = max(tries_of(plan.retries) for plan in self.chase.policy.plans.values())
        on_card = wished = 0
        for event in self.chase.history:
            if isinstance(event, e.CardReplaced):
                on_card = wished = 0
            on_card += isinstance(event, e.AttemptStarted)
            wished += isinstance(event, e.DatePicked)
            assert on_card <= most + wished

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
    def who_asks_for_quiet_gets_it(self) -> None:
        quiet_until, paused = MONDAY, False
        for event in self.chase.history:
            match event:
                case e.DatePicked():
                    quiet_until = event.charge_at
                case e.PaymentPromised():
                    quiet_until = event.until
                case e.CasePaused() | e.CaseResumed():
                    paused = isinstance(event, e.CasePaused)
                case e.ReminderStarted(template=Template.RECOVERED):
                    pass  # it is paid, whatever was promised
                case e.AttemptStarted() | e.ReminderStarted():
                    assert event.at >= quiet_until
                    assert not paused
                case _:
                    pass

    @invariant()
    def money_that_went_back_was_there(self) -> None:
        case = self.chase.case
        assert 0 <= case.refunded_minor <= case.recovered_minor
        assert 0 <= case.disputed_minor <= case.recovered_minor

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
            elif isinstance(event, e.ReminderStarted) and event.template is Template.RECOVERED:
                assert sent, "only who was written to is thanked"
                assert sent[-1].step < event.step
                sent.append(event)
            elif isinstance(event, e.ReminderStarted):
                local = event.at.astimezone(ZoneInfo(policy.timezone))
                first, last = policy.hours_for(event.channel)
                assert first <= local.hour < last
                assert event.at < closes_at
                assert not sent or sent[-1].step < event.step
                sent.append(event)
                others = [at for at in self.chase.other_letters if at < event.at]
                assert _in_budget([*others, *(one.at for one in sent)], event.at, policy)

    @invariant()
    def no_case_is_texted_more_often_than_its_policy_says(self) -> None:
        channels: list[Channel] = []
        for event in self.chase.history:
            if isinstance(event, e.ReminderFailed):
                channels.pop()
            elif isinstance(event, e.ReminderStarted):
                channels.append(event.channel)
        assert channels.count(Channel.SMS) == self.chase.case.texts
        assert self.chase.case.texts <= self.chase.policy.most_texts

    @invariant()
    def after_the_end_there_is_only_late_money_once_and_late_refusals(self) -> None:
        ends = (e.CaseRecovered, e.CaseLost, e.CaseStopped)
        at = [n for n, event in enumerate(self.chase.history) if isinstance(event, ends)]
        assert len(at) <= 1
        late = self.chase.history[at[0] + 1 :] if at else []
        thanks = MESSAGES if self.chase.case.phase is Phase.RECOVERED else ()
        may_come = (*MAY_COME_LATE, *thanks)
        kinds = [type(event) for event in late if not isinstance(event, may_come)]
        assert kinds in ([], [e.MoneyCameLate])
        began = [event for event in late if isinstance(event, e.ReminderStarted)]
        assert {event.template for event in began} <= {Template.RECOVERED}
        assert len({event.step for event in began}) <= 1
        assert sum(isinstance(event, e.EndActionDone) for event in late) <= 1
        assert bool(at) == (self.chase.case.phase in CLOSED)

    @invariant()
    def an_open_case_has_one_next_action_and_a_closed_one_none(self) -> None:
        case = self.chase.case
        action = next_action(case)
        still_to_do = case.then is not EndAction.KEEP and not case.end_waits
        thanks = case.phase is Phase.RECOVERED and case.reminder is not None
        assert (action is not None) == (case.is_open or still_to_do or thanks)
        assert (action is not None and action.kind is ActionKind.END) == still_to_do
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


def _in_budget(contacts: list[datetime], now: datetime, policy: Policy) -> bool:
    """Whether the message at `now`, which is among them, kept the person's budget."""
    limits = policy.contacts
    windows = ((DAY, limits.per_day), (7 * DAY, limits.per_week), (30 * DAY, limits.per_month))
    before = sorted(contacts)[:-1]
    apart = not before or now - before[-1] >= limits.gap
    return apart and all(
        sum(at > now - window for at in contacts) <= limit for window, limit in windows
    )


def _tries(event: e.Event, given_at: datetime) -> bool:
    """True if a card was charged since: by us, or refused to somebody else."""
    refused = isinstance(event, e.ChargeDeclined) and event.failure.at >= given_at
    return refused or isinstance(event, e.AttemptStarted)
