"""BeginAgreement: a merchant is sent to Stripe, to agree that we act for their account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from application.connecting import digest
from application.ports.agreeing import Agreeing
from application.ports.stripe_accounts import Agreements, PendingAgreement

LASTS: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginAgreement:
    """What Stripe hands back (`state`) is good once, for a while, in the browser that began, and
    for the merchant whose it was. Only its hash is kept.

    `new_state` gives 256 bits that nobody can guess; `redirect_uri` is where Stripe sends people
    back to, and is registered there; `livemode` is the mode of this installation.
    """

    oauth: Agreeing
    agreements: Agreements
    clock: Callable[[], datetime]
    new_state: Callable[[], str]
    redirect_uri: str
    livemode: bool

    async def __call__(self, merchant_id: UUID, session: str) -> str:
        """Where to send the browser."""
        state = self.new_state()
        pending = PendingAgreement(
            merchant_id=merchant_id,
            session_hash=digest("session", session),
            livemode=self.livemode,
            expires_at=self.clock() + LASTS,
        )
        await self.agreements.begin(digest("state", state), pending)
        return await self.oauth.authorize_url(state, self.redirect_uri)
