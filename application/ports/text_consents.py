"""A customer's word that they may be texted about what they owe."""

from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

MOST: Final = 10  # words about one case: nobody changes their number more often


class ConsentBy(StrEnum):
    """Who told us of it."""

    CUSTOMER = "customer"  # on their page, by their own hand
    MERCHANT = "merchant"  # who asked them before, and keeps the proof


class TextConsent(Struct, frozen=True, kw_only=True):
    """The latest word about one case. `wording` names the sentence that was agreed to and its
    version; the number is kept for as long as it may be used, and only its hash after that."""

    number: str | None  # E.164
    number_hash: bytes
    by: ConsentBy
    wording: str
    given_at: datetime
    withdrawn_at: datetime | None = None


class TextConsentStore(Protocol):
    """Those of one merchant's cases, inside one unit of work. That somebody agreed, and took it
    back, is never deleted."""

    async def give(self, case_id: UUID, consent: TextConsent) -> bool:
        """Record it; an earlier one ends. False if the same number stands already, there have been
        MOST, or the case is closed."""
        ...

    async def withdraw(self, case_id: UUID, at: datetime) -> bool:
        """From now on it does not stand, and the number is deleted; False if none stood."""
        ...

    async def latest(self, case_id: UUID) -> TextConsent | None:
        """The latest word, whether it stands or not."""
        ...

    async def forget(self, case_id: UUID) -> None:
        """There is nothing left to text about: all numbers of the case are deleted."""
        ...
