"""Whose doing a payment was: four credits a currency that add up to what came and stayed.

A payment that Stripe scheduled is Stripe's, and one that a customer makes unasked would have come
without us: both are certain. Of what is left, our retries and payments through our link, some would
have come anyway too; how much only a hold-out can tell, and without one it is not guessed.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from domain.recovery import events as e

MILLION: Final = 1_000_000


class Cause(StrEnum):
    """Whose doing a payment was."""

    OUR_RETRY = "our_retry"
    CUSTOMER_LINK = "customer_link"  # the customer, after a message of ours or on our page
    STRIPE_RETRY = "stripe_retry"
    WOULD_HAVE_PAID = "would_have_paid"


OURS: Final = (Cause.OUR_RETRY, Cause.CUSTOMER_LINK)
# The only events that a credit rests on: whoever reads many cases may leave the others out.
HEARD: Final[tuple[type[e.Event], ...]] = (
    e.CaseOpened,
    e.ReminderStarted,
    e.ReminderFailed,
    e.CardReplaced,
    e.DatePicked,
    e.PaymentPromised,
    e.CaseRecovered,
    e.MoneyCameLate,
    e.MoneyReturned,
    e.MoneyReinstated,
)


class Credited(Struct, frozen=True, kw_only=True):
    """The payment of one case: what came, in minor units, and what of it went back since."""

    currency: str
    cause: Cause
    amount_minor: int
    returned_minor: int = 0
    held_out: bool = False

    @property
    def stayed_minor(self) -> int:
        """What came and did not go back; never less than nothing."""
        return max(self.amount_minor - self.returned_minor, 0)


class Split(Struct, frozen=True, kw_only=True):
    """The four credits of one currency, in minor units: their sum is `total_minor` exactly.

    `estimated_minor` is the part of `would_have_paid_minor` that the hold-out says to take from
    ours; None: not known without a hold-out, and only the certain part is there.
    """

    currency: str
    cases: int
    total_minor: int  # what came and stayed
    our_retry_minor: int
    customer_link_minor: int
    stripe_retry_minor: int
    would_have_paid_minor: int
    estimated_minor: int | None


def credited(history: Iterable[e.Event]) -> Credited | None:
    """The credit of one case, from its events in their order; None if no money came."""
    story = _Story()
    for event in history:
        story.hear(event)
    if story.cause is None:
        return None
    return Credited(
        currency=story.currency,
        cause=story.cause,
        amount_minor=story.amount_minor,
        returned_minor=max(story.returned_minor, 0),
        held_out=story.held_out,
    )


class _Story:
    """What a case's events say about who brought the money."""

    def __init__(self) -> None:
        self.currency = ""
        self.held_out = False
        self.cause: Cause | None = None
        self.amount_minor = 0
        self.returned_minor = 0
        self._steps: set[int] = set()  # messages on their way that no server has refused
        self._on_our_page = False  # the customer picked a date or promised to pay
        self._charge_by_link = False  # the next charge is what the customer set up through us

    def hear(self, event: e.Event) -> None:
        match event:
            case e.CaseOpened():
                self.currency, self.held_out = event.currency, event.held_out
            case e.ReminderStarted():
                self._steps.add(event.step)
            case e.ReminderFailed():
                self._steps.discard(event.step)
            case e.CardReplaced():
                by_hand = event.by is e.CardSource.CUSTOMER
                self._charge_by_link = by_hand and self._was_reached()
            case e.DatePicked():
                self._on_our_page = self._charge_by_link = True
            case e.PaymentPromised():
                self._on_our_page = True
            case _:
                self._hear_of_money(event)

    def _hear_of_money(self, event: e.Event) -> None:
        match event:
            case e.CaseRecovered() | e.MoneyCameLate():
                self.cause = self._cause(event.by)
                self.amount_minor += event.amount_minor
            case e.MoneyReturned():
                self.returned_minor += event.amount_minor
            case e.MoneyReinstated():
                self.returned_minor -= event.amount_minor
            case _:
                pass

    def _cause(self, by: e.Payer) -> Cause:
        if by is e.Payer.STRIPE:
            return Cause.STRIPE_RETRY
        if by is e.Payer.CHARGECHASE:
            return Cause.CUSTOMER_LINK if self._charge_by_link else Cause.OUR_RETRY
        return Cause.CUSTOMER_LINK if self._was_reached() else Cause.WOULD_HAVE_PAID

    def _was_reached(self) -> bool:
        return bool(self._steps) or self._on_our_page


def split(
    payments: Iterable[Credited], anyway_per_million: Mapping[str, int] | None = None
) -> tuple[Split, ...]:
    """The four credits of each currency, in the currencies' order.

    `anyway_per_million` says by currency, for each million minor units that came from people whom
    we chased, how many would have come without us; a currency that it does not name has no hold-out
    that could tell. What is certainly not ours counts towards that part first, so ours is lessened
    only by the rest; its two kinds in proportion, to the minor unit.
    """
    by_currency: dict[str, list[Credited]] = {}
    for one in payments:
        by_currency.setdefault(one.currency, []).append(one)
    known = anyway_per_million or {}
    return tuple(
        _split(currency, by_currency[currency], known.get(currency))
        for currency in sorted(by_currency)
    )


def _split(currency: str, payments: Sequence[Credited], per_million: int | None) -> Split:
    sums = dict.fromkeys(Cause, 0)
    for one in payments:
        sums[one.cause] += one.stayed_minor
    ours = [sums[cause] for cause in OURS]
    estimated = _not_ours_after_all(payments, per_million or 0)
    taken = shared_out(estimated, ours)
    return Split(
        currency=currency,
        cases=len(payments),
        total_minor=sum(sums.values()),
        our_retry_minor=ours[0] - taken[0],
        customer_link_minor=ours[1] - taken[1],
        stripe_retry_minor=sums[Cause.STRIPE_RETRY],
        would_have_paid_minor=sums[Cause.WOULD_HAVE_PAID] + estimated,
        estimated_minor=None if per_million is None else estimated,
    )


def _not_ours_after_all(payments: Sequence[Credited], per_million: int) -> int:
    """What of ours would have come anyway, beyond what of the chased money is not ours for sure."""
    chased = [one for one in payments if not one.held_out]
    total = sum(one.stayed_minor for one in chased)
    ours = sum(one.stayed_minor for one in chased if one.cause in OURS)
    anyway = total * per_million // MILLION
    return min(max(anyway - (total - ours), 0), ours)


def shared_out(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` in proportion to `weights`, by largest remainder: whole numbers that add up to it.

    Of equal remainders the earlier is served first. All weights are 0 only where nothing is shared.
    """
    whole = sum(weights) or 1
    parts = [amount * weight // whole for weight in weights]
    remainders = [amount * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -remainders[place])
    for place in by_remainder[: amount - sum(parts)]:
        parts[place] += 1
    return parts
