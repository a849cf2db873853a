"""Whose account an event is about, looked up without a query for each event."""

import time
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from application.ports.conveyor import IncomingEvent

FRESH_S: Final = 30.0
HEARD_EVERY_S: Final = 60.0
SELECT: Final = "select merchant_id, account, livemode, own from stripe_accounts"

HEARD: Final = """
update stripe_accounts held set last_event_at = now()
from unnest($1::uuid[], $2::text[], $3::boolean[]) as heard (merchant_id, account, livemode)
where held.merchant_id = heard.merchant_id and held.account = heard.account
    and held.livemode = heard.livemode
"""

Owner = tuple[UUID, str]  # the merchant and the account's name


class AccountMap:
    """All connected accounts; read again every 30 s, and before any account is called unknown."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str | None, bool], Owner] = {}
        self._read_at = float("-inf")
        self._quiet_until: dict[tuple[UUID, str, bool], float] = {}

    async def refresh(self, connection: Any, events: Iterable[IncomingEvent]) -> None:
        """Read the accounts again if that could change whose these events are."""
        stale = time.monotonic() - self._read_at > FRESH_S
        if stale or any(self.owner(event) is None for event in events):
            await self._read(connection)

    def owner(self, event: IncomingEvent) -> Owner | None:
        """The merchant of the event's account in its mode; None if nobody has connected it."""
        return self._owners.get((event.account, event.livemode))

    async def heard(self, connection: Any, events: Iterable[IncomingEvent]) -> None:
        """Note that these accounts were heard of, for each at most once a minute."""
        now = time.monotonic()
        heard = [(self.owner(event), event.livemode) for event in events]
        keys = {(*owner, livemode) for owner, livemode in heard if owner is not None}
        # Sorted, so that two writers cannot wait for each other in a circle.
        news = sorted(key for key in keys if now >= self._quiet_until.get(key, now))
        if news:
            self._quiet_until.update(dict.fromkeys(news, now + HEARD_EVERY_S))
            await connection.execute(HEARD, *map(list, zip(*news, strict=True)))

    async def _read(self, connection: Any) -> None:
        owners: dict[tuple[str | None, bool], Owner] = {}
        for row in await connection.fetch(SELECT):
            owner = (row["merchant_id"], row["account"])
            owners[row["account"], row["livemode"]] = owner
            if row["own"]:
                owners[None, row["livemode"]] = owner
        self._owners, self._read_at = owners, time.monotonic()
