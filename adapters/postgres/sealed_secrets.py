"""All sealed secrets of the installation, sealed anew by its first key."""

from collections.abc import AsyncIterator
from typing import Any, Final

from msgspec import Struct

from adapters.postgres.connections import KEY, SECRETS, place_of
from adapters.postgres.pools import acquired
from application.ports.sealing import CannotOpen, Sealing

READ: Final = f"""
select merchant_id, account, livemode, {KEY}, {SECRETS} from stripe_accounts
where {KEY} is not null or {SECRETS} is not null
order by merchant_id, account, livemode
"""  # noqa: S608 - names from above
# One that was replaced meanwhile was sealed by the first key, and stays as it is.
WRITE: Final = {
    column: f"""
update stripe_accounts set {column} = $5
where merchant_id = $1 and account = $2 and livemode = $3 and {column} = $4
"""  # noqa: S608 - one of two names
    for column in (KEY, SECRETS)
}


class Rotated(Struct, frozen=True, kw_only=True):
    """How far it is: secrets, of how many, how many were sealed anew, and which will not open."""

    done: int
    of: int
    renewed: int = 0
    closed: tuple[str, ...] = ()  # why, never the value


async def rotate(system_pool: Any, box: Sealing) -> AsyncIterator[Rotated]:
    """Seal anew, one secret at a time; doing it again changes nothing. Raises Unavailable."""
    async with acquired(system_pool) as connection:
        rows = await connection.fetch(READ)
    sealed = [(row, column) for row in rows for column in (KEY, SECRETS) if row[column] is not None]
    renewed, closed = 0, list[str]()
    yield Rotated(done=0, of=len(sealed))
    for done, (row, column) in enumerate(sealed, start=1):
        try:
            renewed += await _renew(system_pool, box, row, column)
        except CannotOpen as why:
            closed.append(f"{row['account']}: {why}")
        yield Rotated(done=done, of=len(sealed), renewed=renewed, closed=tuple(closed))


async def _renew(system_pool: Any, box: Sealing, row: Any, column: str) -> bool:
    """Whether it was sealed anew. One by the first key is opened as well: it may be damaged."""
    before = row[column]
    place = place_of(column, row["merchant_id"], row["account"], row["livemode"])
    value = box.open(place, before)
    if box.is_current(before):
        return False
    key = (row["merchant_id"], row["account"], row["livemode"])
    async with acquired(system_pool) as connection:
        done = await connection.execute(WRITE[column], *key, before, box.seal(place, value))
    return str(done) == "UPDATE 1"
