"""Connections: a pool for each of the two roles, opened on the loop that uses them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from adapters.postgres.clock import DatabaseTime
from application.errors import Unavailable

APP_ROLE: Final = "chargechase_app"
SYSTEM_ROLE: Final = "chargechase_system"
CONNECT_TIMEOUT_S: Final = 10.0
ACQUIRE_TIMEOUT_S: Final = 10.0
COMMAND_TIMEOUT_S: Final = 20.0  # the network, when even the statement's own limit is not heard

# Nothing we ask takes longer; whatever does is cut, so that one bad query cannot hold the rest.
LIMITS: Final = {
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
}

FROM_ASYNCPG: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

# Classes of SQLSTATE: connection lost (08), rolled back in a tangle (40), out of connections,
# memory or disk (53), shut down or cut off (57), waited too long for a lock (55P03).
# Source: postgresql.org/docs/current/errcodes-appendix.html
OUTAGES: Final = ("08", "40", "53", "57", "55P03")


@dataclass(frozen=True, slots=True)
class Pools:
    """`app` is bound to one merchant per transaction; `system` sees the conveyor of all."""

    app: Any  # asyncpg has no types
    system: Any


@asynccontextmanager
async def open_pools(
    url: str, *, app_size: int = 10, system_size: int = 4, wall: DatabaseTime | None = None
) -> AsyncIterator[Pools]:
    """Both pools, connected as they are needed: a server that is away is no reason not to start.

    `wall` learns the time from each new connection, so before anything else is asked.
    """
    wall = wall or DatabaseTime()
    app = _pool(url, APP_ROLE, app_size, wall)
    system = _pool(url, SYSTEM_ROLE, system_size, wall)
    async with app, system:
        yield Pools(app, system)


def _pool(url: str, role: str, size: int, wall: DatabaseTime) -> Any:
    async def meet(connection: Any) -> None:
        await wall.ask(lambda: connection.fetchval("select clock_timestamp()"))

    return asyncpg.create_pool(
        url, min_size=0, max_size=size, init=meet, reset=_leave, **_options(role)
    )


async def _leave(_connection: Any) -> None:
    """Nothing of ours outlives a transaction, and asyncpg has ended that: who sets something for
    the session, or takes a lock for it, takes a connection of its own (`connect`). Asking Postgres
    to forget it anyway, as asyncpg does by itself, would cost each use one exchange more."""


async def connect(url: str, role: str) -> Any:
    """One connection of its own, for those who hold it."""
    return await asyncpg.connect(url, **_options(role))


def _options(role: str) -> dict[str, Any]:
    settings = {"role": role, "application_name": role, **LIMITS}
    return {
        "server_settings": settings,
        "timeout": CONNECT_TIMEOUT_S,
        "command_timeout": COMMAND_TIMEOUT_S,
    }


@asynccontextmanager
async def acquired(pool: Any) -> AsyncIterator[Any]:
    """A connection of the pool; raises Unavailable while Postgres cannot do what it is asked."""
    with outages():
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
            yield connection


@contextmanager
def outages() -> Iterator[None]:
    """Turn "Postgres is away, full or in a tangle" into Unavailable; bugs stay what they are."""
    try:
        yield
    except (*FROM_ASYNCPG, OSError, TimeoutError) as error:
        if not _is_outage(error):
            raise
        raise Unavailable(f"Postgres: {error or type(error).__name__}") from error


def _is_outage(error: BaseException) -> bool:
    # asyncpg's own state machine trips when a server dies at the wrong instant of an exchange.
    if isinstance(error, (OSError, TimeoutError, asyncpg.InternalClientError)):
        return True
    if isinstance(error, asyncpg.InterfaceError):  # a bug, unless the connection went under it
        return "closed" in str(error)
    return str(getattr(error, "sqlstate", "")).startswith(OUTAGES)
