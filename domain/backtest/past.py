"""A past case from what was written down of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from domain.backtest.history import PastCase, PastCharge
from domain.decline import DeclineFamily
from domain.recovery import events as e

# The only events that a past case rests on: whoever reads many may leave the others out.
HEARD: Final[tuple[type[e.Event], ...]] = (
    e.CaseOpened,
    e.ChargeDeclined,
    e.AttemptStarted,
    e.AttemptDeclined,
    e.ReminderStarted,
    e.ReminderFailed,
    e.CardReplaced,
    e.DatePicked,
    e.CaseRecovered,
    e.CaseLost,
    e.CaseStopped,
)


def past_case(history: Iterable[e.Event]) -> PastCase | None:
    """What became of a case, by those of its events that are in HEARD, in their order.

    None where there is nothing to learn: it was never refused, has not ended, or was a bill that
    the customer pays by hand. What is charged
    after the customer gave another card or picked the day is the customer's doing, not ours.
    """
    past = _Past()
    for event in history:
        past.hear(event)
    return past.case()


class _Past:
    """What was heard so far."""

    def __init__(self) -> None:
        self._opened: e.CaseOpened | None = None
        self._first: e.ChargeDeclined | None = None
        self._charges: dict[str, PastCharge] = {}  # by charge; one may be told twice
        self._started: datetime | None = None
        self._letters: list[int] = []
        self._by_customer = False
        self._paid_at: int | None = None
        self._closed_at: int | None = None

    def hear(self, event: e.Event) -> None:
        match event:
            case e.CaseOpened():
                self._opened = event
            case e.AttemptStarted():
                self._started = event.at
            case e.ChargeDeclined() | e.AttemptDeclined():
                self._refused(event)
            case e.ReminderStarted():
                self._letters.append(_seconds(event.at))
            case e.ReminderFailed():
                self._letters = self._letters[:-1]
            case e.CardReplaced():
                self._by_customer |= event.by is e.CardSource.CUSTOMER
            case e.DatePicked():
                self._by_customer = True
            case e.CaseRecovered():
                self._recovered(event)
            case e.CaseLost() | e.CaseStopped():
                self._closed_at = _seconds(event.at)
            case _:
                pass

    def _refused(self, event: e.ChargeDeclined | e.AttemptDeclined) -> None:
        if isinstance(event, e.ChargeDeclined):
            if self._first is None:
                self._first = event
                return
            if event.by is e.Payer.CUSTOMER:
                return
        if self._first is None or self._by_customer or self._closed_at is not None:
            return
        if event.failure.charge_id == self._first.failure.charge_id:
            return
        self._charges[event.failure.charge_id] = PastCharge(
            _seconds(event.failure.at),
            family=None if event.family is self._first.family else DeclineFamily(event.family),
        )

    def _recovered(self, event: e.CaseRecovered) -> None:
        self._closed_at = _seconds(event.at)
        if event.by is e.Payer.CUSTOMER or self._by_customer:
            self._paid_at = self._closed_at
            return
        ours = event.attempt is not None and self._started is not None
        at = _seconds(self._started) if ours and self._started else self._closed_at
        self._charges[""] = PastCharge(at, succeeded=True)

    def case(self) -> PastCase | None:
        """All of it, nothing before the first refusal or after the end."""
        opened, first, closed_at = self._opened, self._first, self._closed_at
        if opened is None or first is None or closed_at is None or opened.outstanding:
            return None
        opened_at = _seconds(first.failure.at)
        closed_at = max(closed_at, opened_at)
        profile, card = opened.profile, first.failure.card
        charges = sorted(self._charges.values(), key=lambda charge: charge.at)
        return PastCase(
            customer=opened.customer_id or opened.invoice_id,
            opened_at=opened_at,
            closed_at=closed_at,
            amount_minor=opened.amount_minor,
            currency=opened.currency,
            family=first.family,
            country=(profile.country if profile else None) or (card.country if card else None),
            timezone=opened.timezone or (profile.timezone if profile else None),
            funding=card.funding if card else None,
            interval=profile.interval if profile else None,
            price=profile.price if profile else None,
            collection=profile.collection if profile else "charge_automatically",
            subscribed_at=_maybe(profile.subscribed_at if profile else None),
            charges=tuple(charge for charge in charges if opened_at <= charge.at <= closed_at),
            messages=tuple(at for at in self._letters if opened_at <= at <= closed_at),
            paid_at=None if self._paid_at is None else max(self._paid_at, opened_at),
        )


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _maybe(at: datetime | None) -> int | None:
    return None if at is None else _seconds(at)
