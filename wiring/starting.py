"""Starting while others are not there yet: nobody promises an order of restarts."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import asyncpg
import structlog

from application.errors import Unavailable

ASKED_AGAIN_AFTER_S: Final = 0.5

# Tables, functions, columns or roles are missing.
NOT_MIGRATED: Final = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedFunctionError,
    asyncpg.UndefinedColumnError,
    asyncpg.InvalidParameterValueError,
)
NOT_LET_IN: Final = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)

T = TypeVar("T")
_log = structlog.get_logger()


class CannotStart(Unavailable):
    """Something answers and refuses us. The process ends with this line, and whoever supervises
    it starts it anew."""


@contextmanager
def refusals_told() -> Iterator[None]:
    """Raises CannotStart for a database that is there and not fit to be used."""
    try:
        yield
    except NOT_MIGRATED as refusal:
        raise CannotStart(f"{_said(refusal)}; has `chargechase migrate` run?") from refusal
    except NOT_LET_IN as refusal:
        raise CannotStart(_said(refusal)) from refusal


def _said(refusal: asyncpg.PostgresError) -> str:
    """Without Postgres' hints, which are for those who write SQL."""
    return f"Postgres: {str(refusal).splitlines()[0]}"


async def until_there(ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` answers; asked again while something is Unavailable. Raises CannotStart."""
    told = ""
    while True:
        try:
            with refusals_told():
                return await ask()
        except CannotStart:
            raise
        except Unavailable as away:
            if str(away) != told:  # once for each reason, however long it lasts
                told = str(away)
                _log.warning("start_waits", reason=told)
        await asyncio.sleep(ASKED_AGAIN_AFTER_S)
