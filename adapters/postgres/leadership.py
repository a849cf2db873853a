"""One dispatcher leads, the others wait: a lock that Postgres lets go when its holder is gone."""

from typing import Any, Final

from adapters.postgres.pools import SYSTEM_ROLE, connect, outages

LOCK: Final = 0x63686172676532  # "charge2"


class Leadership:
    """Held on a connection of its own, for as long as that lives."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None
        self._leads = False

    @property
    def leads(self) -> bool:
        """Whether this process led when it asked last."""
        return self._leads

    async def holds(self) -> bool:
        """Whether this process leads now; asks for the lead if nobody has it. Raises Unavailable
        while Postgres is away, and then the lead is lost."""
        try:
            with outages():
                return await self._ask()
        except BaseException:
            await self.resign()
            raise

    async def _ask(self) -> bool:
        if self._connection is None or self._connection.is_closed():
            self._connection, self._leads = await connect(self._url, SYSTEM_ROLE), False
        if self._leads:
            await self._connection.execute("select 1")  # still there?
        else:
            self._leads = await self._connection.fetchval("select pg_try_advisory_lock($1)", LOCK)
        return self._leads

    async def resign(self) -> None:
        """Let go; another dispatcher takes over at once."""
        if self._connection is not None:
            self._connection.terminate()
        self._connection, self._leads = None, False
