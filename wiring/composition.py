"""The ground that every process stands on, and the way to Stripe."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from adapters.postgres.pools import Pools, open_pools
from adapters.postgres.registry import PostgresRegistry
from adapters.postgres.unit_of_work import units_of_work
from adapters.stripe.client import StripeAccess, StripeConnection
from adapters.stripe.pace import RateLimits
from adapters.stripe.payments import StripePayments
from application.change_case import Cases
from application.ports.unit_of_work import OpenUnitOfWork
from wiring.clock import clock_of
from wiring.metrics import Metrics
from wiring.settings import STRIPE_API, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every process stands on: Postgres, the clock, counting."""

    settings: Settings
    clock: Callable[[], datetime]
    metrics: Metrics
    pools: Pools
    registry: PostgresRegistry
    open_uow: OpenUnitOfWork
    cases: Cases


@asynccontextmanager
async def ground(settings: Settings, *, app_connections: int = 10) -> AsyncIterator[Ground]:
    """Opened on the loop that uses it."""
    async with open_pools(settings.database_url, app_size=app_connections) as pools:
        clock, open_uow = clock_of(settings), units_of_work(pools.app)
        yield Ground(
            settings=settings,
            clock=clock,
            metrics=Metrics(),
            pools=pools,
            registry=PostgresRegistry(pools.system, clock),
            open_uow=open_uow,
            cases=Cases(open_uow=open_uow, clock=clock),
        )


def payments_of(here: Ground, own: str | None) -> tuple[StripePayments, StripeConnection]:
    """The way to Stripe, and what to close at the end; nothing is loaded before the first call."""
    settings = here.settings
    per_second = settings.stripe_calls_per_s
    connection = StripeConnection(
        StripeAccess(
            api_key=settings.stripe_api_key,
            own_account=own,
            base=None if settings.stripe_api_base == STRIPE_API else settings.stripe_api_base,
            limits=RateLimits(account_per_s=per_second, endpoint_per_s=per_second),
            charge_timeout_s=settings.stripe_timeout_s,
        ),
        here.metrics.stripe_call,
    )
    return StripePayments(connection), connection


async def own_account(here: Ground) -> str | None:
    """The account that the installation's API key belongs to, once a merchant connected it."""
    for account in await here.registry.accounts():
        if account.own and account.livemode == here.settings.livemode:
            return account.account
    return None


def new_token() -> str:
    """256 bits for a link, safe in a URL."""
    return secrets.token_urlsafe(32)


def mail_domain(settings: Settings) -> str:
    """The domain of the sender's address: message ids are made in it."""
    return parseaddr(settings.mail_from)[1].rpartition("@")[2]
