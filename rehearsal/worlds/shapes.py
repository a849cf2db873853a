"""A world's numbers, and the hidden truth of one failed invoice in it.

All instants are unix seconds in UTC; amounts are minor units with their currency beside them,
and rough US cents where values of several currencies are added.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

Weights = Mapping[str, float]
Windows = tuple[tuple[int, int], ...]


class Cause(StrEnum):
    """Why a charge really fails, whatever the issuer says."""

    FUNDS = "funds"  # no money until the next income
    TROUBLE = "trouble"  # the issuer or the network is down
    LIMIT = "limit"  # a count or a sum is used up until midnight or until the month ends
    EXPIRED = "expired"  # the updater or the customer brings a new one; some issuers do not mind
    DEAD = "dead"  # lost, stolen, closed, mandate withdrawn
    REFUSED = "refused"  # this card never pays this kind of thing
    AUTHENTICATION = "authentication"  # the customer must confirm it
    RISK = "risk"  # a risk model says no at some hours and for some days
    NOTHING = "nothing"  # a card that works


class Land(Struct, frozen=True, kw_only=True):
    """Where customers live and how they are paid."""

    country: str
    currency: str
    zones: tuple[str, ...]  # the first is the main one
    pay: Weights  # pattern -> weight, see `incomes`
    posting: tuple[float, ...] = (6.0,)  # local hours at which banks book incomes


class Temper(Struct, frozen=True, kw_only=True):
    """How a world's issuers judge a charge whose cause is over."""

    approval: tuple[float, float] = (0.72, 0.99)  # least and most of a card's own level
    suspicion: float = 0.03  # what a failed retry adds; approval falls with exp(-sum)
    suspicion_days: float = 4.0  # in which it falls to a third
    hours: tuple[float, ...] = (1.0,) * 24  # approval by local hour
    redraw_hours: int = 24  # an issuer's mood lasts so long; divides 24


class Manners(Struct, frozen=True, kw_only=True):
    """How a world's customers behave."""

    answers: float = 0.5  # chance that a fitting first mail is acted on by a willing person
    deaf: float = 0.35  # share that no message reaches
    fatigue: float = 0.75  # times this for each message before
    tolerance: float = 11.0  # middle person; a plain mail by day weighs 1
    tolerance_spread: float = 0.6  # sigma of its logarithm
    fixes: float = 1.0  # times the cause's own share of people who see to it unasked
    fix_days: float = 6.0  # mean wait of those
    leaves: float = 0.1  # cancel anyway within the 45 days


class World(Struct, frozen=True, kw_only=True):
    """One population. Everything that a row of the table does not say has a usual value."""

    name: str
    about: str
    lands: tuple[tuple[Land, float], ...]
    causes: Weights
    intervals: Weights
    median_cents: Weights  # interval -> the middle amount in US cents
    amount_spread: float = 0.7
    brands: Weights
    funding: Weights
    wealth: Weights  # who is short of money: comfortable, usual, tight, broke
    vague: float = 0.3  # cases whose issuer hides the reason
    wrong: float = 0.05  # cases whose code names another reason
    fickle: float = 0.15  # attempts whose code differs from the card's own habit
    advice: float = 0.5  # declines with an advice code
    network_advice: float = 0.5  # Mastercard declines with an advice code of the network
    updater: float = 0.45  # expired or dead cards that the account updater refreshes
    lenient: float = 0.1  # expired cards that their issuer approves later anyway
    side_incomes: float = 0.4  # other money, times in 30 days
    trouble_hours: float = 9.0  # middle length of an outage
    zone_wrong: float = 0.15
    merchants: int = 12
    temper: Temper = Temper()
    manners: Manners = Manners()
    retry_fee_cents: float = 5.0
    email_cents: float = 0.05
    sms_cents: float = 4.0
    upper_currency: bool = False  # how this harness writes currency codes


class Card(Struct, frozen=True, gc=False):
    """A card and when a charge to it can go through: inside `windows`, if its issuer agrees."""

    cause: Cause
    windows: Windows
    approval: float
    temper: float  # times the world's suspicion
    key: int  # of its draws
    habit: tuple[str | None, ...]  # the codes it likes to answer with
    brand: str
    funding: str
    country: str
    exp_month: int
    exp_year: int


class Fix(Struct, frozen=True, gc=False):
    """What happens without us: at `at` the customer pays (no card) or another card is on file."""

    at: int
    card: Card | None


class Answer(Struct, frozen=True, gc=False):
    """What the n-th message meets: acted on if `need` is below its persuasion."""

    need: float
    opened_after_s: int
    card: Card | None  # None: they pay on the page


class Decline(Struct, frozen=True, gc=False):
    """What the issuer says; each may be missing."""

    code: str | None
    advice: str | None
    network_advice: str | None


class Truth(Struct, frozen=True, gc=False):
    """One failed invoice with all that no policy sees."""

    number: int
    id: str
    merchant: str
    merchant_country: str
    amount_minor: int
    currency: str
    amount_cents: float  # in US cents at fixed rates
    monthly_cents: float
    country: str
    zone: str  # where they really live
    shown_zone: str
    started_at: int
    interval: str
    billing_reason: str
    opened_at: int
    card: Card
    first: Decline  # what the first attempt met
    updater: Fix | None
    fix: Fix | None
    leaves_at: int | None
    answers: tuple[Answer, ...]  # to the first messages; later ones meet nobody
    willing: float  # this person's share of the world's `answers`
    tolerance: float
