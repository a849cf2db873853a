"""Stripe's Connect in memory: who has agreed, and what each code is good for."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from adapters.memory.world import MemoryWorld
from application.parting import PARTED
from application.ports.agreeing import Agreed, NotAgreed, Parted
from application.ports.payments import StripeUnavailable
from application.ports.stripe_accounts import Holder


class MemoryAgreeing:
    """Agreeing in memory: `codes` says what each brings, `holders` whose account it is."""

    def __init__(self) -> None:
        self.codes: dict[str, Agreed] = {}
        self.holders: dict[str, Holder] = {}
        self.agreed: set[str] = set()  # accounts that the platform reaches
        self.away = False
        self.keeps = False  # away whenever something is to be given back

    async def authorize_url(self, state: str, redirect_uri: str) -> str:
        """An address with both in it."""
        return f"https://connect.example.com/oauth/authorize?state={state}&back={redirect_uri}"

    async def exchange(self, code: str) -> Agreed:
        """Raises NotAgreed, StripeUnavailable."""
        self._reach()
        if code not in self.codes:
            raise NotAgreed("agreement_code")
        agreed = self.codes.pop(code)
        self.agreed.add(agreed.account)
        return agreed

    async def holder(self, agreed: Agreed) -> Holder:
        """Raises NotAgreed, StripeUnavailable."""
        self._reach()
        if agreed.account not in self.agreed:
            raise NotAgreed("agreement_refused")
        known = Holder(account=agreed.account, livemode=agreed.livemode)
        return self.holders.get(agreed.account, known)

    async def deauthorize(self, account: str) -> None:
        """Raises StripeUnavailable."""
        self._reach()
        if self.keeps:
            raise StripeUnavailable("away")
        self.agreed.discard(account)

    def _reach(self) -> None:
        if self.away:
            raise StripeUnavailable("away")


class MemoryPartings:
    """Partings as the audit log tells them."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def in_stripe(self, merchant_id: UUID) -> Sequence[Parted]:
        """The merchant's, the latest first."""
        there = {
            account
            for (account, _), known in self._world.accounts.items()
            if known.merchant_id == merchant_id
        }
        last: dict[str, Parted] = {}
        for (owner, _), entry in sorted(self._world.audit.items()):
            account = entry.subject.removeprefix("account:")
            if owner == merchant_id and entry.action == PARTED and account not in there:
                at = datetime.fromisoformat(str(entry.after["parted_at"]))
                last[account] = Parted(account=account, at=at)
        return sorted(last.values(), key=lambda each: each.at, reverse=True)
