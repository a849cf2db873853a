"""M1: ten thousand letters that are due, through claims, use-case, Postgres and SMTP."""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import asyncpg
from msgspec import Struct
from msgspec.structs import replace

from adapters.postgres.pools import Pools, open_pools
from adapters.postgres.registration import PostgresRegistration
from adapters.postgres.unit_of_work import units_of_work
from adapters.secrets.box import SecretBox
from application.ports.registration import NewMerchant
from bench.installation import ROOT, Installation, free_port, stop
from bench.machine import cpu_seconds
from bench.table import Row
from domain.decline import Decline, DeclineFamily
from domain.invoice import Card, FailedCharge
from domain.policy import Plan, Policy, Step, Template, balanced
from domain.recovery import events as e
from domain.recovery.actions import next_action
from domain.recovery.case import replay

LETTERS, FEW = 10_000, 40
MERCHANTS: Final = 10
CASES_A_COMMIT: Final = 100
START: Final = datetime(2026, 3, 2, 10, tzinfo=UTC)
STUCK_S: Final = 3600.0
LOOK_S: Final = 0.5
CARD: Final = Card(payment_method="pm_1", fingerprint="fp_1", brand="visa", last4="4242")
STATES: Final = "select state, message_id from messages"


class Found(Struct, frozen=True, kw_only=True):
    """What came of it: letters by what Postgres says of them, and what the box has."""

    states: dict[str, int]
    taken: int
    doubled: int
    lost: int  # begun, and not in the box
    sent_and_lost: int  # Postgres says that the server took it, and the box has it not


def measure(here: Installation, *, quick: bool = False) -> list[Row]:
    """Row M1."""
    count = FEW if quick else LETTERS
    asyncio.run(seed(here.postgres.url(), count))
    notes = here.folder / "letters.txt"
    port = free_port()
    with letter_box(port, notes):
        used, began = here.postgres_cpu_s(), time.monotonic()
        worker = letter_worker(here.postgres.url(), port, time.time(), speed=1.0)
        worker_s = _cpu_until_it_ends(worker)
        seconds, used = time.monotonic() - began, here.postgres_cpu_s() - used
    found = asyncio.run(judged(here.owner_url, notes))
    each_ms = (worker_s + used) / count * 1e3
    return [
        Row(
            name="M1",
            work=f"{count:,} due letters handed to a mail server",
            goal="0 doubled, lost",
            figure=f"{each_ms:.1f} ms CPU",
            met=found.doubled == 0 and found.lost == 0 and found.taken == count,
            bound=(
                f"One worker, {count / seconds:.0f} letters/s: {worker_s / count * 1e3:.1f} ms of "
                f"CPU are its own (the letter's words and HTML, the decision), Postgres' are "
                f"{used / count * 1e3:.1f} (four commits). "
                f"{found.taken:,} arrived, {found.doubled} twice."
            ),
            readings={"seconds": seconds, "worker_cpu_s": worker_s, "found": found},
        )
    ]


async def seed(database_url: str, count: int) -> None:
    """So many open cases, each with one letter that is due now."""
    async with open_pools(database_url) as pools:
        shops = [await _shop(pools) for _ in range(MERCHANTS)]
        for first in range(0, count, CASES_A_COMMIT):
            last = min(first + CASES_A_COMMIT, count)
            await _open(pools, shops[first // CASES_A_COMMIT % MERCHANTS], range(first, last))


async def _shop(pools: Pools) -> tuple[UUID, str]:
    merchant_id, user_id = uuid4(), uuid4()
    account = f"acct_{merchant_id.hex}"
    registration = PostgresRegistration(pools.app, lambda: START)
    await registration.register(
        NewMerchant(
            merchant_id=merchant_id,
            name="Backhaus Lindner",
            timezone="Europe/Berlin",
            reply_to="hello@backhaus.example",
            user_id=user_id,
            email=f"{user_id.hex}@backhaus.example",
            password_hash="-",
            account=account,
            livemode=False,
            own=False,
            policy=policy(),
        )
    )
    return merchant_id, account


def policy() -> Policy:
    """One letter a case, at any hour."""
    once = Plan(campaign=(Step(template=Template.PAYMENT_FAILED, after=timedelta(minutes=30)),))
    usual = balanced("Europe/Berlin")
    return replace(
        usual,
        plans={**usual.plans, DeclineFamily.FUNDS: once},
        segments=(),
        arms=(),
        first_mail_hour=0,
        last_mail_hour=24,
        window=timedelta(days=60),
    )


async def _open(pools: Pools, shop: tuple[UUID, str], numbers: range) -> None:
    merchant_id, account = shop
    async with units_of_work(pools.app, SecretBox(()))(merchant_id) as uow:
        for number in numbers:
            history = _history(account, number)
            case_id = uuid4()
            await uow.cases.append(case_id, 0, history, replay(history))
            await uow.actions.put(case_id, next_action(replay(history)))


def _history(account: str, number: int) -> tuple[e.Event, ...]:
    opened_at = START - timedelta(hours=1)
    failure = FailedCharge(
        charge_id=f"ch_{number}",
        at=opened_at,
        amount_minor=29_00,
        decline=Decline(code="card_declined", decline_code="insufficient_funds"),
        card=replace(CARD, fingerprint=f"fp_{number}"),
    )
    return (
        e.CaseOpened(
            at=opened_at,
            account=account,
            invoice_id=f"in_{number}",
            customer_id=f"cus_{number}",
            subscription_id=None,
            amount_minor=29_00,
            currency="eur",
            policy_version=1,
            closes_at=opened_at + timedelta(days=60),
        ),
        e.ChargeDeclined(
            at=opened_at, failure=failure, family=DeclineFamily.FUNDS, by=e.Payer.STRIPE
        ),
        e.ReminderPlanned(at=opened_at, step=1, due_at=START),
    )


def letter_worker(
    database_url: str, port: int, began: float, speed: float
) -> "subprocess.Popen[bytes]":
    """Started; ends by itself when no letter is left."""
    told = (database_url, f"smtp://127.0.0.1:{port}", str(began), START.isoformat(), str(speed))
    return subprocess.Popen((sys.executable, "-m", "bench.letter_worker", *told), cwd=ROOT)


def start_box(port: int, notes: Path) -> "subprocess.Popen[bytes]":
    """A mail server, perhaps not listening yet."""
    argv = (sys.executable, "-m", "bench.letter_box", str(port), str(notes))
    return subprocess.Popen(argv, cwd=ROOT, start_new_session=True)


@contextmanager
def letter_box(port: int, notes: Path) -> Iterator[None]:
    box = start_box(port, notes)
    try:
        time.sleep(0.5)
        yield
    finally:
        stop(box)


def _cpu_until_it_ends(worker: "subprocess.Popen[bytes]") -> float:
    """Seconds of a processor, as last seen."""
    used, deadline = 0.0, time.monotonic() + STUCK_S
    while worker.poll() is None:
        assert time.monotonic() < deadline, "the worker is stuck"
        used = max(used, cpu_seconds(worker.pid))
        time.sleep(LOOK_S)
    assert worker.returncode == 0, "the worker failed"
    return used


async def judged(owner_url: str, notes: Path) -> Found:
    """What Postgres says, held against what the box has."""
    taken = Counter(await asyncio.to_thread(_noted, notes))
    connection = await asyncpg.connect(owner_url)
    try:
        rows = await connection.fetch(STATES)
    finally:
        await connection.close()
    begun = [row for row in rows if row["state"] != "failed"]
    return Found(
        states=dict(Counter(row["state"] for row in rows)),
        taken=len(taken),
        doubled=sum(times > 1 for times in taken.values()),
        lost=sum(row["message_id"] not in taken for row in begun),
        sent_and_lost=sum(
            row["state"] == "sent" and row["message_id"] not in taken for row in rows
        ),
    )


def _noted(notes: Path) -> list[str]:
    return notes.read_text().split() if notes.exists() else []
