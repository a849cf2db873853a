"""A merchant's past cases, compact: a million of them pass through in seconds."""

from msgspec import Struct

from domain.decline import DeclineFamily


class PastCharge(Struct, frozen=True, gc=False, omit_defaults=True):
    """One charge after the first failure: when (Unix seconds, UTC) and what came of it.

    `family` is the refusal's, if it was refused for another reason than the first charge.
    """

    at: int
    succeeded: bool = False
    family: DeclineFamily | None = None


class PastCase(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One failed invoice and what became of it; all instants are Unix seconds, UTC.

    `customer` is any stable key of the person: cases of one person are not independent. `charges`
    and `messages` stand in the order of time. `closed_at` is when the chase ended, however it did.
    """

    customer: str
    opened_at: int
    closed_at: int
    amount_minor: int
    currency: str
    family: DeclineFamily
    country: str | None = None
    timezone: str | None = None  # IANA; None: the main zone of the country
    funding: str | None = None
    interval: str | None = None
    price: str | None = None
    collection: str = "charge_automatically"
    subscribed_at: int | None = None
    charges: tuple[PastCharge, ...] = ()
    messages: tuple[int, ...] = ()
    paid_at: int | None = None  # the customer paid by their own hand
