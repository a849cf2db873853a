"""Whole cases as calendars: what a merchant would see, day by day. All times are Berlin's."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.decline import DeclineFamily
from domain.policy import EndAction, FixedWaits, Plan, StripeRetries
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import ActionKind, next_action
from tests.builders import NEW_VISA, a_policy
from tests.domain.chase import Chase

BERLIN = ZoneInfo("Europe/Berlin")
DELAY = timedelta(seconds=4)  # a worker is there some seconds after the hour
UNSAID = (e.AttemptPlanned, e.ReminderPlanned, e.CaseOpened, e.RetriesTakenOver)


def march(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=BERLIN)


class Calendar:
    """A case followed from Monday, the 2nd of March 2026, 11:00, when its charge failed."""

    def __init__(self, decline: str, **policy: object) -> None:
        retry_at = policy.pop("stripe_retry_at", None)
        assert retry_at is None or isinstance(retry_at, datetime)
        self.chase = Chase(a_policy(**policy), decline, retry_at)
        self.told = len(self.chase.history)

    def next_is(self, kind: str, at: datetime) -> None:
        """What is due next, to the minute."""
        action = next_action(self.chase.case)
        assert action is not None
        due_at = action.due_at.astimezone(BERLIN).replace(second=0)
        assert (action.kind.value, due_at) == (kind, at)

    def do_it(self, answer: str = "insufficient_funds") -> None:
        """Let time pass until it is due, and do it."""
        action = self.chase.next()
        self.chase.wait_for(action, DELAY)
        self.chase.carry_out(action, answer)

    def happened(self, *kinds: type[e.Event]) -> None:
        """What came of it, plans left aside."""
        new = self.chase.history[self.told :]
        self.told = len(self.chase.history)
        assert [type(event) for event in new if not isinstance(event, UNSAID)] == list(kinds)

    def nothing_is_due(self, phase: str) -> None:
        assert next_action(self.chase.case) is None
        assert self.chase.case.phase.value == phase


def test_no_money_on_monday_and_recovered_by_the_third_retry() -> None:
    calendar = Calendar("insufficient_funds")
    # Tuesday, a day later: the first letter.
    calendar.next_is("reminder", march(3, 11))
    calendar.do_it()
    calendar.happened(e.ReminderStarted)
    # Two days after Monday 11:00 is past Wednesday's hour for charges: Thursday.
    calendar.next_is("attempt", march(5))
    calendar.do_it()
    calendar.happened(e.AttemptStarted, e.AttemptDeclined)
    # Saturday: the second letter, five days after the beginning.
    calendar.next_is("reminder", march(7, 11))
    calendar.do_it()
    calendar.happened(e.ReminderStarted)
    # Four days after the first retry.
    calendar.next_is("attempt", march(9))
    calendar.do_it()
    calendar.happened(e.AttemptStarted, e.AttemptDeclined)
    # Thursday: the third letter.
    calendar.next_is("reminder", march(12, 11))
    calendar.do_it()
    calendar.happened(e.ReminderStarted)
    # Six days after the second retry, a day before the end: pay day.
    calendar.next_is("attempt", march(15))
    calendar.do_it("paid")
    calendar.happened(e.AttemptStarted, e.CaseRecovered)
    # It is nine in the morning: they are thanked.
    calendar.do_it()
    calendar.happened(e.ReminderStarted)
    calendar.nothing_is_due("recovered")
    assert calendar.chase.case.recovered_minor == 29_00


def test_no_money_at_all_and_lost_when_the_window_ends() -> None:
    calendar = Calendar("insufficient_funds")
    for _ in range(6):
        calendar.do_it()
    calendar.happened(
        e.ReminderStarted,
        e.AttemptStarted,
        e.AttemptDeclined,
        e.ReminderStarted,
        e.AttemptStarted,
        e.AttemptDeclined,
        e.ReminderStarted,
        e.AttemptStarted,
        e.AttemptDeclined,
        e.CustomerAsked,
    )
    # All tries are spent; the customer can still pay until two weeks are over.
    calendar.next_is("close", march(16, 11))
    calendar.do_it()
    calendar.happened(e.CaseLost)
    calendar.nothing_is_due("lost")
    # On Friday they do.
    calendar.chase.now = march(20)
    calendar.chase.give(c.RecordPayment(amount_minor=29_00, by=e.Payer.CUSTOMER))
    calendar.happened(e.MoneyCameLate)
    calendar.nothing_is_due("lost")


def test_an_expired_card_and_a_new_one_after_the_second_letter() -> None:
    calendar = Calendar("expired_card")
    # Nothing is charged; the customer hears within the hour.
    calendar.next_is("reminder", march(2, 12))
    calendar.do_it()
    calendar.next_is("reminder", march(6, 11))
    calendar.do_it()
    calendar.happened(e.ReminderStarted, e.ReminderStarted)
    # The same evening they open the link and enter a new card: charged at once, at any hour.
    calendar.chase.now = march(6, 22, 17)
    calendar.chase.card = NEW_VISA
    calendar.chase.give(c.ReplaceCard(card=NEW_VISA))
    calendar.next_is("attempt", march(6, 22, 17))
    calendar.do_it("paid")
    calendar.happened(e.CardReplaced, e.AttemptStarted, e.CaseRecovered)
    # Nobody is thanked at night.
    calendar.next_is("reminder", march(7, 9))
    calendar.do_it()
    calendar.happened(e.ReminderStarted)
    calendar.nothing_is_due("recovered")


def test_stripes_own_retries_are_switched_off_before_anything_else() -> None:
    calendar = Calendar("insufficient_funds", stripe_retry_at=march(5, 12))
    calendar.next_is("take_over", march(2, 11))
    calendar.do_it()
    calendar.next_is("reminder", march(3, 11))
    calendar.do_it()
    # Somebody switched them on again: Stripe means to charge on Thursday at noon.
    calendar.chase.stripe_retry_at = march(5, 12)
    calendar.next_is("attempt", march(5))
    calendar.do_it()
    calendar.happened(e.ReminderStarted)
    # Ours waits until six hours after Stripe's.
    calendar.next_is("attempt", march(5, 18))
    calendar.chase.now = march(5, 12)
    by_stripe = calendar.chase.refuse("insufficient_funds")
    calendar.chase.give(c.RecordDecline(failure=by_stripe, by=e.Payer.STRIPE))
    calendar.chase.stripe_retry_at = march(9, 12)
    # And one decline a day is enough, whoever caused it: Saturday at nine is the next hour.
    calendar.do_it()
    calendar.happened(e.ChargeDeclined)
    calendar.next_is("attempt", march(7))
    calendar.do_it("paid")
    calendar.happened(e.AttemptStarted, e.CaseRecovered)


def test_where_stripes_retries_are_followed_both_count_and_either_may_win() -> None:
    calendar = Calendar(
        "insufficient_funds", stripe_retries=StripeRetries.FOLLOW, stripe_retry_at=march(4, 15)
    )
    calendar.next_is("reminder", march(3, 11))
    calendar.do_it()
    calendar.chase.now = march(4, 15)
    calendar.chase.give(c.RecordPayment(amount_minor=29_00, by=e.Payer.STRIPE))
    calendar.happened(e.ReminderStarted, e.CaseRecovered)
    recovered, _thanks = calendar.chase.history[-2:]
    assert isinstance(recovered, e.CaseRecovered)
    assert recovered.by is e.Payer.STRIPE


def test_a_charge_that_nobody_answers_is_looked_into_until_it_is_known() -> None:
    calendar = Calendar("processing_error")
    calendar.next_is("attempt", march(4))
    calendar.do_it("silence")
    calendar.happened(e.AttemptStarted)
    # Ten minutes later; then ten, twenty, forty; no letter and no charge meanwhile.
    for minutes in (10, 10, 20, 40):
        action = calendar.chase.next()
        assert action.kind is ActionKind.RECONCILE
        assert action.due_at - calendar.chase.now == timedelta(minutes=minutes)
        calendar.do_it("unclear")
        calendar.happened(e.AttemptUnclear)
    calendar.do_it("no_charge")
    calendar.happened(e.AttemptAbandoned)
    assert calendar.chase.next().kind is ActionKind.REMINDER


def test_summer_time_begins_and_nine_o_clock_stays_nine_o_clock() -> None:
    waits = FixedWaits(waits=(timedelta(days=26), timedelta(days=2)))
    month = {DeclineFamily.FUNDS: Plan(retries=waits)}
    calendar = Calendar("insufficient_funds", window=timedelta(days=40), plans=month)
    # The night before, the clocks went from two to three.
    calendar.next_is("attempt", march(29))
    calendar.do_it()
    calendar.next_is("attempt", march(31))
    assert march(29) - march(28) == timedelta(hours=24)
    assert (march(29).astimezone(UTC) - march(28).astimezone(UTC)) == timedelta(hours=23)


def test_the_customer_picks_friday_and_is_charged_on_friday() -> None:
    calendar = Calendar("insufficient_funds")
    calendar.chase.now = march(3, 20)
    calendar.chase.give(c.PickDate(at=march(6, 0)))
    # No letter on Wednesday, no charge on Thursday.
    calendar.next_is("attempt", march(6))
    calendar.do_it("paid")
    calendar.happened(e.DatePicked, e.AttemptStarted, e.CaseRecovered)
    calendar.nothing_is_due("recovered")


def test_a_promise_that_is_not_kept_leads_back_to_the_plan() -> None:
    calendar = Calendar("insufficient_funds")
    calendar.chase.give(c.PromisePayment(until=march(9, 12)))
    # Monday at noon has come, and the money has not: first the letter, then the charge.
    calendar.next_is("reminder", march(9, 12))
    calendar.do_it()
    calendar.next_is("attempt", march(10))
    calendar.do_it("paid")
    calendar.happened(e.PaymentPromised, e.ReminderStarted, e.AttemptStarted, e.CaseRecovered)


def test_a_subscription_that_is_paused_for_a_week_is_left_alone_for_a_week() -> None:
    calendar = Calendar("insufficient_funds")
    until = march(9, 11)
    calendar.chase.give(c.PauseCase(by=e.Pauser.STRIPE, until=until))
    calendar.next_is("resume", until)
    calendar.do_it()
    calendar.happened(e.CasePaused, e.CaseResumed)
    calendar.next_is("reminder", march(9, 11))
    calendar.do_it()
    calendar.next_is("attempt", march(10))


def test_a_lost_case_is_finished_in_stripe_and_money_that_comes_and_goes_is_written_down() -> None:
    calendar = Calendar("invalid_business_account", end=EndAction.MARK_UNCOLLECTIBLE)
    calendar.next_is("close", march(16, 11))
    calendar.do_it()
    calendar.next_is("end", march(16, 11))
    calendar.do_it()
    calendar.happened(e.CaseLost, e.EndActionDone)
    calendar.nothing_is_due("lost")
    calendar.chase.give(c.RecordPayment(amount_minor=29_00, by=e.Payer.CUSTOMER))
    calendar.chase.give(c.RecordRefund(amount_minor=29_00))
    calendar.happened(e.MoneyCameLate, e.MoneyReturned)
    assert calendar.chase.case.refunded_minor == 29_00
