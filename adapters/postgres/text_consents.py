"""Customers' word that they may be texted."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from application.ports.text_consents import MOST, ConsentBy, TextConsent

# The lock keeps the case from closing meanwhile: whoever closes it deletes its numbers.
GIVE: Final = """
insert into text_consents (merchant_id, case_id, number, number_hash, by, wording, given_at)
select $1, $2, $3, $4, $5, $6, $7 from recovery_cases
where merchant_id = $1 and case_id = $2 and closed_at is null
for share
"""
WITHDRAW: Final = """
update text_consents set withdrawn_at = $3, number = null
where merchant_id = $1 and case_id = $2 and withdrawn_at is null
"""
LATEST: Final = """
select number, number_hash, by, wording, given_at, withdrawn_at from text_consents
where merchant_id = $1 and case_id = $2
order by consent_id desc limit 1
"""
COUNT: Final = "select count(*) from text_consents where merchant_id = $1 and case_id = $2"
FORGET: Final = """
update text_consents set number = null
where merchant_id = $1 and case_id = $2 and number is not null
"""


class PostgresTextConsentStore:
    """Those of one merchant's cases, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def give(self, case_id: UUID, consent: TextConsent) -> bool:
        before = await self.latest(case_id)
        stands = before is not None and before.withdrawn_at is None
        if stands and before is not None and before.number == consent.number:
            return False
        if await self._connection.fetchval(COUNT, self._merchant_id, case_id) >= MOST:
            return False
        await self.withdraw(case_id, consent.given_at)
        done = await self._connection.execute(
            GIVE,
            self._merchant_id,
            case_id,
            consent.number,
            consent.number_hash,
            consent.by.value,
            consent.wording,
            consent.given_at,
        )
        return bool(done == "INSERT 0 1")

    async def withdraw(self, case_id: UUID, at: datetime) -> bool:
        done = await self._connection.execute(WITHDRAW, self._merchant_id, case_id, at)
        return bool(done == "UPDATE 1")

    async def latest(self, case_id: UUID) -> TextConsent | None:
        row = await self._connection.fetchrow(LATEST, self._merchant_id, case_id)
        return TextConsent(**{**row, "by": ConsentBy(row["by"])}) if row else None

    async def forget(self, case_id: UUID) -> None:
        await self._connection.execute(FORGET, self._merchant_id, case_id)
