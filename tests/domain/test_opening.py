"""Taking up an invoice."""

from datetime import timedelta

from domain.decline import DeclineFamily
from domain.invoice import Profile
from domain.policy import Arm, Match, Segment, StripeRetries, Template
from domain.recovery import commands as c
from domain.recovery import events as e
from tests.builders import (
    ACCOUNT,
    DAY,
    HOUR,
    MONDAY,
    a_decline,
    a_policy,
    after,
    an_invoice,
    declined,
    to_begin,
    to_open,
)
from tests.domain.given import kinds, state, when


def test_a_failed_invoice_opens_a_case_with_a_retry_and_a_reminder_planned() -> None:
    opened, refused, retry, reminder = when((), to_open())
    assert opened == e.CaseOpened(
        at=MONDAY,
        account=ACCOUNT,
        invoice_id="in_1",
        customer_id="cus_anna",
        subscription_id="sub_bread",
        amount_minor=29_00,
        currency="eur",
        policy_version=1,
        closes_at=MONDAY + 14 * DAY,
        number="BREAD-0001",
        timezone="Europe/Berlin",
        stripe_retries=StripeRetries.TAKE_OVER,
    )
    assert refused == e.ChargeDeclined(
        at=MONDAY, failure=declined(), family=DeclineFamily.FUNDS, by=e.Payer.STRIPE
    )
    # Two days later is Wednesday at 11:00 in Berlin: past nine, so Thursday at 09:00.
    thursday = MONDAY + 3 * DAY - 2 * HOUR
    assert retry == e.AttemptPlanned(at=MONDAY, number=1, due_at=thursday, rule="plan:funds")
    assert reminder == e.ReminderPlanned(at=MONDAY, step=1, due_at=MONDAY + DAY)


def test_a_case_is_opened_once() -> None:
    assert when(after(to_open()), to_open()) == ()


def test_a_closed_case_is_not_opened_again() -> None:
    assert when(after(to_open(), c.WriteOff()), to_open()) == ()


def test_nothing_but_opening_concerns_an_invoice_that_we_never_took_up() -> None:
    payment = c.RecordPayment(amount_minor=29_00, by=e.Payer.STRIPE)
    for command in (payment, c.WriteOff(), c.CloseCase(), to_begin(), c.RecordTakeOver()):
        assert when((), command) == ()


def test_the_window_runs_from_the_decline_not_from_the_hour_we_heard_of_it() -> None:
    opened = when((), to_open(), MONDAY + 3 * DAY)[0]
    assert isinstance(opened, e.CaseOpened)
    assert opened.closes_at == MONDAY + 14 * DAY


def test_an_invoice_whose_window_is_over_is_left_alone() -> None:
    assert when((), to_open(), MONDAY + 14 * DAY) == ()
    assert when((), to_open(), MONDAY + 14 * DAY - timedelta(seconds=1)) != ()


def test_an_expired_card_is_never_charged_again_and_its_owner_hears_of_it_within_the_hour() -> None:
    events = when((), to_open(last_failure=declined("expired_card")))
    assert events[2:] == (
        e.CustomerAsked(at=MONDAY, ask=e.Ask.CARD, rule="needs_new_details"),
        e.ReminderPlanned(at=MONDAY, step=1, due_at=MONDAY + HOUR, template=Template.UPDATE_CARD),
    )


def test_a_card_that_said_never_is_not_planned_again() -> None:
    events = when((), to_open(last_failure=declined("stop_payment_order")))
    assert events[2] == e.CustomerAsked(at=MONDAY, ask=e.Ask.CARD, rule="never")


def test_a_fault_in_the_merchants_set_up_bothers_no_customer() -> None:
    events = when((), to_open(last_failure=declined("invalid_business_account")))
    assert kinds(events) == [e.CaseOpened, e.ChargeDeclined, e.CustomerAsked]
    assert state(events).ask is e.Ask.PAYMENT


def test_a_bank_that_wants_to_see_the_customer_is_not_asked_again_without_them() -> None:
    events = when((), to_open(last_failure=None, needs_authentication=True))
    assert events[1:] == (
        e.CustomerAsked(at=MONDAY, ask=e.Ask.AUTHENTICATION, rule="authentication"),
        e.ReminderPlanned(at=MONDAY, step=1, due_at=MONDAY + HOUR, template=Template.AUTHENTICATE),
    )


def test_a_failure_that_nobody_explains_is_tried_as_an_unknown_one() -> None:
    opened, retry, _ = when((), to_open(last_failure=None, customer=None))
    assert isinstance(opened, e.CaseOpened)
    assert opened.customer_id is None
    assert opened.closes_at == MONDAY + 14 * DAY
    assert isinstance(retry, e.AttemptPlanned)
    assert retry.rule == "plan:unknown"


def test_the_networks_wait_outlasts_the_policys() -> None:
    told = a_decline(brand="mastercard", network_advice_code="30")
    events = when((), to_open(last_failure=declined(decline=told)))
    retry = events[2]
    assert isinstance(retry, e.AttemptPlanned)
    assert retry.due_at >= MONDAY + 10 * DAY


def test_stripes_own_retries_are_noted_so_that_they_can_be_taken_over() -> None:
    retry_at = MONDAY + 3 * DAY
    opened = when((), to_open(stripe_retry_at=retry_at))
    assert state(opened).stripe_retry_at == retry_at


def test_stripes_own_retries_are_left_alone_where_the_policy_follows_them() -> None:
    follow = a_policy(stripe_retries=StripeRetries.FOLLOW)
    opened = when((), to_open(stripe_retry_at=MONDAY + 3 * DAY), policy=follow)
    assert state(opened).stripe_retry_at is None


def test_taking_over_is_written_down_once() -> None:
    given = after(to_open(stripe_retry_at=MONDAY + 3 * DAY))
    taken = when(given, c.RecordTakeOver())
    assert taken == (e.RetriesTakenOver(at=MONDAY),)
    assert when((*given, *taken), c.RecordTakeOver()) == ()


def test_a_number_is_no_condition_for_a_case() -> None:
    assert state(when((), to_open(number=None))).number is None
    assert an_invoice(number=None).number is None


def test_a_case_belongs_to_a_segment_an_arm_and_a_zone_from_the_first() -> None:
    yearly = Segment(name="yearly", when=Match(intervals=("year",)), window=20 * DAY)
    long = Arm(name="long", weight=1, window=25 * DAY)
    profile = Profile(country="US", timezone="America/New_York", interval="year")
    segmented = a_policy(segments=(yearly,))
    opened = when((), to_open(profile=profile), policy=segmented)[0]
    assert isinstance(opened, e.CaseOpened)
    assert (opened.segment, opened.arm, opened.timezone) == ("yearly", None, "America/New_York")
    assert opened.closes_at == MONDAY + 20 * DAY
    assert opened.profile == profile
    arms = a_policy(segments=(yearly,), arms=(long,))
    drawn = when((), to_open(profile=profile), policy=arms)[0]
    assert isinstance(drawn, e.CaseOpened)
    assert (drawn.arm, drawn.closes_at) == ("long", MONDAY + 25 * DAY)
    assert state((drawn,)).rules(arms) == arms.rules("yearly", "long")


def test_a_zone_that_nobody_knows_is_the_policys() -> None:
    for profile in (None, Profile(timezone="Mars/Olympus")):
        opened = when((), to_open(profile=profile))[0]
        assert isinstance(opened, e.CaseOpened)
        assert opened.timezone == "Europe/Berlin"
