"""FinishAgreement: a merchant comes back from Stripe, and their account is connected.

First everything that Stripe is asked, then one transaction. Who is refused after having agreed has
their agreement given back, so that nothing dangles, unless somebody lives by it already.
"""

import contextlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from application.account_tasks import account_left
from application.connecting import BEGUN, OpenConnectingWork, digest
from application.errors import Unavailable
from application.ports.agreeing import Agreed, Agreeing, NotAgreed
from application.ports.stores import AuditEntry
from application.ports.stripe_accounts import (
    Access,
    AccountTaken,
    Agreements,
    Connection,
    Credential,
    Credentials,
    Holder,
    KeyCheck,
    NewConnection,
    NoCredential,
)

NEEDED_SCOPE: Final = "read_write"


class Answer(Struct, frozen=True, kw_only=True):
    """What Stripe put into the address; what is not there is empty."""

    state: str = ""
    code: str = ""
    error: str = ""

    def __repr__(self) -> str:
        """Nothing secret gets into a log by way of a traceback."""
        return "Answer(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishAgreement:
    """Doing it again renews: nothing is doubled. `check` removes an endpoint that was made with a
    key of before: events of an agreed account come to the platform's own endpoint."""

    oauth: Agreeing
    agreements: Agreements
    credentials: Credentials
    check: KeyCheck
    open_uow: OpenConnectingWork
    clock: Callable[[], datetime]
    livemode: bool

    async def __call__(self, merchant_id: UUID, session: str, answer: Answer, actor: str) -> Holder:
        """Raises NotAgreed, AccountTaken, StripeUnavailable."""
        await self._let_in(merchant_id, session, answer.state)
        if answer.error or not answer.code:
            denied = answer.error == "access_denied"
            raise NotAgreed("agreement_denied" if denied else "agreement_refused")
        agreed = await self.oauth.exchange(answer.code)
        credential = await self._credential(agreed.account)
        try:
            holder = await self._fit(agreed)
            before = await self._keep(merchant_id, holder, actor)
        except (NotAgreed, AccountTaken):
            await self._give_back(agreed.account)
            raise
        await self._drop_endpoint(before, credential)
        return holder

    async def _let_in(self, merchant_id: UUID, session: str, state: str) -> None:
        """Whatever is wrong, the state is used up, and all that is said is that it is no good."""
        pending = await self.agreements.take(digest("state", state))
        mine = digest("session", session)
        if (
            pending is None
            or pending.merchant_id != merchant_id
            or pending.livemode != self.livemode
            or not hmac.compare_digest(pending.session_hash, mine)
        ):
            raise NotAgreed("agreement_stale")

    async def _credential(self, account: str) -> Credential | None:
        """By what the account is called so far, by whomever: without a key of its own it is by an
        agreement, which is one for the whole platform."""
        try:
            return await self.credentials.of(account)
        except NoCredential:
            return None

    async def _give_back(self, account: str) -> None:
        """Without Stripe it stays: nobody uses it, and the next try renews it."""
        credential = await self._credential(account)
        if credential is None or credential.key is not None:
            with contextlib.suppress(Unavailable):
                await self.oauth.deauthorize(account)

    async def _fit(self, agreed: Agreed) -> Holder:
        if agreed.scope != NEEDED_SCOPE:
            raise NotAgreed("agreement_read_only")
        if agreed.livemode != self.livemode:
            raise NotAgreed("agreement_wrong_mode")
        return await self.oauth.holder(agreed)

    async def _keep(self, merchant_id: UUID, holder: Holder, actor: str) -> Connection | None:
        """The connection as it was before."""
        now, account = self.clock(), holder.account
        async with self.open_uow(merchant_id) as uow:
            known = {(each.account, each.livemode): each for each in await uow.connections.all()}
            before = known.get((account, holder.livemode))
            await uow.connections.put(NewConnection(holder=holder, access=Access.CONNECT), now)
            await uow.audit.add(
                AuditEntry(
                    at=now,
                    actor=actor,
                    action="connect_by_agreement",
                    subject=f"account:{account}",
                    before={"access": before.access} if before else {},
                    after={"access": Access.CONNECT},
                )
            )
            await account_left(uow, account, actor, now)  # whatever its own key could not do
            for kind in BEGUN:
                await uow.chores.put(account, kind, now)
        return before

    async def _drop_endpoint(
        self, before: Connection | None, credential: Credential | None
    ) -> None:
        if before is None or credential is None or credential.key is None:
            return
        if before.endpoint_stripe_id is not None:
            await self.check.drop_endpoint(credential.key, before.endpoint_stripe_id)
