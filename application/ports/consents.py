"""A customer's word that another card of theirs may be charged when the one on file is refused."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from domain.invoice import Card


class Consent(Struct, frozen=True, kw_only=True):
    """A word that stands, for the bill of one case. `wording` names the sentence that the customer
    read, and its version."""

    card: Card
    given_at: datetime
    wording: str


class ConsentStore(Protocol):
    """Those of one merchant's cases, inside one unit of work. Nothing is ever deleted: what was
    agreed to and taken back stays as it was."""

    async def give(self, case_id: UUID, consent: Consent) -> bool:
        """Record it; False if the same word stands already."""
        ...

    async def withdraw(self, case_id: UUID, payment_method: str, at: datetime) -> bool:
        """From now on it does not stand; False if it did not."""
        ...

    async def standing(self, case_id: UUID) -> tuple[Consent, ...]:
        """Those that stand, the latest first."""
        ...
