"""All sealed secrets of the installation, sealed anew by its first key."""

from collections.abc import AsyncIterator
from typing import Any, Final

from msgspec import Struct

from adapters.postgres import hand_off, in_app, sending
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
OF_SLACK: Final = f"""
select merchant_id, {hand_off.SLACK} from hand_off
where {hand_off.SLACK} is not null order by merchant_id
"""  # noqa: S608 - a name from above
# One that was replaced meanwhile was sealed by the first key, and stays as it is.
WRITE: Final = {
    column: f"""
update stripe_accounts set {column} = $5
where merchant_id = $1 and account = $2 and livemode = $3 and {column} = $4
"""  # noqa: S608 - one of two names
    for column in (KEY, SECRETS)
}
OF_SENDING: Final = """
select merchant_id, selector, private_sealed from sending_keys order by merchant_id, selector
"""
WRITE_SENDING: Final = """
update sending_keys set private_sealed = $4
where merchant_id = $1 and selector = $2 and private_sealed = $3
"""
WRITE_SLACK: Final = f"""
update hand_off set {hand_off.SLACK} = $3 where merchant_id = $1 and {hand_off.SLACK} = $2
"""  # noqa: S608 - a name from above
WRITE_APP: Final = f"""
update in_app_settings set {in_app.SECRETS} = $3
where merchant_id = $1 and {in_app.SECRETS} = $2
"""  # noqa: S608 - a name from above


class Rotated(Struct, frozen=True, kw_only=True):
    """How far it is: secrets, of how many, how many were sealed anew, and which will not open."""

    done: int
    of: int
    renewed: int = 0
    closed: tuple[str, ...] = ()  # why, never the value


class _Secret(Struct, frozen=True, kw_only=True):
    """One sealed value and where it is. `write` takes its key, what was there, what is to be."""

    name: str
    place: Place
    sealed: bytes
    key: tuple[Any, ...]
    write: str


async def rotate(system_pool: Any, box: Sealing) -> AsyncIterator[Rotated]:
    """Seal anew, one secret at a time; doing it again changes nothing. Raises Unavailable."""
    async with acquired(system_pool) as connection:
        sealed = [
            *_of_accounts(await connection.fetch(OF_ACCOUNTS)),
            *_of_sending(await connection.fetch(OF_SENDING)),
            *_of_apps(await connection.fetch(OF_APPS)),
            *_of_slack(await connection.fetch(OF_SLACK)),
        ]
    renewed, closed = 0, list[str]()
    yield Rotated(done=0, of=len(sealed))
    for done, secret in enumerate(sealed, start=1):
        try:
            renewed += await _renew(system_pool, box, secret)
        except CannotOpen as why:
            closed.append(f"{secret.name}: {why}")
        yield Rotated(done=done, of=len(sealed), renewed=renewed, closed=tuple(closed))


def _of_accounts(rows: list[Any]) -> list[_Secret]:
    return [
        _Secret(
            name=row["account"],
            place=place_of(column, row["merchant_id"], row["account"], row["livemode"]),
            sealed=row[column],
            key=(row["merchant_id"], row["account"], row["livemode"]),
            write=WRITE[column],
        )
        for row in rows
        for column in (KEY, SECRETS)
        if row[column] is not None
    ]


def _of_sending(rows: list[Any]) -> list[_Secret]:
    return [
        _Secret(
            name=f"{row['merchant_id']} {row['selector']}",
            place=sending.place_of(row["merchant_id"], row["selector"]),
            sealed=row["private_sealed"],
            key=(row["merchant_id"], row["selector"]),
            write=WRITE_SENDING,
        )
        for row in rows
    ]


def _of_apps(rows: list[Any]) -> list[_Secret]:
    return [
        _Secret(
            name=f"merchant {row['merchant_id']}",
            place=in_app.place_of(row["merchant_id"]),
            sealed=row[in_app.SECRETS],
            key=(row["merchant_id"],),
            write=WRITE_APP,
        )
        for row in rows
    ]


def _of_slack(rows: list[Any]) -> list[_Secret]:
    return [
        _Secret(
            name=f"Slack of {row['merchant_id']}",
            place=hand_off.place_of(row["merchant_id"]),
            sealed=row[hand_off.SLACK],
            key=(row["merchant_id"],),
            write=WRITE_SLACK,
        )
        for row in rows
    ]


async def _renew(system_pool: Any, box: Sealing, secret: _Secret) -> bool:
    """Whether it was sealed anew. One by the first key is opened as well: it may be damaged."""
    value = box.open(secret.place, secret.sealed)
    if box.is_current(secret.sealed):
        return False
    async with acquired(system_pool) as connection:
        after = box.seal(secret.place, value)
        done = await connection.execute(secret.write, *secret.key, secret.sealed, after)
    return str(done) == "UPDATE 1"
