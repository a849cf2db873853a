"""What the merchants' own apps and programs are answered with: put together for the web process."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypedDict
from uuid import UUID

from adapters.postgres.api_keys import PostgresKeyHolders
from adapters.postgres.debts import PostgresDebts
from adapters.postgres.in_app import PostgresSigners
from adapters.secrets.signed_links import SignedLinks
from application.entitlements import Answer, Entitlements
from application.ports.api_keys import SECRET_BYTES
from application.use_cases.keep_api_keys import KeepApiKeys
from application.use_cases.set_up_in_app import SetUpInApp
from application.use_cases.show_in_app import Question, ShowInApp, Shown
from wiring.composition import Ground, box_of, new_token


class InAppParts(TypedDict):
    """Those of the web's parts that this is about."""

    key_holders: PostgresKeyHolders
    entitlement: Callable[[UUID, str], Awaitable[Answer]]
    show_in_app: Callable[[Question], Awaitable[Shown]]
    api_keys: KeepApiKeys
    set_up_in_app: SetUpInApp
    signed_links: SignedLinks


def in_app_parts(here: Ground) -> InAppParts:
    """Keys and signatures live in the real world, debts in that of the cases."""
    settings, pools = here.settings, here.pools
    signers = PostgresSigners(pools.system, box_of(settings))
    links = SignedLinks(settings.secret_keys)
    entitlement = Entitlements(debts=PostgresDebts(pools.app, here.clock), links=links)

    def wall() -> datetime:
        return datetime.fromtimestamp(here.wall_time(), UTC)

    return InAppParts(
        key_holders=PostgresKeyHolders(pools.system),
        entitlement=entitlement,
        show_in_app=ShowInApp(signers=signers, entitlement=entitlement, wall=wall),
        api_keys=KeepApiKeys(
            open_uow=here.open_uow,
            clock=here.clock,
            wall=wall,
            new_secret=lambda: secrets.token_bytes(SECRET_BYTES),
            livemode=settings.livemode,
        ),
        set_up_in_app=SetUpInApp(
            open_uow=here.open_uow,
            signers=signers,
            clock=here.clock,
            wall=wall,
            new_secret=new_token,
        ),
        signed_links=links,
    )
