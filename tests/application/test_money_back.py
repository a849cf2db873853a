"""Money that goes back: in whatever order its news and those of the payment come, it is known."""

from itertools import permutations

import pytest
from msgspec.structs import replace

from application.case_ids import case_id_for
from application.change_case import CaseRef
from application.ports.payments import Outcome, Unknown
from application.use_cases.process_event import PaymentUnseen
from application.work import FOR_EVER, tries_for
from domain.invoice import InvoiceStatus
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from domain.recovery.signals import (
    DisputeSignal,
    FraudWarning,
    InvoiceNews,
    InvoiceSignal,
    RefundSignal,
    Signal,
)
from tests.application.bakery import FAILED, Bakery, Pay
from tests.builders import ACCOUNT, DAY, MONDAY, a_paid_invoice, an_invoice

PAID = InvoiceSignal(invoice_id="in_1", news=InvoiceNews.PAID, paid_minor=29_00, requested=True)
REFUND = RefundSignal(charge_id="ch_paid", refunded_minor=10_00, invoice_id="in_1")
DISPUTE = DisputeSignal(
    charge_id="ch_paid", amount_minor=29_00, state=e.DisputeState.OPEN, invoice_id="in_1"
)


WON = replace(DISPUTE, state=e.DisputeState.WON)


def who_paid(bakery: Bakery) -> e.Payer | None:
    """As the case remembers it."""
    paid = (event.by for event in bakery.history() if isinstance(event, e.CaseRecovered))
    return next(paid, None)


async def a_paid_debt() -> Bakery:
    """Stripe has the money, and nobody has told us."""
    bakery = await Bakery().opens()
    bakery.shows(a_paid_invoice(MONDAY, last_failure=None))
    return bakery


@pytest.mark.parametrize("order", list(permutations([PAID, REFUND, FAILED])))
async def test_a_refund_is_known_in_every_order_of_the_news(order: tuple[Signal, ...]) -> None:
    bakery = await a_paid_debt()
    await bakery.hears_all(*order)
    case = bakery.case()
    assert case.phase.value == "recovered"
    assert (case.recovered_minor, case.refunded_minor) == (29_00, 10_00)
    assert who_paid(bakery) is e.Payer.CUSTOMER, "whom its own news names"


@pytest.mark.parametrize("order", list(permutations([PAID, DISPUTE])))
async def test_a_dispute_keeps_its_amount_in_every_order(order: tuple[Signal, ...]) -> None:
    bakery = await a_paid_debt()
    await bakery.hears_all(*order)
    case = bakery.case()
    assert case.phase.value == "recovered"
    assert (case.recovered_minor, case.disputed_minor) == (29_00, 29_00)


async def test_a_refund_whose_payment_nobody_tells_of_is_known_after_three_days() -> None:
    bakery = await a_paid_debt()
    ref = await bakery.keeps(REFUND)
    with pytest.raises(PaymentUnseen):
        await bakery.process(ref)
    bakery.now += 4 * DAY
    await bakery.process(ref)
    assert bakery.case().refunded_minor == 10_00


@pytest.mark.parametrize("order", list(permutations([PAID, DISPUTE, WON])))
async def test_a_dispute_that_was_won_costs_nothing_in_every_order(
    order: tuple[Signal, ...],
) -> None:
    bakery = await a_paid_debt()
    await bakery.hears_all(*order)
    case = bakery.case()
    assert (case.phase.value, case.disputed_minor, case.dispute_won) == ("recovered", 0, True)


async def test_a_refund_that_fails_brings_the_money_back() -> None:
    bakery = await a_paid_debt()
    await bakery.hears_all(PAID, REFUND, replace(REFUND, refunded_minor=0))
    assert bakery.case().refunded_minor == 0
    last = bakery.history()[-1]
    assert isinstance(last, e.MoneyReinstated)
    assert (last.amount_minor, last.reason) == (10_00, e.Return.REFUND)


async def another_debt(bakery: Bakery) -> CaseRef:
    """The same customer owes something else too."""
    bakery.payments.put(ACCOUNT, an_invoice(invoice_id="in_2"))
    await bakery.hears(InvoiceSignal(invoice_id="in_2", news=InvoiceNews.FAILED))
    return CaseRef(bakery.merchant_id, case_id_for(ACCOUNT, "in_2"))


@pytest.mark.parametrize("signal", [DISPUTE, FraudWarning(charge_id="ch", invoice_id="in_1")])
async def test_who_disputes_one_payment_is_not_chased_for_another(
    signal: DisputeSignal | FraudWarning,
) -> None:
    bakery = await Bakery().opens()
    other = await another_debt(bakery)
    await bakery.hears_all(PAID)
    bakery.shows(a_paid_invoice(MONDAY, last_failure=None))
    await bakery.hears_all(signal)
    stopped = await bakery.cases.read(other)
    assert stopped.phase.value == "stopped"
    assert bakery.case().phase.value == "recovered"


async def test_who_disputes_a_payment_that_we_never_chased_is_known_by_its_invoice() -> None:
    bakery = await Bakery().opens()
    bakery.payments.put(ACCOUNT, a_paid_invoice(MONDAY, invoice_id="in_0", last_failure=None))
    bakery.payments.knows_payment(ACCOUNT, "pi_0", "in_0")
    await bakery.hears(FraudWarning(charge_id="ch_0", payment_intent_id="pi_0"))
    last = bakery.history()[-1]
    assert isinstance(last, e.CaseStopped)
    assert last.reason is e.StopReason.FRAUD_WARNING


@pytest.mark.parametrize("invoice_id", ["in_unknown", None])
async def test_a_warning_about_a_payment_of_nobody_stops_nothing(invoice_id: str | None) -> None:
    bakery = await Bakery().opens()
    ref = await bakery.hears(FraudWarning(charge_id="ch_0", invoice_id=invoice_id))
    assert bakery.case().is_open
    assert await bakery.inbox.read(ref) is None


async def test_money_that_came_after_the_end_and_went_back_at_once_is_known() -> None:
    bakery = await Bakery().opens()
    bakery.shows(replace(await bakery.shown(), status=InvoiceStatus.UNCOLLECTIBLE))
    await bakery.hears(InvoiceSignal(invoice_id="in_1", news=InvoiceNews.WRITTEN_OFF))
    bakery.shows(a_paid_invoice(MONDAY, last_failure=None))
    await bakery.hears_all(REFUND, PAID)
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
    case, paid = bakery.case(), bakery.history()[-3]
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
    await bakery.hears(PAID)
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
