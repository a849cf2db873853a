"""Starting while others are not there yet: nobody promises an order of restarts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import asyncpg
import structlog

from application.errors import Unavailable

ASKED_AGAIN_AFTER_S: Final = 0.5

T = TypeVar("T")
_log = structlog.get_logger()


class CannotStart(Unavailable):
    """Postgres answers and refuses us: no tables yet, no such login. The process ends with this
    line, and whoever supervises it starts it anew."""


async def until_there(ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` answers; asked again while something is Unavailable. Raises CannotStart."""
    told = ""
    while True:
        try:
            return await ask()
        except Unavailable as away:
            if str(away) != told:  # once for each reason, however long it lasts
                told = str(away)
                _log.warning("start_waits", reason=told)
        except asyncpg.PostgresError as refusal:
            raise CannotStart(f"Postgres: {refusal} (`chargechase migrate` has run?)") from refusal
        await asyncio.sleep(ASKED_AGAIN_AFTER_S)
