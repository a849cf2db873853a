"""Cards that will have expired when a subscription renews: who is told, and when. No event of
Stripe's says so of a payment method; it is computed from what a renewal will charge."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from domain.calendar import within_hours
from domain.invoice import Card, Customer
from domain.policy import Policy, StripeRetries
from domain.policy.contacting import room_from


class GivenCard(Struct, frozen=True, kw_only=True):
    """A card that the customer has on file below the one that a renewal would charge."""

    card: Card
    given_at: datetime


class Renewal(Struct, frozen=True, kw_only=True):
    """The next charge that a subscription makes by itself, and what it would charge."""

    subscription_id: str
    at: datetime
    customer: Customer
    card: Card
    timezone: str | None = None  # of the customer; IANA
    in_wallet: bool = False  # a card of Apple's or Google's wallet: it renews by itself
    beneath: GivenCard | None = None  # charged only if it were put in the place of `card`

    @property
    def runs_out(self) -> bool:
        """Whether the card will have expired: it is good to the last day of its month.

        Source: docs.stripe.com/api/payment_methods/object (card.exp_month), ISO/IEC 7813.
        """
        return self.has_run_out(self.at)

    def has_run_out(self, at: datetime) -> bool:
        """The same at another instant."""
        return not self.in_wallet and has_expired(self.card, at)

    def given_instead(self, since: datetime) -> Card | None:
        """The card that the customer gave from `since` on and that will do; None if there is
        none."""
        other = self.beneath
        if other is None or other.given_at < since or has_expired(other.card, self.at):
            return None
        return other.card


def looks_ahead(policy: Policy) -> bool:
    """Whether anybody is told at all; where every case is only watched, nobody is."""
    return bool(policy.expiry_notice) and policy.stripe_retries is not StripeRetries.HOLD_OUT


def is_to_be_told(renewal: Renewal, policy: Policy, now: datetime) -> bool:
    """Whether this customer should hear now that their card will have expired."""
    if not looks_ahead(policy) or policy.assign(renewal.customer.customer_id).held_out:
        return False
    soon = now < renewal.at <= now + policy.expiry_notice
    return soon and renewal.runs_out


def may_be_told_from(
    renewal: Renewal, contacts: Sequence[datetime], policy: Policy, now: datetime
) -> datetime:
    """`now`, or the first instant at which the contact budget and the hours for mail allow it;
    `contacts` are the messages to this person so far, oldest first."""
    room_at = room_from(contacts, policy.contacts)
    at = now if room_at is None else max(now, room_at)
    zone = renewal.timezone or policy.timezone
    return within_hours(at, policy.first_mail_hour, policy.last_mail_hour, zone)


def has_expired(card: Card, at: datetime) -> bool:
    """Whether the last day of the card's month has passed, by the clocks of UTC."""
    if card.kind != "card" or card.expires is None:
        return False
    year, month = map(int, card.expires.split("-"))
    first_day_after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return at >= first_day_after
