"""The policy in force, out of the database and into it, for the command line."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from adapters.policy_files import to_toml
from application.errors import NotFound
from application.ports.stores import ConcurrentWrite
from application.use_cases.activate_policy import ActivatePolicy
from domain.policy import Policy
from wiring.composition import Ground, ground
from wiring.settings import Settings
from wiring.starting import refusals_told

OK, FAILED, MISUSED = 0, 1, 2
ACTOR: Final = "operator"


async def export_policy(settings: Settings, merchant_id: UUID | None) -> int:
    """`chargechase policy export`."""
    async with _desk(settings) as here:
        whose = merchant_id or await only_merchant(here)
        if whose is None:
            return MISUSED
        try:
            async with here.open_uow(whose) as uow:
                active = await uow.policies.active()
        except NotFound:
            return _told(f"there is no merchant {whose}")
    print(to_toml(active), end="")
    return OK


async def import_policy(settings: Settings, merchant_id: UUID | None, policy: Policy) -> int:
    """`chargechase policy import`."""
    async with _desk(settings) as here:
        whose = merchant_id or await only_merchant(here)
        if whose is None:
            return MISUSED
        try:
            activate = ActivatePolicy(open_uow=here.open_uow, clock=here.clock)
            version = await activate(whose, policy, ACTOR)
        except NotFound:
            return _told(f"there is no merchant {whose}")
        except ConcurrentWrite:
            return _told("somebody else has just put a policy in force; look at it and try again")
    print(f'"{policy.name}" is in force as version {version}.')
    return OK


@asynccontextmanager
async def _desk(settings: Settings) -> AsyncIterator[Ground]:
    with refusals_told():
        async with ground(settings, app_connections=1) as here:
            yield here


async def only_merchant(here: Ground) -> UUID | None:
    """The installation's one merchant; None, once that is told, if it has none or several."""
    found = sorted({account.merchant_id for account in await here.registry.accounts()})
    if len(found) == 1:
        return found[0]
    names = ", ".join(map(str, found)) or "nobody yet"
    print(f"chargechase: name the merchant with --merchant: {names}", file=sys.stderr)
    return None


def _told(fault: str) -> int:
    print(f"chargechase: {fault}", file=sys.stderr)
    return FAILED
