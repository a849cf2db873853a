"""What card networks and bank schemes allow. No policy can pass it; one can only be stricter.

Sources: Visa Core Rules (20 reattempts in 30 days since 2025-05-25), Mastercard Transaction
Processing Excellence (35 declines in 30 days, 10 in 24 hours), Stripe's advice of at most 8 retries
where a network publishes no number. Of bank debits: see DEBIT_SCHEMES.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from domain.decline import DeclineFamily

MONTH: Final = timedelta(days=30)
DAY: Final = timedelta(hours=24)
# The first charge is one of a card's declines too, so 20 reattempts are 21 declines; we stop at 20.
MONTHLY_LIMIT: Final = {"visa": 20, "mastercard": 35}
MONTHLY_LIMIT_ELSEWHERE: Final = 8
DAILY_LIMIT: Final = 10
# After these a card is not charged again, whichever invoice asks.
BARRING: Final = frozenset({DeclineFamily.NEVER, DeclineFamily.NEEDS_NEW_CARD})


class DebitScheme(Struct, frozen=True):
    """How often one bank debit that came back may be presented again, and how late."""

    name: str
    retries: int  # of one invoice, after its first debit
    within: timedelta  # counted from the first debit
    after: frozenset[DeclineFamily] = frozenset({DeclineFamily.FUNDS})  # only after such refusals


# Some banks return a debit for want of money without saying so ("refer to payer", "no reason").
_VAGUE: Final = frozenset({DeclineFamily.FUNDS, DeclineFamily.UNKNOWN})
# By Stripe's type of the payment method. Sources: ACH: Nacha, two more within 180 days, for want
# of money alone, and Stripe the same (docs.stripe.com/billing/revenue-recovery/smart-retries).
# SEPA: no number of the scheme's own, Adyen makes two (docs.adyen.com/online-payments/auto-rescue).
# Bacs: the same amount, within a month of its first presentation (Service User's Guide and Rules to
# the Direct Debit Scheme, re-presentation; movimo.co.uk, cleardirectdebit.co.uk tell it). PAD, and
# what nobody publishes: one, within 30 days, the most careful number.
DEBIT_SCHEMES: Final = {
    "us_bank_account": DebitScheme("Nacha", 2, timedelta(days=180)),
    "sepa_debit": DebitScheme("SEPA", 2, MONTH, _VAGUE),
    "bacs_debit": DebitScheme("Bacs", 1, MONTH, _VAGUE),
    "acss_debit": DebitScheme("Payments Canada", 1, MONTH),
    "au_becs_debit": DebitScheme("BECS", 1, MONTH),
    "nz_bank_account": DebitScheme("BECS New Zealand", 1, MONTH),
}


class CardUse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every refused charge of one card that we can see, Stripe's own included.

    `month` holds the instants of the declines of the same amount in the last 30 days, `day` those
    of any amount in the last 24 hours, both oldest first; `barred` says that the card answered
    "never" or "not this card" once.
    """

    month: tuple[datetime, ...] = ()
    day: tuple[datetime, ...] = ()
    barred: bool = False


class Objection(Struct, frozen=True, kw_only=True):
    """Why this card must not be charged now; `until` is when it may, None if never."""

    rule: str
    until: datetime | None


class Budget(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A card's declines of one amount in 30 days: `used` of `allowed`; its network has `network`.

    `frees_at` is when there is room for one more than now; None if nothing is used.
    """

    used: int
    allowed: int
    network: int
    frees_at: datetime | None = None

    @property
    def left(self) -> int:
        """How many declines may still come, never below 0."""
        return max(0, self.allowed - self.used)


def monthly_limit(brand: str | None) -> int:
    """Declines of one card and amount in 30 days after which its network fines."""
    return MONTHLY_LIMIT.get(brand or "", MONTHLY_LIMIT_ELSEWHERE)


def objection(
    use: CardUse,
    brand: str | None,
    now: datetime,
    *,
    card_month_limit: int,
    card_day_limit: int,
) -> Objection | None:
    """The first rule that forbids a charge now, or None; the limits given are the policy's wishes.

    A decline counts until it is 30 days, or 24 hours, old to the microsecond.
    """
    if use.barred:
        return Objection(rule="card_barred", until=None)
    month_limit = min(monthly_limit(brand), card_month_limit)
    if month_full_until := _full_until(use.month, month_limit, MONTH, now):
        return Objection(rule="month_limit", until=month_full_until)
    day_limit = min(DAILY_LIMIT, card_day_limit)
    if day_full_until := _full_until(use.day, day_limit, DAY, now):
        return Objection(rule="day_limit", until=day_full_until)
    return None


def free_from(
    use: CardUse,
    brand: str | None,
    now: datetime,
    *,
    card_month_limit: int,
    card_day_limit: int,
) -> tuple[datetime | None, tuple[Objection, ...]]:
    """The first instant from `now` on that nothing forbids, and what stood against the earlier.

    None if the card must never be charged.
    """
    at, against = now, list[Objection]()
    while found := objection(
        use, brand, at, card_month_limit=card_month_limit, card_day_limit=card_day_limit
    ):
        against.append(found)
        if found.until is None:
            return None, tuple(against)
        at = found.until
    return at, tuple(against)


def budget(use: CardUse, brand: str | None, now: datetime, card_month_limit: int) -> Budget:
    """What is left of the card's month at `now`."""
    network = monthly_limit(brand)
    allowed = min(network, card_month_limit)
    counted = [at for at in use.month if at > now - MONTH]
    frees_at = counted[max(0, len(counted) - allowed)] + MONTH if counted else None
    return Budget(used=len(counted), allowed=allowed, network=network, frees_at=frees_at)


def tries_left(use: CardUse, brand: str | None, until: datetime, card_month_limit: int) -> int:
    """How many more declines the card's month can take up to `until`, at most 30 days ahead."""
    return 0 if use.barred else budget(use, brand, until, card_month_limit).left


def together(use: CardUse, refusals: tuple[datetime, ...], now: datetime) -> CardUse:
    """`use` and refusals that it may not have heard of yet, each instant counted once."""
    if not refusals:
        return use
    return CardUse(
        month=_merged(use.month, refusals, now - MONTH),
        day=_merged(use.day, refusals, now - DAY),
        barred=use.barred,
    )


def debit_objection(
    kind: str, refusals: tuple[datetime, ...], family: DeclineFamily, now: datetime
) -> Objection | None:
    """Why this invoice must not be debited once more, or None; cards are another matter.

    `refusals` are those of one account by one invoice, oldest first, `family` is the latest's.
    """
    scheme = DEBIT_SCHEMES.get(kind)
    if scheme is None or not refusals:
        return None
    if family not in scheme.after:
        return Objection(rule="debit_final", until=None)
    if len(refusals) > scheme.retries or now >= refusals[0] + scheme.within:
        return Objection(rule="scheme_limit", until=None)
    return None


def debit_budget(kind: str, refusals: int) -> Budget | None:
    """Debits that one invoice may still make after `refusals`; None for what is no debit."""
    scheme = DEBIT_SCHEMES.get(kind)
    if scheme is None:
        return None
    return Budget(used=max(0, refusals - 1), allowed=scheme.retries, network=scheme.retries)


def _merged(
    known: tuple[datetime, ...], more: tuple[datetime, ...], after: datetime
) -> tuple[datetime, ...]:
    union = Counter(known) | Counter(at for at in more if at > after)
    return tuple(sorted(union.elements()))


def _full_until(
    declines: tuple[datetime, ...], limit: int, window: timedelta, now: datetime
) -> datetime | None:
    """When enough of the declines have left the window for one more; None if there is room."""
    if len(declines) < limit:
        return None
    room_at = declines[-limit] + window
    return room_at if room_at > now else None
