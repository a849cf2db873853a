"""The ground that every process stands on, and the way to Stripe."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Final

import structlog

from adapters.email.brief import BriefTexts
from adapters.holidays import public_holidays
from adapters.phones import read_mobile
from adapters.postgres.clock import DatabaseTime
from adapters.postgres.connections import PostgresCredentials
from adapters.postgres.link_hosts import PostgresLinkHosts
from adapters.postgres.pools import Pools, open_pools
from adapters.postgres.registry import PostgresRegistry
from adapters.postgres.unit_of_work import units_of_work
from adapters.secrets.box import SecretBox
from adapters.sms.twilio import Access, TwilioTexter
from adapters.stripe.client import StripeAccess, StripeConnection
from adapters.stripe.pace import RateLimits
from adapters.stripe.payments import StripePayments
from adapters.stripe.records import SHARE, StripeListings
from adapters.stripe.renewals import StripeRenewals
from application.change_case import Cases
from application.customer_links import CustomerLinks
from application.ports.stripe_accounts import Credential
from application.ports.unit_of_work import OpenUnitOfWork
from application.texting import Texting
from application.use_cases.note_refused_key import NoteRefusedKey
from domain.decline import is_known
from domain.recovery.events import AttemptDeclined, ChargeDeclined, Event
from wiring.clock import clock_of
from wiring.metrics import Metrics
from wiring.settings import STRIPE_API, Settings

CLOCK_MAY_DIFFER_S: Final = 5.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every process stands on: Postgres, the clock (Postgres' own), counting."""

    settings: Settings
    clock: Callable[[], datetime]
    wall_time: Callable[[], float]  # unix seconds of the real world, in rehearsal too
    metrics: Metrics
    pools: Pools
    registry: PostgresRegistry
    open_uow: OpenUnitOfWork
    cases: Cases


@asynccontextmanager
async def ground(settings: Settings, *, app_connections: int = 10) -> AsyncIterator[Ground]:
    """Opened on the loop that uses it."""
    metrics = Metrics()
    wall = DatabaseTime(told=clock_watched(metrics))
    async with open_pools(settings.database_url, app_size=app_connections, wall=wall) as pools:
        clock = clock_of(settings, wall.time)
        open_uow = units_of_work(pools.app, box_of(settings), wall)
        yield Ground(
            settings=settings,
            clock=clock,
            wall_time=wall.time,
            metrics=metrics,
            pools=pools,
            registry=PostgresRegistry(pools.system, clock),
            open_uow=open_uow,
            cases=Cases(
                open_uow=open_uow,
                clock=clock,
                happened=unknown_codes_told(metrics),
                holidays=public_holidays,
            ),
        )


def box_of(settings: Settings) -> SecretBox:
    """What merchants entrust to us is sealed in it; without secret keys it opens nothing."""
    return SecretBox(settings.secret_keys)


def links_of(here: Ground) -> CustomerLinks:
    """Where customers' links begin."""
    return CustomerLinks(here.settings.base_url, PostgresLinkHosts(here.pools.system))


def stripe_base(settings: Settings) -> str | None:
    """What stands in for Stripe's addresses; None for Stripe's own."""
    return None if settings.stripe_api_base == STRIPE_API else settings.stripe_api_base


def payments_of(here: Ground) -> tuple[StripePayments, StripeConnection]:
    """The way to Stripe, and what to close at the end; nothing is loaded before the first call."""
    settings = here.settings
    note = NoteRefusedKey(open_uow=here.open_uow, clock=here.clock)

    async def tell_refused(account: str, credential: Credential, refused: bool) -> None:
        if credential.merchant_id is not None:
            await note(credential.merchant_id, account, refused=refused)

    connection = StripeConnection(
        StripeAccess(
            api_key=settings.stripe_api_key,
            base=stripe_base(settings),
            limits=rate_limits(settings),
            charge_timeout_s=settings.stripe_timeout_s,
        ),
        here.metrics.stripe_call,
        PostgresCredentials(here.pools.system, box_of(settings), settings.livemode),
        tell_refused,
    )
    return StripePayments(connection), connection


def listings_of(here: Ground, connection: StripeConnection) -> StripeListings:
    """Lists over the same connection, at half of what an account may be asked."""
    return StripeListings(connection, here.settings.stripe_calls_per_s)


def renewals_of(here: Ground, connection: StripeConnection) -> StripeRenewals:
    """The same, of subscriptions."""
    return StripeRenewals(connection, here.settings.stripe_calls_per_s * SHARE)


def rate_limits(settings: Settings) -> RateLimits:
    """Stripe bounds each endpoint as well; a Stripe on this machine has no such bound."""
    per_second = settings.stripe_calls_per_s
    endpoint = RateLimits(account_per_s=per_second).endpoint_per_s
    if settings.stripe_api_base == STRIPE_API:
        return RateLimits(account_per_s=per_second, endpoint_per_s=min(per_second, endpoint))
    return RateLimits(account_per_s=per_second, endpoint_per_s=per_second)


def clock_watched(metrics: Metrics) -> Callable[[float], None]:
    """Measures how far the machine's clock is from the database's; warns when it begins to matter
    to whoever reads logs. Decisions do not depend on it."""
    differs = False

    def told(off_s: float) -> None:
        nonlocal differs
        metrics.clock_off(off_s)
        before, differs = differs, abs(off_s) > CLOCK_MAY_DIFFER_S
        if differs and not before:
            _log.warning("clock_differs", seconds=round(off_s, 3))

    return told


def unknown_codes_told(metrics: Metrics) -> Callable[[tuple[Event, ...]], None]:
    """Counts and names what no table of ours holds, where a decline has been recorded."""

    def happened(events: tuple[Event, ...]) -> None:
        for event in events:
            match event:
                case ChargeDeclined() | AttemptDeclined() if not is_known(event.failure.decline):
                    said = event.failure.decline
                    metrics.unknown_decline_code()
                    _log.warning(
                        "unknown_decline_code",
                        code=said.code,
                        decline_code=said.decline_code,
                        family=event.family.value,
                    )

    return happened


def texting_of(here: Ground) -> tuple[Texting, TwilioTexter] | None:
    """The way to the carrier of texts, and what to close at the end; None without one."""
    settings = here.settings
    if not settings.texts:
        return None
    access = Access(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token[0],
        sender=settings.twilio_from,
        base=settings.twilio_api_base,
    )
    texter = TwilioTexter(access, here.metrics.text)
    texting = Texting(
        texter=texter,
        renderer=BriefTexts(),
        read_mobile=read_mobile,
        base_url=settings.base_url,
    )
    return texting, texter


def new_token() -> str:
    """256 bits for a link, safe in a URL."""
    return secrets.token_urlsafe(32)


def mail_domain(settings: Settings) -> str:
    """The domain of the sender's address: message ids are made in it."""
    return parseaddr(settings.mail_from)[1].rpartition("@")[2]
