"""From a case of the protocol to a recovery case of ours: the same machine, fed with its news."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from application.policy_protocol.messages import Asked, Attempt, Message, utc
from domain.calendar import is_timezone
from domain.decline import Decline, family_of
from domain.invoice import (
    Card,
    Customer,
    FailedCharge,
    Invoice,
    InvoiceStatus,
    Profile,
    monthly_minor,
)
from domain.network import BARRING, DAY, MONTH, CardUse
from domain.policy import Policy

ACCOUNT: Final = "protocol"
INTERVALS: Final = ("week", "month", "year")


class CardUpdate(Struct, frozen=True):
    """The card on file changed, by the customer or by the network."""

    at: datetime


News = CardUpdate | Attempt | Message


def invoice_of(asked: Asked) -> Invoice:
    """The invoice as it stood when the case opened: its first charge had just been refused."""
    first = asked.attempts[0] if asked.attempts else Attempt(at=asked.opened_at)
    return Invoice(
        invoice_id=asked.id,
        status=InvoiceStatus.OPEN,
        amount_remaining_minor=asked.amount_minor,
        amount_paid_minor=0,
        currency=asked.currency.lower(),
        customer=Customer(customer_id=asked.id),
        subscription_id=asked.id,
        billing_reason=asked.billing_reason,
        card=card_of(asked, 0),
        last_failure=failure_of(asked, first, 0),
        profile=profile_of(asked),
    )


def profile_of(asked: Asked) -> Profile:
    """What is known of the customer."""
    subscription = asked.subscription
    interval = subscription.interval if subscription else None
    started_at = subscription.started_at if subscription else None
    interval = interval if interval in INTERVALS else None
    return Profile(
        country=asked.country,
        timezone=asked.timezone if asked.timezone and is_timezone(asked.timezone) else None,
        interval=interval,
        collection=asked.collection or "charge_automatically",
        subscribed_at=utc(started_at) if started_at else None,
        monthly_minor=monthly_minor(asked.amount_minor, interval),
    )


def card_of(asked: Asked, updates: int) -> Card:
    """The card after so many updates. An updated card is another one: its counts start anew."""
    card, name = asked.card, f"{asked.id}:{updates}"
    if card is None:
        return Card(payment_method=name, fingerprint=name)
    dated = card.exp_year is not None and card.exp_month is not None
    return Card(
        payment_method=name,
        fingerprint=name,
        brand=card.brand,
        funding=card.funding,
        country=card.country,
        expires=f"{card.exp_year:04d}-{card.exp_month:02d}" if dated else None,
    )


def failure_of(asked: Asked, attempt: Attempt, updates: int) -> FailedCharge:
    """A refused charge of the card after so many updates."""
    card = card_of(asked, updates)
    return FailedCharge(
        charge_id=f"{asked.id}@{utc(attempt.at).isoformat()}",
        at=utc(attempt.at),
        amount_minor=asked.amount_minor,
        decline=Decline(
            decline_code=attempt.decline_code,
            advice_code=attempt.advice_code,
            network_advice_code=attempt.network_advice_code,
            brand=card.brand,
        ),
        card=card,
    )


def news_of(asked: Asked, known: "Known") -> list[News]:
    """What has happened since we were asked last, oldest first."""
    news: list[News] = [
        attempt
        for attempt in asked.attempts[1:]
        if attempt.outcome != "succeeded" and utc(attempt.at) not in known.attempts
    ]
    news += [message for message in asked.messages if utc(message.at) not in known.messages]
    updated_at = asked.card.updated_at if asked.card else None
    if updated_at is not None and utc(updated_at) != known.updated_at:
        news.append(CardUpdate(utc(updated_at)))
    # At one instant the card comes first: what is charged then is the new one.
    return sorted(news, key=lambda item: (utc(item.at), not isinstance(item, CardUpdate)))


class Known(Struct, kw_only=True):
    """What we have taken in of one case already."""

    attempts: set[datetime] = set()
    messages: set[datetime] = set()
    updated_at: datetime | None = None
    updates: int = 0
    refused_at: tuple[datetime, ...] = ()  # of the card on file, oldest first
    barred: bool = False  # the card on file answered "never" or "not this card"

    def refused(self, failure: FailedCharge, policy: Policy) -> None:
        """One more refusal of the card on file."""
        self.refused_at = (*self.refused_at, failure.at)
        self.barred = self.barred or family_of(failure.decline, policy.families) in BARRING

    def updated(self, at: datetime) -> None:
        """Another card: what the old one went through does not count against it."""
        self.updated_at, self.updates = at, self.updates + 1
        self.refused_at, self.barred = (), False

    def use(self, now: datetime) -> CardUse:
        """What the card on file has gone through, as the networks count."""
        return CardUse(
            month=tuple(at for at in self.refused_at if at > now - MONTH),
            day=tuple(at for at in self.refused_at if at > now - DAY),
            barred=self.barred,
        )
