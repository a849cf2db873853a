"""Connected accounts in memory: the details beside `world.accounts`, which says whose they are."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import HeldConnection, MemoryWorld
from application.ports.registry import ConnectedAccount
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

Key = tuple[str, bool]  # account, livemode


class MemoryConnectionStore(MemoryStore):
    """Connections of one merchant."""

    async def put(self, new: NewConnection, at: datetime) -> None:
        key = (new.holder.account, new.holder.livemode)
        known = self.world.accounts.get(key)
        if known is not None and known.merchant_id != self.merchant_id:
            raise AccountTaken(new.holder.account)
        if known is None:
            account = ConnectedAccount(
                merchant_id=self.merchant_id, account=key[0], livemode=key[1], own=False
            )
            self.journal.put(self.world.accounts, key, account)
        before = held_of(self.world, key)
        began = before.connection.connected_at if known else at
        held = _held(new, self.merchant_id, at, began)
        if not held.secrets and held.connection.endpoint_id == before.connection.endpoint_id:
            held = replace(held, secrets=before.secrets)
        self.journal.put(self.world.connections, key, held)

    async def all(self) -> Sequence[Connection]:
        return tuple(
            replace(held_of(self.world, key).connection, last_event_at=self._heard_at(key))
            for key in self._mine()
        )

    async def key_refused(self, account: str, at: datetime | None) -> None:
        self._change(account, refused_at=at)

    async def checked(self, account: str, missing: tuple[Permission, ...], at: datetime) -> None:
        self._change(account, missing=missing, checked_at=at)

    async def denied(self, account: str, what: str, at: datetime) -> None:  # noqa: ARG002
        for key in self._mine(account):
            already = held_of(self.world, key).connection.denied
            self._change(account, denied=tuple(sorted({*already, what})))

    async def let_go(self, account: str, at: datetime) -> None:  # noqa: ARG002
        for key in self._mine(account):
            self.journal.drop(self.world.connections, key)
            self.journal.drop(self.world.accounts, key)

    def _change(self, account: str, **fields: Any) -> None:
        for key in self._mine(account):
            held = held_of(self.world, key)
            changed = replace(held, connection=replace(held.connection, **fields))
            self.journal.put(self.world.connections, key, changed)

    def _mine(self, account: str | None = None) -> list[Key]:
        return sorted(
            key
            for key, known in self.world.accounts.items()
            if known.merchant_id == self.merchant_id and account in (None, key[0])
        )

    def _heard_at(self, key: Key) -> datetime | None:
        heard = (
            held.received_at
            for held in self.world.inbox.values()
            if (held.ref.merchant_id, held.ref.account) == (self.merchant_id, key[0])
            and held.event.livemode == key[1]
        )
        return max(heard, default=None)


class MemoryCredentials:
    """The key of any account; `livemode` is the installation's mode, None if it takes both."""

    def __init__(self, world: MemoryWorld, livemode: bool | None = None) -> None:
        self._world = world
        self._livemode = livemode

    async def of(self, account: str) -> Credential:
        """Raises NoCredential."""
        for key, known in sorted(self._world.accounts.items()):
            if key[0] == account and self._livemode in (None, key[1]):
                held = held_of(self._world, key)
                agreed = held.connection.access is not Access.KEY
                return Credential(
                    key=held.key,
                    names_account=agreed and not known.own,
                    merchant_id=known.merchant_id,
                    refused=held.connection.refused_at is not None,
                )
        raise NoCredential(f"{account} is not connected")

    def forget(self, account: str) -> None:
        """Nothing is remembered here."""


class MemoryEndpoints:
    """Webhook endpoints by the id in their address."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def find(self, endpoint_id: str) -> EndpointOwner | None:
        for held in self._world.connections.values():
            it = held.connection
            if it.endpoint_id == endpoint_id:
                return EndpointOwner(
                    merchant_id=it.merchant_id,
                    account=it.account,
                    livemode=it.livemode,
                    secrets=held.secrets,
                )
        return None


class MemoryAgreements:
    """Agreements that are under way; `clock` says which have expired."""

    def __init__(self, world: MemoryWorld, clock: Callable[[], datetime]) -> None:
        self._world = world
        self._clock = clock

    async def begin(self, state_hash: bytes, pending: PendingAgreement) -> None:
        for each in list(self._expired()):
            del self._world.agreements[each]
        self._world.agreements[state_hash] = pending

    async def take(self, state_hash: bytes) -> PendingAgreement | None:
        pending = self._world.agreements.pop(state_hash, None)
        return pending if pending and pending.expires_at > self._clock() else None

    def _expired(self) -> Iterator[bytes]:
        now = self._clock()
        return (key for key, each in self._world.agreements.items() if each.expires_at <= now)


def held_of(world: MemoryWorld, key: Key) -> HeldConnection:
    """An account that was only registered is called by the installation's own key."""
    known = world.accounts[key]
    registered = Connection(
        merchant_id=known.merchant_id,
        account=known.account,
        livemode=known.livemode,
        access=Access.INSTALLATION,
    )
    return world.connections.get(key, HeldConnection(connection=registered))


def _held(
    new: NewConnection, merchant_id: Any, at: datetime, began: datetime | None
) -> HeldConnection:
    endpoint = new.endpoint
    connection = Connection(
        merchant_id=merchant_id,
        account=new.holder.account,
        livemode=new.holder.livemode,
        access=new.access,
        name=new.holder.name,
        country=new.holder.country,
        connected_at=began,
        checked_at=at,
        missing=new.missing,
        endpoint_id=endpoint.endpoint_id if endpoint else None,
        endpoint_by_hand=endpoint is not None and endpoint.stripe_id is None,
        endpoint_stripe_id=endpoint.stripe_id if endpoint else None,
    )
    return HeldConnection(
        connection=connection, key=new.key, secrets=endpoint.secrets if endpoint else ()
    )
