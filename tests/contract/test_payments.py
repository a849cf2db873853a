"""What every bank of ours promises: the one in memory, and Stripe's rehearsal over HTTP."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest
from msgspec.structs import replace

from adapters.memory.payments import MemoryPayments
from application.ports.payments import (
    ActionNeeded,
    AlreadySettled,
    Declined,
    Ended,
    Ending,
    Paid,
    Payments,
    StripeUnavailable,
    Unknown,
)
from domain.invoice import InvoiceStatus, Slot
from domain.policy.shapes import OF_SUBSCRIPTION, UNDOABLE, EndAction
from domain.recovery.events import EndResult
from tests.builders import NEW_VISA, OLD_VISA, an_invoice
from tests.stripe_shop import ACCOUNT, LACKS_FUNDS, PAYS, WANTS_CUSTOMER, Shop, a_shop


class Bank(Protocol):
    """A bank under test, and how to set its scene."""

    @property
    def payments(self) -> Payments: ...
    async def invoice_that_pays(self) -> str: ...
    async def invoice_that_declines(self) -> str: ...
    async def invoice_that_wants_its_customer(self) -> str: ...
    async def invoice_whose_payment_goes_unanswered(self) -> str: ...
    async def invoice_whose_refusing_card_was_replaced(self) -> tuple[str, str]: ...
    async def invoice_with_a_new_card_below_the_refused_one(self) -> tuple[str, str]: ...
    async def subscription_with_an_open_invoice(self) -> tuple[str, str]: ...
    async def payment_of(self, invoice: str) -> str: ...
    async def subscription(self) -> str: ...
    async def customer_with_two_cards(self) -> tuple[str, set[str]]: ...
    async def invoice_whose_customer_has_another_card(self) -> tuple[str, str, str]: ...
    async def go_down(self) -> None: ...


class MemoryBank:
    """The shipped fake, told what to do."""

    def __init__(self) -> None:
        self.payments = MemoryPayments(lambda: datetime(2026, 3, 2, tzinfo=UTC))

    def _put(self, tell: Callable[[str], None]) -> str:
        self.payments.put(ACCOUNT, an_invoice(last_failure=None))
        tell("in_1")
        return "in_1"

    async def invoice_that_pays(self) -> str:
        return self._put(self.payments.will_pay)

    async def invoice_that_declines(self) -> str:
        return self._put(self.payments.will_decline)

    async def invoice_that_wants_its_customer(self) -> str:
        return self._put(self.payments.will_ask_for_customer)

    async def invoice_whose_payment_goes_unanswered(self) -> str:
        return self._put(lambda key: self.payments.will_vanish(key, after_effect=True))

    async def invoice_whose_refusing_card_was_replaced(self) -> tuple[str, str]:
        invoice = await self.invoice_that_declines()
        before = an_invoice().card
        assert before is not None
        after = replace(before, payment_method="pm_new", fingerprint="fp_new")
        self.payments.put(ACCOUNT, an_invoice(last_failure=None, card=after))
        return invoice, before.payment_method

    async def invoice_with_a_new_card_below_the_refused_one(self) -> tuple[str, str]:
        invoice, _ = await self.invoice_whose_refusing_card_was_replaced()
        shown = await self.payments.read_invoice(ACCOUNT, invoice)
        assert shown is not None
        self.payments.put(ACCOUNT, replace(shown, belongs_in=Slot.SUBSCRIPTION))
        return invoice, "pm_new"

    async def subscription_with_an_open_invoice(self) -> tuple[str, str]:
        self.payments.put(ACCOUNT, an_invoice())
        return "sub_bread", "in_1"

    async def payment_of(self, invoice: str) -> str:
        self.payments.knows_payment(ACCOUNT, "pi_1", invoice)
        return "pi_1"

    async def subscription(self) -> str:
        self.payments.shows(ACCOUNT, "subscription", {"id": "sub_1", "status": "active"})
        return "sub_1"

    async def customer_with_two_cards(self) -> tuple[str, set[str]]:
        self.payments.wallets["cus_anna"] = (OLD_VISA, NEW_VISA)
        return "cus_anna", {"pm_old", "pm_new"}

    async def invoice_whose_customer_has_another_card(self) -> tuple[str, str, str]:
        invoice = await self.invoice_that_pays()
        self.payments.cards["pm_new"] = NEW_VISA
        return invoice, "pm_old", "pm_new"

    async def go_down(self) -> None:
        self.payments.is_down = True


class StripeBank:
    """stripe-python on the rehearsal Stripe."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.payments = shop.payments

    async def invoice_that_pays(self) -> str:
        return await self._shop.invoice(PAYS)

    async def invoice_that_declines(self) -> str:
        return await self._shop.invoice(LACKS_FUNDS)

    async def invoice_that_wants_its_customer(self) -> str:
        return await self._shop.invoice(WANTS_CUSTOMER)

    async def invoice_whose_payment_goes_unanswered(self) -> str:
        invoice = await self._shop.invoice(PAYS)
        self._shop.fault("reset_after_effect", times=1)
        return invoice

    async def invoice_whose_refusing_card_was_replaced(self) -> tuple[str, str]:
        invoice = await self._shop.invoice(LACKS_FUNDS)
        seen = await self.payments.read_invoice(ACCOUNT, invoice)
        assert seen is not None
        assert seen.customer is not None
        assert seen.card is not None
        await self._shop.new_card(seen.customer.customer_id, PAYS)
        return invoice, seen.card.payment_method

    async def invoice_with_a_new_card_below_the_refused_one(self) -> tuple[str, str]:
        return await self._shop.past_due_with_a_new_card_below()

    async def subscription_with_an_open_invoice(self) -> tuple[str, str]:
        return await self._shop.past_due_subscription()

    async def payment_of(self, invoice: str) -> str:
        return await self._shop.intent_of(invoice)

    async def subscription(self) -> str:
        return (await self._shop.past_due_subscription())[0]

    async def customer_with_two_cards(self) -> tuple[str, set[str]]:
        invoice, refused, other = await self.invoice_whose_customer_has_another_card()
        return await self._shop.customer_of(invoice), {refused, other}

    async def invoice_whose_customer_has_another_card(self) -> tuple[str, str, str]:
        invoice = await self._shop.invoice(PAYS)
        customer = await self._shop.customer_of(invoice)
        stripe = (await self._shop.connection.open()).v1
        refused = await self._shop.new_card(customer, LACKS_FUNDS)
        cards = await stripe.customers.payment_methods.list_async(customer, {"type": "card"})
        (other,) = {card.id for card in cards.data} - {refused}
        return invoice, refused, other

    async def go_down(self) -> None:
        self._shop.fault("503", path="/v1/*")


@pytest.fixture(params=["memory", "stripe"])
async def bank(request: pytest.FixtureRequest) -> AsyncIterator[Bank]:
    if request.param == "memory":
        yield MemoryBank()
        return
    async with a_shop() as shop:
        yield StripeBank(shop)


def pay(bank: Bank, invoice: str, key: str = "case:1") -> Awaitable[object]:
    return bank.payments.pay_invoice(ACCOUNT, invoice, idempotency_key=key)


async def test_an_invoice_that_is_paid_shows_as_paid_with_its_time(bank: Bank) -> None:
    invoice = await bank.invoice_that_pays()
    assert await pay(bank, invoice) == Paid(amount_minor=29_00)
    shown = await bank.payments.read_invoice(ACCOUNT, invoice)
    assert shown is not None
    assert shown.status is InvoiceStatus.PAID
    assert shown.paid_at is not None
    assert (shown.amount_paid_minor, shown.amount_remaining_minor) == (29_00, 0)
    assert shown.last_failure is None


async def test_the_same_key_gives_the_same_answer(bank: Bank) -> None:
    for invoice in (await bank.invoice_that_pays(), await bank.invoice_that_declines()):
        first = await pay(bank, invoice, f"{invoice}:1")
        assert await pay(bank, invoice, f"{invoice}:1") == first


async def test_a_paid_invoice_cannot_be_paid_again_with_another_key(bank: Bank) -> None:
    invoice = await bank.invoice_that_pays()
    await pay(bank, invoice, "case:1")
    assert await pay(bank, invoice, "case:2") == AlreadySettled()


async def test_a_declined_invoice_stays_open_and_remembers_the_charge(bank: Bank) -> None:
    invoice = await bank.invoice_that_declines()
    outcome = await pay(bank, invoice)
    shown = await bank.payments.read_invoice(ACCOUNT, invoice)
    assert isinstance(outcome, Declined)
    assert outcome.failure.decline.decline_code == "insufficient_funds"
    assert shown is not None
    assert shown.status is InvoiceStatus.OPEN
    assert shown.last_failure == outcome.failure


async def test_a_new_key_makes_a_new_charge(bank: Bank) -> None:
    invoice = await bank.invoice_that_declines()
    first = await pay(bank, invoice, "case:1")
    if isinstance(bank, MemoryBank):
        bank.payments.will_decline(invoice)
    second = await pay(bank, invoice, "case:2")
    assert isinstance(first, Declined)
    assert isinstance(second, Declined)
    assert first.failure.charge_id != second.failure.charge_id


async def test_a_bank_that_wants_its_customer_says_so(bank: Bank) -> None:
    invoice = await bank.invoice_that_wants_its_customer()
    assert isinstance(await pay(bank, invoice), ActionNeeded)
    shown = await bank.payments.read_invoice(ACCOUNT, invoice)
    assert shown is not None
    assert shown.needs_authentication


async def test_an_unanswered_payment_is_unknown_and_told_when_asked_again(bank: Bank) -> None:
    invoice = await bank.invoice_whose_payment_goes_unanswered()
    assert isinstance(await pay(bank, invoice), Unknown)
    shown = await bank.payments.read_invoice(ACCOUNT, invoice)
    assert shown is not None
    assert shown.status is InvoiceStatus.PAID
    assert await pay(bank, invoice) == Paid(amount_minor=29_00)


async def test_an_invoice_that_does_not_exist_is_none_and_settled(bank: Bank) -> None:
    assert await bank.payments.read_invoice(ACCOUNT, "in_none") is None
    assert await pay(bank, "in_none") == AlreadySettled()
    await bank.payments.stop_stripe_retries(ACCOUNT, "in_none", idempotency_key="take-over")


async def test_stopping_stripes_retries_is_harmless_at_any_time(bank: Bank) -> None:
    invoice = await bank.invoice_that_pays()
    for key in ("take-over:1", "take-over:1", "take-over:2"):
        await bank.payments.stop_stripe_retries(ACCOUNT, invoice, idempotency_key=key)
    shown = await bank.payments.read_invoice(ACCOUNT, invoice)
    assert shown is not None
    assert shown.stripe_retry_at is None
    await pay(bank, invoice)
    await bank.payments.stop_stripe_retries(ACCOUNT, invoice, idempotency_key="take-over:3")


async def test_a_bank_that_is_down_is_unavailable_to_read_and_unknown_to_charge(
    bank: Bank,
) -> None:
    invoice = await bank.invoice_that_pays()
    await bank.go_down()
    assert isinstance(await pay(bank, invoice), Unknown)
    with pytest.raises(StripeUnavailable):
        await bank.payments.read_invoice(ACCOUNT, invoice)
    with pytest.raises(StripeUnavailable):
        await bank.payments.stop_stripe_retries(ACCOUNT, invoice, idempotency_key="take-over")


WRITE_OFF = EndAction.MARK_UNCOLLECTIBLE
CANCEL = EndAction.CANCEL_SUBSCRIPTION
DONE = Ended(result=EndResult.DONE)


def end(bank: Bank, action: EndAction, invoice: str, subscription: str | None = None) -> Any:
    ending = Ending(action=action, invoice_id=invoice, subscription_id=subscription)
    return bank.payments.end(ACCOUNT, ending, idempotency_key=f"{invoice}:end")


def undo(bank: Bank, action: EndAction, invoice: str, subscription: str | None = None) -> Any:
    ending = Ending(action=action, invoice_id=invoice, subscription_id=subscription)
    return bank.payments.undo_end(ACCOUNT, ending, idempotency_key=f"{invoice}:undo")


async def test_an_invoice_is_written_off_once_and_stays_so(bank: Bank) -> None:
    invoice = await bank.invoice_that_declines()
    assert await end(bank, WRITE_OFF, invoice) == DONE
    assert await end(bank, WRITE_OFF, invoice) == DONE
    shown = await bank.payments.read_invoice(ACCOUNT, invoice)
    assert shown is not None
    assert shown.status is InvoiceStatus.UNCOLLECTIBLE


async def test_an_invoice_that_is_paid_or_gone_is_not_written_off(bank: Bank) -> None:
    invoice = await bank.invoice_that_pays()
    await pay(bank, invoice)
    for action in (WRITE_OFF, EndAction.VOID_INVOICE):
        assert (await end(bank, action, invoice)).result is EndResult.REFUSED
        assert (await end(bank, action, "in_none")).result is EndResult.REFUSED
    assert (await end(bank, EndAction.KEEP, invoice)).result is EndResult.REFUSED


async def test_an_invoice_is_voided_once_and_cannot_be_paid_any_more(bank: Bank) -> None:
    invoice = await bank.invoice_that_declines()
    assert await end(bank, EndAction.VOID_INVOICE, invoice) == DONE
    assert await end(bank, EndAction.VOID_INVOICE, invoice) == DONE
    assert await pay(bank, invoice) == AlreadySettled()


async def test_a_subscription_is_cancelled_once_and_its_invoice_stays_open(bank: Bank) -> None:
    subscription, invoice = await bank.subscription_with_an_open_invoice()
    assert await end(bank, CANCEL, invoice, subscription) == DONE
    assert await end(bank, CANCEL, invoice, subscription) == DONE
    shown = await bank.payments.read_invoice(ACCOUNT, invoice)
    assert shown is not None
    assert shown.status is InvoiceStatus.OPEN


async def test_an_invoice_of_no_subscription_has_none_to_cancel(bank: Bank) -> None:
    invoice = await bank.invoice_that_declines()
    for action in sorted(OF_SUBSCRIPTION):
        assert (await end(bank, action, invoice)).result is EndResult.REFUSED
        assert (await undo(bank, action, invoice)).result is EndResult.REFUSED


@pytest.mark.parametrize("action", sorted(UNDOABLE))
async def test_what_can_be_taken_back_is_done_and_taken_back(bank: Bank, action: EndAction) -> None:
    subscription, invoice = await bank.subscription_with_an_open_invoice()
    assert await end(bank, action, invoice, subscription) == DONE
    assert await undo(bank, action, invoice, subscription) == DONE
    shown = await bank.payments.read_invoice(ACCOUNT, invoice)
    assert shown is not None
    assert shown.status is InvoiceStatus.OPEN


@pytest.mark.parametrize("action", sorted(frozenset(EndAction) - UNDOABLE))
async def test_nothing_else_can_be_taken_back(bank: Bank, action: EndAction) -> None:
    subscription, invoice = await bank.subscription_with_an_open_invoice()
    assert (await undo(bank, action, invoice, subscription)).result is EndResult.REFUSED


async def test_stripe_goes_on_with_what_is_handed_back_and_a_settled_invoice_is_no_trouble(
    bank: Bank,
) -> None:
    _, invoice = await bank.subscription_with_an_open_invoice()
    await bank.payments.stop_stripe_retries(ACCOUNT, invoice, idempotency_key="take-over")
    await bank.payments.resume_stripe_retries(ACCOUNT, invoice, idempotency_key="back")
    paid = await bank.invoice_that_pays()
    await pay(bank, paid)
    await bank.payments.resume_stripe_retries(ACCOUNT, paid, idempotency_key="back-2")
    await bank.payments.resume_stripe_retries(ACCOUNT, "in_none", idempotency_key="back-3")


async def test_a_payment_leads_back_to_its_invoice(bank: Bank) -> None:
    invoice = await bank.invoice_that_pays()
    await pay(bank, invoice)
    intent = await bank.payment_of(invoice)
    assert await bank.payments.invoice_of(ACCOUNT, intent) == invoice
    assert await bank.payments.invoice_of(ACCOUNT, "pi_none") is None


async def test_a_thing_is_read_as_it_is_or_is_not_there(bank: Bank) -> None:
    subscription = await bank.subscription()
    body = await bank.payments.read_object(ACCOUNT, "subscription", subscription)
    assert body is not None
    assert json.loads(body)["id"] == subscription
    assert await bank.payments.read_object(ACCOUNT, "subscription", "sub_none") is None
    await bank.go_down()
    with pytest.raises(StripeUnavailable):
        await bank.payments.read_object(ACCOUNT, "subscription", subscription)


async def test_a_bank_that_is_down_ends_nothing_and_finds_nothing(bank: Bank) -> None:
    invoice = await bank.invoice_that_declines()
    await bank.go_down()
    for action in (WRITE_OFF, CANCEL):
        with pytest.raises(StripeUnavailable):
            await end(bank, action, invoice, "sub_1")
    with pytest.raises(StripeUnavailable):
        await undo(bank, EndAction.PAUSE_COLLECTION, invoice, "sub_1")
    with pytest.raises(StripeUnavailable):
        await bank.payments.resume_stripe_retries(ACCOUNT, invoice, idempotency_key="back")
    with pytest.raises(StripeUnavailable):
        await bank.payments.invoice_of(ACCOUNT, "pi_1")


async def test_a_charge_goes_to_the_card_that_is_named_whatever_lies_in_the_slot(
    bank: Bank,
) -> None:
    invoice, before = await bank.invoice_whose_refusing_card_was_replaced()
    outcome = await bank.payments.pay_invoice(
        ACCOUNT, invoice, idempotency_key="case:1", payment_method=before
    )
    assert isinstance(outcome, Declined)
    assert outcome.failure.card is not None
    assert outcome.failure.card.payment_method == before
    shown = await bank.payments.read_invoice(ACCOUNT, invoice)
    assert shown is not None
    assert shown.card is not None
    assert shown.card.payment_method != before
    assert isinstance(await pay(bank, invoice, "case:2"), Paid)


async def test_a_new_card_below_the_refused_one_is_charged_and_put_where_that_lay(
    bank: Bank,
) -> None:
    key, new = await bank.invoice_with_a_new_card_below_the_refused_one()
    invoice = await bank.payments.read_invoice(ACCOUNT, key)
    assert invoice is not None
    assert invoice.card is not None
    assert (invoice.card.payment_method, invoice.belongs_in) == (new, Slot.SUBSCRIPTION)
    assert await bank.payments.put_in_slot(ACCOUNT, invoice, idempotency_key="case:slot")
    after = await bank.payments.read_invoice(ACCOUNT, key)
    assert after is not None
    assert after.card is not None
    assert (after.card.payment_method, after.belongs_in) == (new, None)


async def test_a_card_that_lies_right_is_put_nowhere(bank: Bank) -> None:
    invoice = await bank.payments.read_invoice(ACCOUNT, await bank.invoice_that_declines())
    assert invoice is not None
    assert not await bank.payments.put_in_slot(ACCOUNT, invoice, idempotency_key="case:slot")


async def test_a_customers_cards_are_read_whether_they_lie_in_a_slot_or_not(bank: Bank) -> None:
    customer, methods = await bank.customer_with_two_cards()
    cards = await bank.payments.cards_of(ACCOUNT, customer)
    assert {card.payment_method for card in cards} == methods
    assert all(card.kind == "card" and card.last4 for card in cards)
    assert await bank.payments.cards_of(ACCOUNT, "cus_nobody") == ()


async def test_another_card_pays_and_the_slot_stays_as_it_was(bank: Bank) -> None:
    invoice, refused, other = await bank.invoice_whose_customer_has_another_card()
    paid = await bank.payments.pay_invoice(
        ACCOUNT, invoice, idempotency_key="key-1", payment_method=other
    )
    assert isinstance(paid, Paid)
    shown = await bank.payments.read_invoice(ACCOUNT, invoice)
    assert shown is not None
    assert shown.card is not None
    assert shown.card.payment_method == refused
