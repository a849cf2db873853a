"""ConnectWithKey: a merchant pastes a key, and from then on their account is watched.

First everything that Stripe is asked, then one transaction. The key goes into the store alone: no
audit row, no error and no log line has it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from application.account_tasks import follow_key, follow_permissions
from application.connecting import BEGUN, OpenConnectingWork
from application.ports.chores import ChoreKind
from application.ports.stores import AuditEntry
from application.ports.stripe_accounts import (
    Access,
    AccountTaken,
    Connection,
    Endpoint,
    Holder,
    KeyCheck,
    NewConnection,
    Permission,
    WrongKey,
)

SIGNING_SECRET: Final = "whsec_"  # noqa: S105 - how they all begin
LOOKED_AT_AGAIN_AFTER: Final = timedelta(days=7)


class Pasted(Struct, frozen=True, kw_only=True):
    """What a person gave: a key, and the signing secret of an endpoint that they made by hand."""

    key: str
    secret: str | None = None

    def __repr__(self) -> str:
        """Nothing secret gets into a log by way of a traceback."""
        return "Pasted(…)"


class Connected(Struct, frozen=True, kw_only=True):
    """Whose account it is, what its key lacks, and whether we hear of its events."""

    holder: Holder
    missing: tuple[Permission, ...]
    hears: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectWithKey:
    """Doing it again renews: key, permissions and endpoint are replaced, none is doubled.

    `address` gives the public address of an endpoint by its id; `new_endpoint_id` an id that nobody
    can guess; `livemode` is the mode of this installation, None if it takes both.
    """

    check: KeyCheck
    open_uow: OpenConnectingWork
    clock: Callable[[], datetime]
    new_endpoint_id: Callable[[], str]
    address: Callable[[str], str]
    livemode: bool | None = None

    async def __call__(self, merchant_id: UUID, pasted: Pasted, actor: str) -> Connected:
        """Raises WrongKey, AccountTaken, StripeUnavailable."""
        key, secret = pasted.key.strip(), (pasted.secret or "").strip()
        if secret and not secret.startswith(SIGNING_SECRET):
            raise WrongKey("not_a_secret")
        holder = await self.check.holder(key)
        if self.livemode not in (None, holder.livemode):
            raise WrongKey("wrong_mode")
        missing = await self.check.missing(key)
        before = await self._known(merchant_id, holder)
        endpoint = await self._endpoint(key, secret, before)
        new = NewConnection(
            holder=holder, access=Access.KEY, key=key, missing=missing, endpoint=endpoint
        )
        try:
            await self._keep(merchant_id, new, before, actor)
        except AccountTaken:
            await self._drop(key, endpoint.stripe_id)
            raise
        if before is not None and before.endpoint_stripe_id != endpoint.stripe_id:
            await self._drop(key, before.endpoint_stripe_id)
        return Connected(holder=holder, missing=missing, hears=bool(endpoint.secrets))

    async def _known(self, merchant_id: UUID, holder: Holder) -> Connection | None:
        async with self.open_uow(merchant_id) as uow:
            for each in await uow.connections.all():
                if (each.account, each.livemode) == (holder.account, holder.livemode):
                    return each
        return None

    async def _endpoint(self, key: str, secret: str, before: Connection | None) -> Endpoint:
        """A new one, since Stripe shows a secret only once; without the permission the address of
        the one by hand stays as it is, so that what the merchant entered goes on working."""
        by_hand = before.endpoint_id if before and before.endpoint_by_hand else None
        fresh = self.new_endpoint_id()
        made = await self.check.make_endpoint(key, self.address(fresh), None)
        if made is not None:
            return Endpoint(endpoint_id=fresh, stripe_id=made[0], secrets=(made[1],))
        return Endpoint(endpoint_id=by_hand or fresh, secrets=(secret,) if secret else ())

    async def _keep(
        self, merchant_id: UUID, new: NewConnection, before: Connection | None, actor: str
    ) -> None:
        now, account = self.clock(), new.holder.account
        async with self.open_uow(merchant_id) as uow:
            await uow.connections.put(new, now)
            await uow.audit.add(
                AuditEntry(
                    at=now,
                    actor=actor,
                    action="connect_with_key",
                    subject=f"account:{account}",
                    before=_told(before.missing if before else None),
                    after=_told(new.missing),
                )
            )
            missing = (before.missing if before else (), new.missing)
            await follow_permissions(uow, account, missing, actor, now)
            await follow_key(uow, account, refused=False, actor=actor, at=now)
            for kind in BEGUN:
                await uow.chores.put(account, kind, now)
            await uow.chores.put(account, ChoreKind.PREFLIGHT, now + LOOKED_AT_AGAIN_AFTER)

    async def _drop(self, key: str, stripe_id: str | None) -> None:
        if stripe_id is not None:
            await self.check.drop_endpoint(key, stripe_id)


def _told(missing: tuple[Permission, ...] | None) -> dict[str, str | int | None]:
    return {} if missing is None else {"access": Access.KEY, "missing": " ".join(missing)}
