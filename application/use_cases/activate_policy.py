"""ActivatePolicy: from now on new cases are opened with this policy."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from application.ports.unit_of_work import OpenUnitOfWork
from domain.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivatePolicy:
    """Makes a new version, with its audit row; running cases keep theirs."""

    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]

    async def __call__(self, merchant_id: UUID, policy: Policy, actor: str) -> int:
        """The version that is in force now: the old one if the new would say the same.

        Raises NotFound for an unknown merchant, ConcurrentWrite if somebody else activates one at
        this very moment.
        """
        async with self.open_uow(merchant_id) as uow:
            active = await uow.policies.active()
            if replace(policy, version=active.version) == active:
                return active.version
            return await uow.policies.activate(policy, actor, self.clock())
