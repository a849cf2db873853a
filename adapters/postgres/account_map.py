"""Whose account an event is about, looked up without a query for each event."""

import time
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from application.ports.conveyor import IncomingEvent

FRESH_S: Final = 30.0
SELECT: Final = "select merchant_id, account, livemode, own from stripe_accounts"

Owner = tuple[UUID, str]  # the merchant and the account's name


class AccountMap:
    """All connected accounts; read again every 30 s, and before any account is called unknown."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str | None, bool], Owner] = {}
        self._read_at = float("-inf")

    async def refresh(self, connection: Any, events: Iterable[IncomingEvent]) -> None:
        """Read the accounts again if that could change whose these events are."""
        stale = time.monotonic() - self._read_at > FRESH_S
        if stale or any(self.owner(event) is None for event in events):
            await self._read(connection)

    def owner(self, event: IncomingEvent) -> Owner | None:
        """The merchant of the event's account in its mode; None if nobody has connected it."""
        return self._owners.get((event.account, event.livemode))

    async def _read(self, connection: Any) -> None:
        owners: dict[tuple[str | None, bool], Owner] = {}
        for row in await connection.fetch(SELECT):
            owner = (row["merchant_id"], row["account"])
            owners[row["account"], row["livemode"]] = owner
            if row["own"]:
                owners[None, row["livemode"]] = owner
        self._owners, self._read_at = owners, time.monotonic()
