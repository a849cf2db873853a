"""What an operator does from the command line: migrate, look, replay, back up, restore."""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec

from adapters.postgres.dead_rows import DeadRows
from adapters.postgres.migrate import MigrationFailed, migrate
from adapters.postgres.registration import AccountTaken, PostgresRegistration
from adapters.secrets.passwords import Argon2Passwords
from application.errors import NotFound, Unavailable
from application.use_cases.register_merchant import RegisterMerchant, Wish
from application.use_cases.share_lessons import ShareLessons
from wiring.backup import backup
from wiring.composition import Ground, ground
from wiring.postgres_tools import BackupFailed
from wiring.restore import restore as restore_dump
from wiring.retention import Keep
from wiring.settings import Settings
from wiring.standing import standing_of
from wiring.starting import refusals_told

OK, FAILED = 0, 1
TAKEN = "{} belongs to another merchant, or the API key's own account is another"
REPLAYED = {"events": ("event",), "actions": ("action",), "all": ("event", "action")}


async def bring_up_to_date(settings: Settings) -> int:
    """`chargechase migrate`."""
    try:
        await migrate(settings.owner_database_url)
    except (MigrationFailed, OSError) as error:
        print(f"chargechase: the tables could not be brought up to date: {error}", file=sys.stderr)
        return FAILED
    print("The tables are up to date.")
    return OK


@asynccontextmanager
async def desk(settings: Settings) -> AsyncIterator[Ground]:
    """What a command stands on; says in one line what the database refuses."""
    with refusals_told():
        async with ground(settings, app_connections=1) as here:
            yield here


async def standing(settings: Settings) -> dict[str, Any]:
    """`chargechase status`: counts over all merchants."""
    async with desk(settings) as here:
        now = await standing_of(here)()
    return {
        "cases": {
            "open": now.open,
            "recovered": now.recovered,
            "lost": now.lost,
            "stopped": now.stopped,
        },
        "inbox": {"waiting": now.events_waiting, "lag_s": round(now.events_lag_s, 3)},
        "actions": {"due": now.actions_due, "lag_s": round(now.actions_lag_s, 3)},
        "chores": {
            "due": now.chores_due,
            "failing": now.chores_failing,
            "reconciled_lag_s": round(now.reconciled_lag_s, 3),
        },
        "mail": {
            "last_hour": now.mail_went,
            "dead": now.mail_dead,
            "complained": now.mail_complained,
            "stopped": now.mail_stopped,
            "merchants_stopped": now.mail_merchants_stopped,
        },
        "dead": now.dead,
        "open_without_next_action": now.open_without_next_action,
    }


async def replay(settings: Settings, what: str) -> int:
    """`chargechase admin replay`: dead rows get their tries back."""
    async with desk(settings) as here:
        for kind in REPLAYED[what]:
            count = await DeadRows(here.pools.system).replay(kind, None)
            print(f"{count} {kind}{'s' if count != 1 else ''} will be tried again.")
    return OK


async def dead_rows(settings: Settings, *, as_json: bool) -> int:
    """`chargechase admin dead`: what failed too often, and why."""
    async with desk(settings) as here:
        rows = await DeadRows(here.pools.system).show()
    if as_json:
        print(json.dumps(msgspec.to_builtins(rows)))
    for row in () if as_json else rows:
        print(f"{row.dead_at:%Y-%m-%d %H:%M} {row.kind:7} {row.id}  {row.error}")
    return OK


async def add_merchant(settings: Settings, options: argparse.Namespace, password: str) -> int:
    """`chargechase admin add-merchant`: for an installation that nobody has signed in to yet."""
    async with desk(settings) as here:
        register = RegisterMerchant(
            registration=PostgresRegistration(here.pools.app, here.clock),
            passwords=Argon2Passwords(),
        )
        wish = Wish(
            name=options.name,
            timezone=options.timezone,
            email=options.email,
            password=password,
            account=options.account,
            livemode=options.live,
            shares_lessons=options.shares_lessons,
        )
        try:
            await register(wish)
        except AccountTaken:
            print(f"chargechase: {TAKEN.format(options.account)}", file=sys.stderr)
            return FAILED
    print(f"{options.name} is ready; {options.email} may sign in.")
    return OK


async def share_lessons(settings: Settings, merchant_id: UUID, *, shares: bool) -> int:
    """`chargechase admin share-lessons`: what a merchant has agreed to."""
    async with desk(settings) as here:
        share = ShareLessons(open_uow=here.open_uow, registry=here.registry, clock=here.clock)
        try:
            await share(merchant_id, shares=shares, actor="operator")
        except NotFound:
            print(f"chargechase: there is no merchant {merchant_id}", file=sys.stderr)
            return FAILED
    print("Its counts help others from now on." if shares else "Its counts stay its own.")
    return OK


def back_up(settings: Settings, options: argparse.Namespace) -> int:
    """`chargechase backup`."""
    keep = Keep(days=options.keep_days, weeks=options.keep_weeks, months=options.keep_months)
    try:
        made = asyncio.run(backup(settings, options.folder, keep))
    except (BackupFailed, Unavailable, OSError) as error:
        print(f"chargechase: no backup was made: {error}", file=sys.stderr)
        return FAILED
    print(f"{made.file}  {made.manifest.size_bytes} bytes  sha256 {made.manifest.sha256}")
    for old in made.dropped:
        print(f"let go: {old}")
    return OK


def restore(options: argparse.Namespace) -> int:
    """`chargechase restore`: says whether all that was in the dump came back."""
    try:
        restored = asyncio.run(restore_dump(options.file, options.into, replace=options.replace))
    except (BackupFailed, OSError) as error:
        print(f"chargechase: not restored: {error}", file=sys.stderr)
        return FAILED
    if restored.differences:
        print("\n".join(restored.differences), file=sys.stderr)
        return FAILED
    print(f"All {len(restored.manifest.tables)} tables came back as they were.")
    return OK
