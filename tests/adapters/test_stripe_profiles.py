"""What a customer and a subscription look like beyond the bill, in both shapes, without a call."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from adapters.stripe import documents as doc
from adapters.stripe.invoices import to_invoice
from domain.invoice import Profile
from tests.stripe_shapes import CREATED, invoice_since_basil

DAY_S = 86_400
GERMAN_CARD = {
    "id": "pm_1", "object": "payment_method", "type": "card",
    "card": {"brand": "visa", "country": "DE", "fingerprint": "fp_1"},
}  # fmt: skip


def profile(**invoice: Any) -> Profile:
    shown = msgspec.convert(invoice_since_basil(**invoice), doc.Invoice)
    found = to_invoice(shown, None).profile
    assert found is not None
    return found


def priced(
    interval: str, amount: int | None = 29_00, count: int = 1, quantity: int | None = 1
) -> Any:
    recurring = {"interval": interval, "interval_count": count, "usage_type": "licensed"}
    price = {"id": f"price_{interval}", "unit_amount": amount, "recurring": recurring}
    return {"id": "si_1", "price": price, "quantity": quantity}


def subscribed(*items: Any, **changes: Any) -> Any:
    inner = {"id": "sub_1", "items": {"data": list(items)}, "start_date": CREATED, **changes}
    return {"type": "subscription_details", "subscription_details": {"subscription": inner}}


def line(days: int, amount: int = 29_00, **priced_by: Any) -> Any:
    period = {"start": CREATED, "end": CREATED + days * DAY_S}
    return {"data": [{"id": "il_1", "amount": amount, "period": period, **priced_by}]}


def test_a_customer_lives_where_the_address_says_else_where_the_card_is_from() -> None:
    customer = {"id": "cus_1", "address": {"country": "fr", "city": "Lyon"}}
    here = profile(customer=customer, default_payment_method=GERMAN_CARD)
    assert (here.country, here.timezone) == ("FR", "Europe/Paris")
    billed_to = profile(
        customer={"id": "cus_1", "address": None},
        customer_address={"country": "US"},
        default_payment_method=GERMAN_CARD,
    )
    assert (billed_to.country, billed_to.timezone) == ("US", "America/New_York")
    by_card = profile(default_payment_method=GERMAN_CARD)
    assert (by_card.country, by_card.timezone) == ("DE", "Europe/Berlin")
    nobody_knows = profile(customer={"id": "cus_1", "address": {"country": None}})
    assert (nobody_knows.country, nobody_knows.timezone) == (None, None)


@pytest.mark.parametrize(
    ("item", "interval", "monthly"),
    [
        (priced("month"), "month", 29_00),
        (priced("year", 120_00), "year", 10_00),
        (priced("week", 12_00), "week", 52_00),
        (priced("day", 1_00), "week", 30_42),
        (priced("month", 30_00, count=3), "month", 10_00),
        (priced("month", 120_00, count=12), "year", 10_00),
        (priced("month", 5_00, quantity=4), "month", 20_00),
        (priced("month", None), "month", None),
        (priced("month", quantity=None), "month", None),
        (priced("decade"), None, 29_00),
    ],
)
def test_a_subscription_says_how_often_and_how_much_a_month(
    item: Any, interval: str | None, monthly: int | None
) -> None:
    found = profile(parent=subscribed(item))
    assert (found.interval, found.monthly_minor) == (interval, monthly)
    assert found.price == item["price"]["id"]
    assert found.subscribed_at == datetime.fromtimestamp(CREATED, UTC)
    assert found.collection == "charge_automatically"


def test_several_prices_of_a_subscription_are_summed() -> None:
    assert (
        profile(parent=subscribed(priced("month"), priced("year", 120_00))).monthly_minor == 39_00
    )


@pytest.mark.parametrize(
    ("days", "interval", "monthly"),
    [(7, "week", 125_67), (31, "month", 29_00), (91, "month", 9_67), (365, "year", 2_42)],
)
def test_where_the_subscription_is_not_expanded_the_line_says_it(
    days: int, interval: str, monthly: int
) -> None:
    since_basil = {"pricing": {"type": "price_details", "price_details": {"price": "price_1"}}}
    found = profile(lines=line(days, **since_basil))
    assert (found.interval, found.monthly_minor, found.price) == (interval, monthly, "price_1")
    assert found.subscribed_at is None


def test_a_line_before_basil_carries_its_whole_price() -> None:
    recurring = {"interval": "month", "interval_count": 6}
    price = {"id": "price_half", "unit_amount": 60_00, "recurring": recurring}
    found = profile(lines=line(181, 60_00, price=price))
    assert (found.price, found.interval, found.monthly_minor) == ("price_half", "month", 10_00)


def test_an_invoice_of_no_subscription_has_no_interval() -> None:
    found = profile(parent=None, lines=line(31))
    assert (found.interval, found.price, found.monthly_minor) == (None, None, None)
    assert profile(lines={"data": [{"id": "il_1", "amount": 1}]}).interval is None
    assert profile().interval is None
