"""All sealed secrets of the installation, sealed anew by its first key."""

from collections.abc import AsyncIterator
from typing import Any, Final

from msgspec import Struct

from adapters.postgres import in_app
from adapters.postgres.connections import KEY, SECRETS, place_of
from adapters.postgres.pools import acquired
from application.ports.sealing import CannotOpen, Place, Sealing

OF_ACCOUNTS: Final = f"""
select merchant_id, account, livemode, {KEY}, {SECRETS} from stripe_accounts
where {KEY} is not null or {SECRETS} is not null
order by merchant_id, account, livemode
"""  # noqa: S608 - names from above
OF_APPS: Final = f"""
select merchant_id, {in_app.SECRETS} from in_app_settings
where {in_app.SECRETS} is not null order by merchant_id
"""  # noqa: S608 - a name from above
# One that was replaced meanwhile was sealed by the first key, and stays as it is.
TO_ACCOUNT: Final = {
    column: f"""
update stripe_accounts set {column} = $2
where {column} = $1 and merchant_id = $3 and account = $4 and livemode = $5
"""  # noqa: S608 - one of two names
    for column in (KEY, SECRETS)
}
TO_APP: Final = f"""
update in_app_settings set {in_app.SECRETS} = $2
where {in_app.SECRETS} = $1 and merchant_id = $3
"""  # noqa: S608 - a name from above


class Rotated(Struct, frozen=True, kw_only=True):
    """How far it is: secrets, of how many, how many were sealed anew, and which will not open."""

    done: int
    of: int
    renewed: int = 0
    closed: tuple[str, ...] = ()  # why, never the value


class Sealed(Struct, frozen=True, kw_only=True):
    """One sealed secret: whose, where it is stored, and how it is written there again."""

    whose: str
    place: Place
    value: bytes
    write: str
    key: tuple[Any, ...]


async def rotate(system_pool: Any, box: Sealing) -> AsyncIterator[Rotated]:
    """Seal anew, one secret at a time; doing it again changes nothing. Raises Unavailable."""
    sealed = await _all(system_pool)
    renewed, closed = 0, list[str]()
    yield Rotated(done=0, of=len(sealed))
    for done, one in enumerate(sealed, start=1):
        try:
            renewed += await _renew(system_pool, box, one)
        except CannotOpen as why:
            closed.append(f"{one.whose}: {why}")
        yield Rotated(done=done, of=len(sealed), renewed=renewed, closed=tuple(closed))


async def _all(system_pool: Any) -> list[Sealed]:
    async with acquired(system_pool) as connection:
        accounts = await connection.fetch(OF_ACCOUNTS)
        apps = await connection.fetch(OF_APPS)
    of_accounts = [
        Sealed(
            whose=row["account"],
            place=place_of(column, *key),
            value=row[column],
            write=TO_ACCOUNT[column],
            key=key,
        )
        for row in accounts
        for key in ((row["merchant_id"], row["account"], row["livemode"]),)
        for column in (KEY, SECRETS)
        if row[column] is not None
    ]
    return of_accounts + [
        Sealed(
            whose=f"merchant {row['merchant_id']}",
            place=in_app.place_of(row["merchant_id"]),
            value=row[in_app.SECRETS],
            write=TO_APP,
            key=(row["merchant_id"],),
        )
        for row in apps
    ]


async def _renew(system_pool: Any, box: Sealing, one: Sealed) -> bool:
    """Whether it was sealed anew. One by the first key is opened as well: it may be damaged."""
    value = box.open(one.place, one.value)
    if box.is_current(one.value):
        return False
    async with acquired(system_pool) as connection:
        done = await connection.execute(one.write, one.value, box.seal(one.place, value), *one.key)
    return str(done) == "UPDATE 1"
