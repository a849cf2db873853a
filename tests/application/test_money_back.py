"""Money that goes back: in whatever order its news and those of the payment come, it is known."""

from itertools import permutations

import pytest
from msgspec.structs import replace

from application.ports.payments import Outcome, Unknown
from application.use_cases.process_event import PaymentUnseen
from application.work import FOR_EVER, tries_for
from domain.invoice import InvoiceStatus
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from domain.recovery.signals import DisputeSignal, InvoiceNews, InvoiceSignal, RefundSignal, Signal
from tests.application.bakery import FAILED, Bakery, Pay
from tests.builders import MONDAY, a_paid_invoice

PAID = InvoiceSignal(invoice_id="in_1", news=InvoiceNews.PAID, paid_minor=29_00, requested=True)
REFUND = RefundSignal(charge_id="ch_paid", refunded_minor=10_00, invoice_id="in_1")
DISPUTE = DisputeSignal(
    charge_id="ch_paid", amount_minor=29_00, state=e.DisputeState.OPEN, invoice_id="in_1"
)


async def a_paid_debt() -> Bakery:
    """Stripe has the money, and nobody has told us."""
    bakery = await Bakery().opens()
    bakery.shows(a_paid_invoice(MONDAY, last_failure=None))
    return bakery


@pytest.mark.parametrize("order", list(permutations([PAID, REFUND, FAILED])))
async def test_a_refund_is_known_in_every_order_of_the_news(order: tuple[Signal, ...]) -> None:
    bakery = await a_paid_debt()
    for signal in order:
        await bakery.hears(signal)
    case = bakery.case()
    assert case.phase.value == "recovered"
    assert (case.recovered_minor, case.refunded_minor) == (29_00, 10_00)


@pytest.mark.parametrize("order", list(permutations([PAID, DISPUTE])))
async def test_a_dispute_keeps_its_amount_in_every_order(order: tuple[Signal, ...]) -> None:
    bakery = await a_paid_debt()
    for signal in order:
        await bakery.hears(signal)
    case = bakery.case()
    assert case.phase.value == "recovered"
    assert (case.recovered_minor, case.disputed_minor) == (29_00, 29_00)


async def test_money_that_came_after_the_end_and_went_back_at_once_is_known() -> None:
    bakery = await Bakery().opens()
    await bakery.hears(InvoiceSignal(invoice_id="in_1", news=InvoiceNews.WRITTEN_OFF))
    bakery.shows(a_paid_invoice(MONDAY, last_failure=None))
    for signal in (REFUND, PAID):
        await bakery.hears(signal)
    assert bakery.kinds()[-2:] == [e.MoneyCameLate, e.MoneyReturned]


async def test_a_refund_waits_for_the_answer_to_our_own_charge() -> None:
    bakery = await Bakery().opens()
    await bakery.does_what_is_next()
    bakery.payments.beside = _answer_gets_lost
    assert await bakery.does_what_is_next() is ActionKind.ATTEMPT
    bakery.payments.beside = None
    ref = await bakery.keeps(REFUND)
    with pytest.raises(PaymentUnseen) as unseen:
        await bakery.process(ref)
    assert tries_for(unseen.value) == FOR_EVER
    await bakery.does_what_is_next()
    await bakery.process(ref)
    case, paid = bakery.case(), bakery.history()[-2]
    assert isinstance(paid, e.CaseRecovered)
    assert paid.by is e.Payer.CHARGECHASE, "and it stays ours"
    assert case.refunded_minor == 10_00


async def _answer_gets_lost(pay: Pay, key: str) -> Outcome:
    await pay(key)
    return Unknown(reason="timeout")


async def test_a_part_that_goes_back_waits_until_the_rest_is_paid_or_given_up() -> None:
    bakery = await Bakery().opens()
    part = replace(await bakery.shown(), amount_remaining_minor=9_00, amount_paid_minor=20_00)
    bakery.shows(part)
    ref = await bakery.keeps(REFUND)
    with pytest.raises(PaymentUnseen):
        await bakery.process(ref)
    assert await bakery.inbox.read(ref) is not None
    bakery.shows(a_paid_invoice(MONDAY, last_failure=None))
    await bakery.process(ref)
    assert bakery.case().refunded_minor == 10_00
    assert await bakery.inbox.read(ref) is None


async def test_a_part_that_goes_back_of_a_lost_debt_is_nothing_that_came_back() -> None:
    bakery = await Bakery().opens()
    bakery.shows(replace(await bakery.shown(), status=InvoiceStatus.UNCOLLECTIBLE))
    ref = await bakery.hears(REFUND)
    assert bakery.case().phase.value == "lost"
    assert bakery.case().refunded_minor == 0
    assert await bakery.inbox.read(ref) is None


async def test_who_disputes_a_part_is_not_chased_for_the_rest() -> None:
    bakery = await Bakery().opens()
    await bakery.hears(DISPUTE)
    last = bakery.history()[-1]
    assert isinstance(last, e.CaseStopped)
    assert last.reason is e.StopReason.DISPUTED


async def test_a_refund_of_an_invoice_that_stripe_forgot_ends_the_case() -> None:
    bakery = await Bakery().opens()
    bakery.payments.forget_everything()
    await bakery.hears(REFUND)
    assert bakery.case().phase.value == "stopped"
