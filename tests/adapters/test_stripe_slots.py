"""Which of several cards is charged, and where a new one belongs: see adapters/stripe/slots.py."""

from typing import Any

import msgspec
import pytest

from adapters.stripe import documents as doc
from adapters.stripe.payments import StripePayments
from application.ports.payments import StripeUnavailable
from domain.invoice import Slot
from tests.adapters.test_stripe_invoices import charge, customer, intent, method, seen, subscription
from tests.stripe_shapes import CREATED, invoice_since_basil
from tests.stripe_shop import ACCOUNT, a_shop


def given(key: str, at: int) -> dict[str, Any]:
    return {**method(key), "created": at}


def to_charge(failed: str | None, **invoice: Any) -> tuple[str | None, Slot | None]:
    """What is charged, and where it belongs, after `failed` was refused at CREATED."""
    about = None
    if failed is not None:
        card = {"brand": "visa", "last4": "4242", "fingerprint": f"fp_{failed}", "network": "visa"}
        details = {"type": "card", "card": card}
        refused = charge(payment_method=failed, payment_method_details=details)
        about = intent(latest_charge=refused)
    shown = seen(invoice_since_basil(**invoice), about)
    return shown.card.payment_method if shown.card else None, shown.belongs_in


OLD, LATER = CREATED - 1_000, CREATED + 1_000


def test_a_card_given_after_the_refusal_is_charged_from_whatever_slot() -> None:
    held = {"parent": subscription(default_payment_method=given("pm_old", OLD))}
    new = {"customer": customer(given("pm_new", LATER))}
    assert to_charge("pm_old", **held, **new) == ("pm_new", Slot.SUBSCRIPTION)
    own = {"default_payment_method": given("pm_old", OLD)}
    assert to_charge("pm_old", **own, **new) == ("pm_new", Slot.INVOICE)


def test_a_card_that_was_there_before_the_refusal_was_not_meant_for_it() -> None:
    held = {"parent": subscription(default_payment_method=given("pm_old", OLD))}
    other = {"customer": customer(given("pm_other", CREATED - 1))}
    assert to_charge("pm_old", **held, **other) == ("pm_old", None)


def test_without_a_refusal_stripes_own_order_holds() -> None:
    held = {"parent": subscription(default_payment_method=given("pm_old", OLD))}
    assert to_charge(None, **held, customer=customer(given("pm_new", LATER))) == ("pm_old", None)


def test_the_same_card_given_again_is_no_other() -> None:
    again = {**given("pm_again", LATER), "card": method("pm_old")["card"]}
    held = {"parent": subscription(default_payment_method=given("pm_old", OLD))}
    assert to_charge("pm_old", **held, customer=customer(again)) == ("pm_old", None)


def test_a_new_card_that_was_refused_in_its_turn_is_not_left_for_the_old_one() -> None:
    held = {"parent": subscription(default_payment_method=given("pm_old", OLD))}
    new = {"customer": customer(given("pm_new", CREATED - 5))}
    assert to_charge("pm_new", **held, **new) == ("pm_new", Slot.SUBSCRIPTION)


def test_a_refusal_of_some_third_card_says_nothing_of_the_slots() -> None:
    held = {"parent": subscription(default_payment_method=given("pm_old", OLD))}
    new = {"customer": customer(given("pm_new", LATER))}
    assert to_charge("pm_third", **held, **new) == ("pm_old", None)


def test_legacy_sources_have_no_day_and_replace_nothing() -> None:
    source = {"id": "card_1", "object": "card", "brand": "Visa", "fingerprint": "fp_source"}
    held = {"parent": subscription(default_payment_method=given("pm_old", OLD))}
    assert to_charge("pm_old", **held, customer=customer(default_source=source)) == ("pm_old", None)


@pytest.mark.parametrize("slot", list(Slot))
async def test_each_slot_takes_a_card_and_a_refusal_leaves_it_as_it_is(slot: Slot) -> None:
    async with a_shop() as shop:
        invoice = await shop.invoice()
        shown = await shop.payments.read_invoice(ACCOUNT, invoice)
        assert shown is not None
        wrong = msgspec.structs.replace(shown, belongs_in=slot, subscription_id="sub_absent")
        done = await put(shop.payments, wrong)
        assert done is (slot is not Slot.SUBSCRIPTION)


async def test_a_stripe_that_is_away_is_asked_again() -> None:
    async with a_shop() as shop:
        shown = await shop.payments.read_invoice(ACCOUNT, await shop.invoice())
        assert shown is not None
        shop.fault("503", path="/v1/*")
        with pytest.raises(StripeUnavailable):
            await put(shop.payments, msgspec.structs.replace(shown, belongs_in=Slot.CUSTOMER))


async def put(payments: StripePayments, invoice: Any) -> bool:
    return await payments.put_in_slot(ACCOUNT, invoice, idempotency_key="cc:slot")


def test_the_payment_method_says_when_it_was_given() -> None:
    assert msgspec.convert(given("pm_1", 5), doc.PaymentMethod).created == 5
