"""The inbox's bodies lie in one partition a day: made ahead, and dropped when nobody needs them."""

from typing import Any, Final

from adapters.postgres.pools import acquired

AHEAD_DAYS: Final = 7
KEEP_DAYS: Final = 90
TEND: Final = "select tend_inbox_partitions($1, $2)"


async def tend_partitions(system_pool: Any) -> None:
    """Make the coming days' partitions and drop old ones. Once a day is enough; twice is harmless.
    A day without its own falls into the default partition, so nothing stops if this does not run.
    """
    async with acquired(system_pool) as connection:
        await connection.execute(TEND, AHEAD_DAYS, KEEP_DAYS)
