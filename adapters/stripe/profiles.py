"""What Stripe shows of a customer and a subscription beyond the bill itself."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Final

from msgspec import Struct

from adapters.stripe import documents as doc
from domain.calendar.zones import main_zone
from domain.invoice import Card, Profile

DAY_S: Final = 86_400
# Days are folded into weeks. Source of the four: docs.stripe.com/api/prices/object (recurring).
INTERVALS: Final = {"day": "week", "week": "week", "month": "month", "year": "year"}
MONTHS: Final = {
    "day": Fraction(12, 365),
    "week": Fraction(12, 52),
    "month": Fraction(1),
    "year": Fraction(12),
}
MONTHS_A_YEAR: Final = 12
LONGEST_WEEK_S: Final = 13 * DAY_S  # a line of at most so long is weekly ...
LONGEST_MONTH_S: Final = 200 * DAY_S  # ... and of at most so long monthly or quarterly


class _Billing(Struct, frozen=True):
    """What is billed, how often, and what that is a month."""

    price: str | None = None
    interval: str | None = None
    monthly_minor: int | None = None


def profile_of(
    invoice: doc.Invoice, subscription: doc.Subscription | str | None, card: Card | None
) -> Profile:
    """Everything that is known without another call."""
    country = _country(invoice, card)
    expanded = subscription if isinstance(subscription, doc.Subscription) else None
    billing = _billing(invoice, expanded) if subscription is not None else _Billing()
    began = expanded.start_date if expanded else None
    return Profile(
        country=country,
        timezone=main_zone(country),
        interval=billing.interval,
        price=billing.price,
        collection=invoice.collection_method,
        subscribed_at=None if began is None else datetime.fromtimestamp(began, UTC),
        monthly_minor=billing.monthly_minor,
    )


def _country(invoice: doc.Invoice, card: Card | None) -> str | None:
    """Where the customer lives: by their address, else by their card's issuer."""
    customer = invoice.customer if isinstance(invoice.customer, doc.Customer) else None
    for address in (customer.address if customer else None, invoice.customer_address):
        if address is not None and address.country:
            return address.country.upper()
    return card.country if card else None


def _billing(invoice: doc.Invoice, subscription: doc.Subscription | None) -> _Billing:
    items = subscription.items.data if subscription and subscription.items else []
    priced = [item for item in items if item.price is not None and item.price.recurring is not None]
    return _of_items(priced) if priced else _of_lines(invoice.lines.data if invoice.lines else [])


def _of_items(items: list[doc.Item]) -> _Billing:
    """By the subscription's own prices; a metered or tiered one adds nothing that is known."""
    monthly = Fraction(0)
    for item in items:
        assert item.price is not None
        assert item.price.recurring is not None
        amount = (item.price.unit_amount or 0) * (item.quantity or 0)
        monthly += amount / _months(item.price.recurring)
    first = items[0].price
    assert first is not None
    assert first.recurring is not None
    return _Billing(first.id, _interval(first.recurring), round(monthly) or None)


def _months(recurring: doc.Recurring) -> Fraction:
    """How many months one interval lasts; an interval that is not known yet counts as a month."""
    return MONTHS.get(recurring.interval, Fraction(1)) * max(recurring.interval_count, 1)


def _interval(recurring: doc.Recurring) -> str | None:
    if _months(recurring) >= MONTHS_A_YEAR:
        return "year"
    return INTERVALS.get(recurring.interval)


def _of_lines(lines: list[doc.Line]) -> _Billing:
    """By the longest line where the subscription was not expanded: others are prorations."""
    timed = [(line.period.end - line.period.start, line) for line in lines if line.period]
    if not timed:
        return _Billing()
    length_s, line = max(timed, key=lambda each: each[0])
    price = _price_of(line)
    if isinstance(price, doc.Price) and price.recurring is not None:
        recurring = price.recurring
    else:
        recurring = _recurring_by_length(length_s)
    key = price.id if isinstance(price, doc.Price) else price
    months = _months(recurring)
    return _Billing(key, _interval(recurring), round(line.amount / months) or None)


def _price_of(line: doc.Line) -> doc.Price | str | None:
    if line.price is not None:
        return line.price
    details = line.pricing.price_details if line.pricing else None
    return details.price if details else None


def _recurring_by_length(length_s: int) -> doc.Recurring:
    if length_s <= LONGEST_WEEK_S:
        return doc.Recurring("week")
    if length_s <= LONGEST_MONTH_S:
        return doc.Recurring("month", max(1, round(length_s / (30 * DAY_S))))
    return doc.Recurring("year")
