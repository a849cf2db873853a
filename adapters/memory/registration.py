"""Making a merchant known, in memory."""

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from adapters.memory.world import MemoryWorld
from application.ports.accounts import UserRecord
from application.ports.registration import NewMerchant
from application.ports.registry import ConnectedAccount, MerchantProfile
from application.ports.stores import AuditEntry
from domain.access import Role


class AccountTaken(Exception):
    """Another merchant has connected this Stripe account, or holds the installation's own."""


class MemoryRegistration:
    """Profile, account, policy and first person; nothing at all if the account is taken."""

    def __init__(self, world: MemoryWorld, clock: Callable[[], datetime]) -> None:
        self._world = world
        self._clock = clock

    async def register(self, new: NewMerchant) -> None:
        """Raises AccountTaken."""
        self._connect(new)
        profile = MerchantProfile(
            merchant_id=new.merchant_id,
            name=new.name,
            timezone=new.timezone,
            reply_to=new.reply_to,
        )
        self._world.sharing.setdefault(new.merchant_id, new.shares_lessons)
        self._world.merchants.setdefault(new.merchant_id, profile)
        self._world.policies.setdefault((new.merchant_id, new.policy.version), new.policy)
        self._add_person(new)
        self._world.roles.setdefault((new.merchant_id, new.user_id), Role.OWNER)
        self._world.hearers.setdefault((new.merchant_id, new.user_id), True)
        self._world.audit[new.merchant_id, len(self._world.audit)] = AuditEntry(
            at=self._clock(),
            actor="operator",
            action="register_merchant",
            subject=f"merchant:{new.merchant_id}",
            before={},
            after={"account": new.account, "policy_version": new.policy.version},
        )

    def _connect(self, new: NewMerchant) -> None:
        for known in self._world.accounts.values():
            same = (known.account, known.livemode) == (new.account, new.livemode)
            both_own = known.own and new.own and known.livemode == new.livemode
            if same and known.merchant_id == new.merchant_id:
                return
            if same or both_own:
                raise AccountTaken(new.account)
        self._world.accounts[new.account, new.livemode] = ConnectedAccount(
            merchant_id=new.merchant_id, account=new.account, livemode=new.livemode, own=new.own
        )

    def _add_person(self, new: NewMerchant) -> None:
        email = new.email.lower()
        person = UserRecord(user_id=new.user_id, email=email, password_hash=new.password_hash)
        known = self._world.users.get(email, person)
        self._world.users[email] = replace(known, password_hash=new.password_hash)
