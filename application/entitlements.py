"""How a customer stands with a merchant, as the merchant's own programs ask."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from application.ports.in_app import Debts, LinkSigner
from domain.entitlement import Entitlement, InApp, entitlement


class Answer(Struct, frozen=True, kw_only=True):
    """How they stood at `as_of`. `token` opens the page on which they can settle it."""

    customer: str
    how: Entitlement
    wanted: InApp  # what the merchant wants to happen then
    as_of: datetime
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlements:
    """Reads and writes nothing: a customer nobody knows owes nothing, and is in good standing."""

    debts: Debts
    links: LinkSigner

    async def __call__(self, merchant_id: UUID, customer: str) -> Answer:
        """Raises Unavailable."""
        owed = await self.debts.of(merchant_id, customer)
        grace = timedelta(days=owed.wanted.grace_days)
        how = entitlement((case for _, case in owed.cases), grace, owed.as_of)
        token = None
        if how.debts:
            oldest = next(case_id for case_id, case in owed.cases if case is how.debts[0])
            token = self.links.sign(merchant_id, oldest, owed.as_of)
        return Answer(customer=customer, how=how, wanted=owed.wanted, as_of=owed.as_of, token=token)
