"""Connected accounts: one merchant's in its transaction, and what calls and deliveries need of all.

The app's role writes what is sealed and cannot read it; the system's reads it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from adapters.postgres.pools import acquired
from adapters.postgres.remembered import Remembered
from application.ports.sealing import Place, Sealing
from application.ports.stripe_accounts import (
    Access,
    AccountTaken,
    Connection,
    Credential,
    EndpointOwner,
    NewConnection,
    NoCredential,
    PendingAgreement,
    Permission,
)

KEY: Final = "key_sealed"
SECRETS: Final = "endpoint_secrets_sealed"
ONE_MERCHANT: Final = "stripe_accounts_one_merchant"

COLUMNS: Final = (
    "merchant_id, account, livemode, access, name, country, connected_at, checked_at, missing, "
    "denied, refused_at, endpoint_id, endpoint_stripe_id, last_event_at"
)
# The app may not read a sealed column, and `excluded` would count as reading.
PUT: Final = """
insert into stripe_accounts (
    merchant_id, account, livemode, connected_at, checked_at, access, name, country, currency,
    key_sealed, missing, endpoint_id, endpoint_stripe_id
)
values ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (merchant_id, account, livemode) do update set
    checked_at = $4, access = $5, name = $6, country = $7, currency = $8, key_sealed = $9,
    missing = $10, endpoint_id = $11, endpoint_stripe_id = $12, denied = '{}', refused_at = null
"""
NEW_ENDPOINT: Final = """
update stripe_accounts set endpoint_secrets_sealed = null
where merchant_id = $1 and account = $2 and livemode = $3 and endpoint_id is distinct from $4
"""
NEW_SECRETS: Final = """
update stripe_accounts set endpoint_secrets_sealed = $4
where merchant_id = $1 and account = $2 and livemode = $3
"""
ALL: Final = f"""
select {COLUMNS} from stripe_accounts where merchant_id = $1 order by account, livemode
"""  # noqa: S608 - names from above
REFUSED: Final = """
update stripe_accounts set refused_at = $3 where merchant_id = $1 and account = $2
"""
CHECKED: Final = """
update stripe_accounts set missing = $3, checked_at = $4 where merchant_id = $1 and account = $2
"""
DENIED: Final = """
update stripe_accounts set denied = array(select distinct unnest(denied || $3::text) order by 1)
where merchant_id = $1 and account = $2
"""
LET_GO: Final = "delete from stripe_accounts where merchant_id = $1 and account = $2"
CREDENTIAL: Final = """
select merchant_id, account, livemode, own, access, key_sealed, refused_at from stripe_accounts
where account = $1 and ($2::boolean is null or livemode = $2) order by livemode limit 1
"""
ENDPOINT: Final = """
select merchant_id, account, livemode, endpoint_secrets_sealed from stripe_accounts
where endpoint_id = $1
"""
SWEEP: Final = "delete from connect_agreements where expires_at <= $1"
BEGIN: Final = """
insert into connect_agreements (state_hash, merchant_id, session_hash, livemode, expires_at)
values ($1, $2, $3, $4, $5)
"""
TAKE: Final = """
delete from connect_agreements where state_hash = $1
returning merchant_id, session_hash, livemode, expires_at
"""

_as_secrets: Final = msgspec.json.Decoder(tuple[str, ...]).decode


def place_of(column: str, merchant_id: UUID, account: str, livemode: bool) -> Place:
    """Where an account's secret is stored."""
    mode = "live" if livemode else "test"
    return Place(merchant_id, f"stripe_accounts.{column}", f"{account} {mode}")


class PostgresConnectionStore:
    """Connections of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID, box: Sealing) -> None:
        self._connection = connection
        self._merchant_id = merchant_id
        self._box = box

    async def put(self, new: NewConnection, at: datetime) -> None:
        """Raises AccountTaken, CannotSeal."""
        row = (self._merchant_id, new.holder.account, new.holder.livemode)
        endpoint = new.endpoint
        secrets = self._sealed(SECRETS, row, _in_one(endpoint.secrets) if endpoint else None)
        await self._connection.execute(NEW_ENDPOINT, *row, endpoint and endpoint.endpoint_id)
        try:
            async with self._connection.transaction():
                await self._connection.execute(PUT, *row, at, *self._columns(row, new))
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != ONE_MERCHANT:
                raise
            raise AccountTaken(new.holder.account) from None
        if secrets is not None:
            await self._connection.execute(NEW_SECRETS, *row, secrets)

    async def all(self) -> Sequence[Connection]:
        rows = await self._connection.fetch(ALL, self._merchant_id)
        return tuple(map(_connection, rows))

    async def key_refused(self, account: str, at: datetime | None) -> None:
        await self._connection.execute(REFUSED, self._merchant_id, account, at)

    async def checked(self, account: str, missing: tuple[Permission, ...], at: datetime) -> None:
        await self._connection.execute(CHECKED, self._merchant_id, account, list(missing), at)

    async def denied(self, account: str, what: str, at: datetime) -> None:  # noqa: ARG002
        await self._connection.execute(DENIED, self._merchant_id, account, what)

    async def let_go(self, account: str, at: datetime) -> None:  # noqa: ARG002
        await self._connection.execute(LET_GO, self._merchant_id, account)

    def _columns(self, row: tuple[UUID, str, bool], new: NewConnection) -> tuple[Any, ...]:
        return (
            new.access,
            new.holder.name,
            new.holder.country,
            new.holder.currency,
            self._sealed(KEY, row, new.key),
            list(new.missing),
            new.endpoint.endpoint_id if new.endpoint else None,
            new.endpoint.stripe_id if new.endpoint else None,
        )

    def _sealed(self, column: str, row: tuple[UUID, str, bool], value: str | None) -> bytes | None:
        return None if value is None else self._box.seal(place_of(column, *row), value)


class PostgresCredentials:
    """The key of any account, opened, and kept for half a minute. `livemode` is the installation's
    mode, None if it takes both."""

    def __init__(
        self,
        system_pool: Any,
        box: Sealing,
        livemode: bool | None = None,
        known: Remembered[str, Credential] | None = None,
    ) -> None:
        self._pool = system_pool
        self._box = box
        self._livemode = livemode
        self._known = known or Remembered()

    async def of(self, account: str) -> Credential:
        """Raises NoCredential, which is never remembered; CannotOpen; Unavailable."""
        known = self._known.get(account)
        return known[0] if known else self._known.put(account, await self._read(account))

    def forget(self, account: str) -> None:
        """Stripe did not take what we know: read it anew."""
        self._known.forget(account)

    async def _read(self, account: str) -> Credential:
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(CREDENTIAL, account, self._livemode)
        if row is None:
            raise NoCredential(f"{account} is not connected")
        if row["access"] == Access.KEY:
            key = self._box.open(_place(KEY, row), row[KEY])
            return Credential(key=key, names_account=False, **_known(row))
        return Credential(names_account=not row["own"], **_known(row))


class PostgresEndpoints:
    """Webhook endpoints by the id in their address, those that are not there as well: each answer
    is kept for half a minute."""

    def __init__(
        self,
        system_pool: Any,
        box: Sealing,
        known: Remembered[str, EndpointOwner | None] | None = None,
    ) -> None:
        self._pool = system_pool
        self._box = box
        self._known = known or Remembered()

    async def find(self, endpoint_id: str) -> EndpointOwner | None:
        """Raises CannotOpen, Unavailable."""
        known = self._known.get(endpoint_id)
        return known[0] if known else self._known.put(endpoint_id, await self._read(endpoint_id))

    async def _read(self, endpoint_id: str) -> EndpointOwner | None:
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(ENDPOINT, endpoint_id)
        if row is None:
            return None
        sealed = row[SECRETS]
        opened = None if sealed is None else self._box.open(_place(SECRETS, row), sealed)
        return EndpointOwner(
            merchant_id=row["merchant_id"],
            account=row["account"],
            livemode=row["livemode"],
            secrets=() if opened is None else _as_secrets(opened),
        )


class PostgresAgreements:
    """Agreements under way, with the system's role. `clock` says which have expired."""

    def __init__(self, system_pool: Any, clock: Callable[[], datetime]) -> None:
        self._pool = system_pool
        self._clock = clock

    async def begin(self, state_hash: bytes, pending: PendingAgreement) -> None:
        async with acquired(self._pool) as connection:
            await connection.execute(SWEEP, self._clock())
            await connection.execute(
                BEGIN,
                state_hash,
                pending.merchant_id,
                pending.session_hash,
                pending.livemode,
                pending.expires_at,
            )

    async def take(self, state_hash: bytes) -> PendingAgreement | None:
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(TAKE, state_hash)
        if row is None or row["expires_at"] <= self._clock():
            return None
        return PendingAgreement(**row)


def _in_one(secrets: tuple[str, ...]) -> str | None:
    return msgspec.json.encode(secrets).decode() if secrets else None


def _place(column: str, row: Any) -> Place:
    return place_of(column, row["merchant_id"], row["account"], row["livemode"])


def _known(row: Any) -> dict[str, Any]:
    return {"merchant_id": row["merchant_id"], "refused": row["refused_at"] is not None}


def _connection(row: Any) -> Connection:
    told = dict(row)
    by_hand = row["endpoint_id"] is not None and row["endpoint_stripe_id"] is None
    told["access"] = Access(row["access"])
    told["missing"] = tuple(map(Permission, row["missing"]))
    told["denied"] = tuple(row["denied"])
    return Connection(**told, endpoint_by_hand=by_hand)
