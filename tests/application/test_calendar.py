"""Sixty days through the real use-cases, day by day. All times are Berlin's."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.invoice import InvoiceStatus
from domain.policy import FixedWaits, Plan, Template
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from domain.recovery.signals import CustomerSignal, InvoiceNews, InvoiceSignal, SubscriptionEnded
from tests.application.bakery import FAILED, Bakery
from tests.builders import DAY, MONDAY, NEW_VISA, a_campaign, a_policy, declined

BERLIN = ZoneInfo("Europe/Berlin")
PAID = InvoiceSignal(invoice_id="in_1", news=InvoiceNews.PAID, paid_minor=29_00)


def march(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=BERLIN)


async def test_recovered_on_the_third_retry_after_three_letters() -> None:
    bakery = await Bakery().opens()
    bakery.payments.will_decline("in_1")
    bakery.payments.will_decline("in_1")
    await bakery.runs_until(march(3, 12))
    assert len(bakery.mailer.letters) == 1
    await bakery.runs_until(march(5, 10))
    assert [charge.paid for charge in bakery.payments.charges] == [False]
    await bakery.runs_until(march(9, 10))
    assert [charge.paid for charge in bakery.payments.charges] == [False, False]
    assert len(bakery.mailer.letters) == 2
    await bakery.runs_until(march(15, 10))
    assert [charge.paid for charge in bakery.payments.charges] == [False, False, True]
    assert len(bakery.mailer.letters) == 4
    assert bakery.mailer.letters[-1].subject.startswith("Bezahlt, vielen Dank: 29,00")
    assert bakery.case().phase.value == "recovered"
    # Nothing happens any more, whatever is told again.
    await bakery.hears(PAID)
    await bakery.hears(FAILED)
    told = bakery.history()
    await bakery.runs_until(MONDAY + 60 * DAY)
    assert bakery.history() == told
    assert bakery.outcomes == ["declined", "declined", "paid"]


async def test_lost_after_two_weeks_and_paid_on_the_fortieth_day() -> None:
    bakery = await Bakery().opens()
    for _ in range(3):
        bakery.payments.will_decline("in_1")
    await bakery.runs_until(MONDAY + 39 * DAY)
    assert bakery.case().phase.value == "lost"
    assert bakery.case().closed_at is not None
    assert await bakery.due() is None
    bakery.now = MONDAY + 40 * DAY
    await bakery.hears(PAID)
    assert bakery.kinds()[-1] is e.MoneyCameLate
    assert len(bakery.payments.charges) == 3
    assert len(bakery.mailer.letters) == 3


async def test_sixty_days_of_window_and_twelve_retries_end_too() -> None:
    patient = Plan(
        retries=FixedWaits(waits=(4 * DAY,) * 12), campaign=a_campaign(Template.PAYMENT_FAILED, DAY)
    )
    plans = {DeclineFamily.FUNDS: patient, DeclineFamily.TEMPORARY: patient}
    bakery = await Bakery(a_policy(window=60 * DAY, plans=plans, card_month_limit=35)).opens()
    for _ in range(12):
        bakery.payments.will_decline("in_1", "processing_error")
    await bakery.runs_until(MONDAY + 61 * DAY)
    assert len(bakery.payments.charges) == 12
    assert bakery.case().phase.value == "lost"


async def test_a_new_card_given_on_a_page_is_charged_at_once() -> None:
    bakery = await Bakery().opens(last_failure=declined("expired_card", "ch_first"))
    await bakery.runs_until(march(6, 12))
    assert (len(bakery.mailer.letters), len(bakery.payments.charges)) == (2, 0)
    bakery.shows(replace(await bakery.shown(), card=NEW_VISA))
    await bakery.hears(CustomerSignal(customer_id="cus_anna"))
    assert await bakery.does_what_is_next() is ActionKind.ATTEMPT
    assert bakery.case().phase.value == "recovered"
    assert bakery.now - march(6, 12) < timedelta(minutes=1)


async def test_a_renewed_card_of_the_same_number_is_not_fined_but_asked_about() -> None:
    bakery = await Bakery().opens(last_failure=declined("stolen_card", "ch_first"))
    bakery.shows(replace(await bakery.shown(), card=replace(NEW_VISA, fingerprint="fp_old")))
    await bakery.hears(CustomerSignal(customer_id="cus_anna"))
    await bakery.does_what_is_next()
    assert bakery.payments.charges == []
    assert bakery.case().ask is e.Ask.CARD


async def test_a_customer_whose_cards_did_not_change_is_left_alone() -> None:
    bakery = await Bakery().opens()
    before = bakery.history()
    await bakery.hears(CustomerSignal(customer_id="cus_anna"))
    await bakery.hears(CustomerSignal(customer_id="cus_someone_else"))
    await bakery.hears(None)
    assert bakery.history() == before


async def test_stripes_retries_are_switched_off_first() -> None:
    bakery = await Bakery().opens(stripe_retry_at=MONDAY + 3 * DAY)
    assert await bakery.does_what_is_next() is ActionKind.TAKE_OVER
    assert (await bakery.shown()).stripe_retry_at is None
    assert await bakery.does_what_is_next() is ActionKind.REMINDER


async def test_a_cancelled_subscription_is_not_chased() -> None:
    bakery = await Bakery().opens()
    await bakery.hears(SubscriptionEnded(subscription_id="sub_bread"))
    assert bakery.case().phase.value == "stopped"
    assert await bakery.due() is None


async def test_an_event_that_never_came_is_made_up_for_by_the_next_look() -> None:
    for ending, phase in (
        (InvoiceStatus.PAID, "recovered"),
        (InvoiceStatus.VOID, "stopped"),
        (InvoiceStatus.UNCOLLECTIBLE, "lost"),
    ):
        bakery = await Bakery().opens()
        bakery.shows(replace(await bakery.shown(), status=ending, amount_paid_minor=29_00))
        await bakery.does_what_is_next()
        assert bakery.case().phase.value == phase
        assert (bakery.mailer.letters, bakery.payments.charges) == ([], [])


async def test_what_is_paid_before_we_hear_of_the_failure_is_not_taken_up() -> None:
    bakery = Bakery()
    await bakery.opens(status=InvoiceStatus.PAID, amount_remaining_minor=0, amount_paid_minor=29_00)
    await bakery.hears(PAID)
    assert bakery.history() == ()
    assert await bakery.due() is None
