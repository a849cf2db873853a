"""What customers owe, in all accounts of a merchant."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from adapters.postgres.in_app import wanted_of
from adapters.postgres.json_columns import history_of
from adapters.postgres.pools import acquired
from adapters.postgres.remembered import Remembered
from application.ports.in_app import BEGINNING, MOST_DEBTS, Owed
from domain.recovery.case import replay

OWED: Final = "select * from debts_of($1, $2, $3)"


class PostgresDebts:
    """What customers owe, each in one question of the database. `clock` says when it was asked."""

    def __init__(
        self,
        app_pool: Any,
        clock: Callable[[], datetime],
        owe_nothing: Remembered[tuple[UUID, str], Owed] | None = None,
    ) -> None:
        self._pool = app_pool
        self._clock = clock
        self._owe_nothing = owe_nothing or Remembered()

    async def of(self, merchant_id: UUID, customer_id: str) -> Owed:
        known = self._owe_nothing.get((merchant_id, customer_id))
        if known is not None:
            return known[0]
        owed = await self._read(merchant_id, customer_id)
        if not owed.cases:
            self._owe_nothing.put((merchant_id, customer_id), owed)
        return owed

    async def _read(self, merchant_id: UUID, customer_id: str) -> Owed:
        as_of = self._clock()
        async with acquired(self._pool) as connection:  # the function binds it to the merchant
            rows = await connection.fetch(OWED, merchant_id, customer_id, MOST_DEBTS)
        return Owed(
            cases=tuple(
                (row["case_id"], replay(history_of(row["events"])))
                for row in rows
                if row["case_id"] is not None
            ),
            wanted=BEGINNING if rows[0]["wall"] is None else wanted_of(rows[0]),
            as_of=as_of,
        )
