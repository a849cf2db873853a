"""OpenPaymentPage: Stripe's own page for the invoice, as it is at the moment of the click."""

import pytest

from application.ports.payments import StripeUnavailable
from application.use_cases.open_payment_page import OpenPaymentPage
from domain.invoice import Invoice, InvoiceStatus
from tests.application.bakery import Bakery
from tests.builders import MONDAY, a_paid_invoice, an_invoice

PAGE = "https://invoice.stripe.com/i/acct_bakery/fresh"


def page_of(bakery: Bakery) -> OpenPaymentPage:
    return OpenPaymentPage(cases=bakery.cases, payments=bakery.payments)


async def test_the_customer_is_sent_to_the_address_that_stripe_shows_now() -> None:
    bakery = await Bakery().opens(hosted_url="https://invoice.stripe.com/i/acct_bakery/expired")
    bakery.shows(an_invoice(hosted_url=PAGE))
    before = bakery.history()
    assert await page_of(bakery)(bakery.ref) == PAGE
    assert bakery.history() == before, "a click changes nothing"


async def test_what_was_written_off_can_still_be_paid() -> None:
    bakery = await Bakery().opens()
    bakery.shows(an_invoice(status=InvoiceStatus.UNCOLLECTIBLE, hosted_url=PAGE))
    assert await page_of(bakery)(bakery.ref) == PAGE


@pytest.mark.parametrize(
    "invoice",
    [
        a_paid_invoice(MONDAY, hosted_url=PAGE),
        an_invoice(status=InvoiceStatus.VOID, hosted_url=PAGE),
        an_invoice(status=InvoiceStatus.DRAFT, hosted_url=PAGE),
    ],
    ids=lambda invoice: invoice.status.value,
)
async def test_where_nothing_is_owed_there_is_nowhere_to_pay(invoice: Invoice) -> None:
    bakery = await Bakery().opens()
    bakery.shows(invoice)
    assert await page_of(bakery)(bakery.ref) is None


async def test_an_invoice_that_stripe_does_not_know_has_no_page() -> None:
    bakery = await Bakery().opens()
    bakery.payments.forget_everything()
    assert await page_of(bakery)(bakery.ref) is None


async def test_stripe_being_away_is_told_and_not_taken_for_paid() -> None:
    bakery = await Bakery().opens()
    bakery.payments.is_down = True
    with pytest.raises(StripeUnavailable):
        await page_of(bakery)(bakery.ref)
