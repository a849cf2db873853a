"""News beyond the invoice: what it does to the cases that it concerns, and that it is done once."""

from typing import Any

import pytest
from msgspec.structs import replace

from domain.invoice import InvoiceStatus
from domain.policy import EndAction
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from domain.recovery.signals import (
    CustomerDeleted,
    CustomerSignal,
    Disconnected,
    DisputeSignal,
    InvoiceNews,
    InvoiceSignal,
    RefundSignal,
    Signal,
    SubscriptionEnded,
    SubscriptionPaused,
    SubscriptionResumed,
)
from tests.application.bakery import FAILED, Bakery
from tests.builders import ACCOUNT, DAY, MONDAY, NEW_VISA, a_policy, an_invoice, declined

CHANGED = InvoiceSignal(invoice_id="in_1", news=InvoiceNews.CHANGED)
PAID = InvoiceSignal(invoice_id="in_1", news=InvoiceNews.PAID, paid_minor=29_00, requested=True)


def stopped(bakery: Bakery) -> e.StopReason | None:
    last = bakery.history()[-1]
    return last.reason if isinstance(last, e.CaseStopped) else None


@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        (CustomerDeleted(customer_id="cus_anna"), e.StopReason.CUSTOMER_DELETED),
        (SubscriptionEnded(subscription_id="sub_bread"), e.StopReason.CANCELLED),
        (Disconnected(), e.StopReason.DISCONNECTED),
    ],
)
async def test_who_leaves_is_not_chased_any_more(signal: Signal, reason: e.StopReason) -> None:
    bakery = await Bakery().opens()
    ref = await bakery.hears(signal)
    assert stopped(bakery) is reason
    assert await bakery.due() is None
    assert await bakery.inbox.read(ref) is None


@pytest.mark.parametrize(
    "signal",
    [
        CustomerDeleted(customer_id="cus_bob"),
        SubscriptionEnded(subscription_id="sub_cake"),
        SubscriptionPaused(subscription_id="sub_cake"),
        RefundSignal(charge_id="ch", refunded_minor=5, invoice_id="in_unknown"),
        RefundSignal(charge_id="ch", refunded_minor=5, payment_intent_id="pi_unknown"),
        RefundSignal(charge_id="ch", refunded_minor=5),
    ],
)
async def test_news_of_others_change_nothing_and_are_settled(signal: Signal) -> None:
    bakery = await Bakery().opens()
    before = bakery.history()
    ref = await bakery.hears(signal)
    assert bakery.history() == before
    assert await bakery.inbox.read(ref) is None


async def test_a_disconnected_account_stops_all_its_cases_however_many() -> None:
    bakery = await Bakery().opens()
    for number in range(2, 130):
        invoice = an_invoice(
            invoice_id=f"in_{number}", last_failure=declined(charge=f"ch_{number}")
        )
        bakery.shows(invoice)
        await bakery.hears(replace(FAILED, invoice_id=invoice.invoice_id))
    assert sum(held.state.is_open for held in bakery.world.cases.values()) == 129
    await bakery.hears(Disconnected())
    assert sum(held.state.is_open for held in bakery.world.cases.values()) == 0
    assert bakery.world.actions == {}


async def test_a_pause_in_stripe_pauses_the_chase_until_its_day_and_it_goes_on_by_itself() -> None:
    bakery = await Bakery().opens()
    await bakery.hears(SubscriptionPaused(subscription_id="sub_bread", until=MONDAY + 3 * DAY))
    assert bakery.case().phase.value == "paused"
    assert await bakery.does_what_is_next() is ActionKind.RESUME
    assert bakery.now >= MONDAY + 3 * DAY
    assert bakery.case().phase.value == "waiting"
    assert bakery.payments.charges == []
    assert bakery.mailer.letters == []


async def test_a_pause_without_an_end_lasts_until_the_subscription_goes_on() -> None:
    bakery = await Bakery().opens()
    await bakery.hears(SubscriptionPaused(subscription_id="sub_bread"))
    await bakery.runs_until(MONDAY + 8 * DAY)
    assert (bakery.payments.charges, bakery.mailer.letters) == ([], [])
    await bakery.hears(SubscriptionResumed(subscription_id="sub_bread"))
    assert await bakery.does_what_is_next() in (ActionKind.ATTEMPT, ActionKind.REMINDER)


async def test_a_part_that_was_paid_leaves_the_rest_to_be_chased() -> None:
    bakery = await Bakery().opens()
    part = replace(await bakery.shown(), amount_remaining_minor=9_00, amount_paid_minor=20_00)
    bakery.shows(part)
    await bakery.hears(CHANGED)
    assert (bakery.case().amount_minor, bakery.case().paid_minor) == (9_00, 20_00)
    await bakery.hears(CHANGED)
    assert bakery.kinds().count(e.AmountChanged) == 1


async def test_a_change_of_an_invoice_opens_no_case() -> None:
    bakery = Bakery()
    bakery.shows(an_invoice())
    await bakery.opens(status=InvoiceStatus.PAID, amount_remaining_minor=0, last_failure=None)
    bakery.shows(an_invoice())
    await bakery.hears(CHANGED)
    assert bakery.history() == ()


@pytest.mark.parametrize("named", [True, False])
async def test_money_that_goes_back_is_written_down_once(named: bool) -> None:
    bakery = await Bakery().opens()
    await bakery.hears(PAID)
    bakery.payments.knows_payment(ACCOUNT, "pi_1", "in_1")
    refund = RefundSignal(
        charge_id="ch_paid",
        refunded_minor=10_00,
        invoice_id="in_1" if named else None,
        payment_intent_id="pi_1",
    )
    for _ in range(2):
        await bakery.hears(refund)
    returned = [event for event in bakery.history() if isinstance(event, e.MoneyReturned)]
    assert [event.amount_minor for event in returned] == [10_00]


async def test_a_dispute_that_is_won_brings_the_money_back() -> None:
    bakery = await Bakery().opens()
    await bakery.hears(PAID)
    opened = DisputeSignal(
        charge_id="ch_paid", amount_minor=29_00, state=e.DisputeState.OPEN, invoice_id="in_1"
    )
    await bakery.hears(opened)
    assert bakery.kinds()[-1] is e.MoneyReturned
    await bakery.hears(replace(opened, state=e.DisputeState.WON))
    assert bakery.kinds()[-1] is e.MoneyReinstated


async def test_a_card_that_its_network_renewed_is_no_doing_of_the_customers() -> None:
    bakery = await Bakery().opens(last_failure=declined("expired_card", "ch_first"))
    bakery.shows(replace(await bakery.shown(), card=NEW_VISA))
    await bakery.hears(CustomerSignal(customer_id="cus_anna", by=e.CardSource.NETWORK))
    replaced = [event for event in bakery.history() if isinstance(event, e.CardReplaced)]
    assert [event.by for event in replaced] == [e.CardSource.NETWORK]


async def a_lost_case(end: EndAction, **invoice: Any) -> Bakery:
    bakery = await Bakery(a_policy(end=end, confirm_end=False)).opens(**invoice)
    for _ in range(10):
        bakery.payments.will_decline("in_1")
    while bakery.case().is_open:
        await bakery.does_what_is_next()
    assert bakery.case().phase.value == "lost"
    return bakery


async def test_at_the_end_the_invoice_is_written_off_if_the_policy_says_so() -> None:
    bakery = await a_lost_case(EndAction.MARK_UNCOLLECTIBLE)
    assert await bakery.does_what_is_next() is ActionKind.END
    assert (await bakery.shown()).status is InvoiceStatus.UNCOLLECTIBLE
    assert bakery.history()[-1] == e.EndActionDone(at=bakery.now, result=e.EndResult.DONE)
    assert await bakery.due() is None


async def test_at_the_end_the_subscription_is_cancelled_if_the_policy_says_so() -> None:
    bakery = await a_lost_case(EndAction.CANCEL_SUBSCRIPTION)
    await bakery.does_what_is_next()
    assert bakery.payments.cancelled == {(ACCOUNT, "sub_bread")}
    assert (await bakery.shown()).status is InvoiceStatus.OPEN
    assert await bakery.due() is None


async def test_a_policy_that_keeps_things_as_they_are_does_nothing_at_the_end() -> None:
    bakery = await a_lost_case(EndAction.KEEP)
    assert await bakery.due() is None


async def test_nothing_is_ended_over_an_invoice_that_was_paid_in_the_meantime() -> None:
    bakery = await a_lost_case(EndAction.CANCEL_SUBSCRIPTION)
    paid = replace(await bakery.shown(), status=InvoiceStatus.PAID, amount_paid_minor=29_00)
    bakery.shows(paid)
    await bakery.does_what_is_next()
    assert bakery.payments.cancelled == set()
    assert e.MoneyCameLate in bakery.kinds()
    assert await bakery.due() is None


async def test_an_invoice_that_is_gone_ends_without_anything_done() -> None:
    bakery = await a_lost_case(EndAction.MARK_UNCOLLECTIBLE)
    bakery.payments.forget_everything()
    await bakery.does_what_is_next()
    assert bakery.history()[-1] == e.EndActionDone(
        at=bakery.now, result=e.EndResult.REFUSED, reason="invoice_gone"
    )
    assert await bakery.due() is None
