"""Customers' word that another card of theirs may be charged."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from adapters.postgres.json_columns import as_json, card_of
from application.ports.consents import Consent

GIVE: Final = """
insert into backup_consents (merchant_id, case_id, payment_method, given_at, wording, card)
values ($1, $2, $3, $4, $5, $6)
on conflict do nothing
"""
WITHDRAW: Final = """
update backup_consents set withdrawn_at = $4
where merchant_id = $1 and case_id = $2 and payment_method = $3 and withdrawn_at is null
"""
STANDING: Final = """
select card, given_at, wording from backup_consents
where merchant_id = $1 and case_id = $2 and withdrawn_at is null
order by given_at desc, payment_method
"""


class PostgresConsentStore:
    """Those of one merchant's cases, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def give(self, case_id: UUID, consent: Consent) -> bool:
        done = await self._connection.execute(
            GIVE,
            self._merchant_id,
            case_id,
            consent.card.payment_method,
            consent.given_at,
            consent.wording,
            as_json(consent.card),
        )
        return bool(done == "INSERT 0 1")

    async def withdraw(self, case_id: UUID, payment_method: str, at: datetime) -> bool:
        done = await self._connection.execute(
            WITHDRAW, self._merchant_id, case_id, payment_method, at
        )
        return bool(done == "UPDATE 1")

    async def standing(self, case_id: UUID) -> tuple[Consent, ...]:
        rows = await self._connection.fetch(STANDING, self._merchant_id, case_id)
        return tuple(
            Consent(card=card_of(row["card"]), given_at=row["given_at"], wording=row["wording"])
            for row in rows
        )
