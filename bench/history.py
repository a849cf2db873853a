"""H1: two years of an account read: all at the pace that Stripe allows, and killed half-way."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct
from msgspec.json import encode as to_json

from bench.installation import ACCOUNT, ROOT, Installation
from bench.table import Row
from domain.policy import balanced
from rehearsal.clock import RehearsalClock
from rehearsal.stripe_double import DoubleOptions, StripeDouble
from rehearsal.stripe_double.scenes import Scene

PEOPLE, FEW = 420, 20  # with a monthly invoice each for two years
NOW: Final = datetime(2026, 10, 31, 9, tzinfo=UTC)
ALLOWED_PER_S: Final = 40.0  # of which an import takes half
FASTEST_PER_S: Final = 100_000.0
ASK: Final = """
insert into account_chores (merchant_id, account, kind, due_at, put_at)
select merchant_id, account, 'import', $1, $1 from stripe_accounts where account = $2
on conflict (merchant_id, account, kind) do update set due_at = $1, put_at = $1, turn = 0,
    cursor = null, done = 0, of_about = null, found = 0, found_ever = 0, running = false,
    began_at = null, finished_at = null, leased_until = null, retry_at = null
"""
POLICY: Final = """
insert into policies (merchant_id, version, body)
select merchant_id, 1, $1 from stripe_accounts on conflict do nothing
"""
EMPTY: Final = "truncate past_cases, offered_invoices, lessons"
DONE: Final = "select done from account_chores where kind = 'import'"
FOUND: Final = "select found from account_chores where kind = 'import'"
FINISHED: Final = "select finished_at is not null from account_chores where kind = 'import'"
KEPT: Final = "select count(*) from past_cases"


class Imported(Struct, frozen=True, kw_only=True):
    """One import: how long, by how many calls, what was read and found, and kept."""

    seconds: float
    calls: int | None  # None where a killed worker took its count along
    done: int
    found: int
    kept: int


def measure(here: Installation, *, quick: bool = False) -> list[Row]:
    """Three runs over one account: as fast as it goes, at Stripe's pace, killed half-way."""
    here.query(POLICY, to_json(balanced("Europe/Berlin")).decode())
    with _account(FEW if quick else PEOPLE) as stripe:
        invoices = sum(1 for _ in stripe.world.store.all("invoice"))
        fast = _import(here, stripe, FASTEST_PER_S)
        paced = _import(here, stripe, ALLOWED_PER_S)
        killed = _import(here, stripe, ALLOWED_PER_S, kill_at=invoices // 2)
    same = (fast.done, fast.found, fast.kept) == (killed.done, killed.found, killed.kept)
    work = f"import of 24 months, {invoices:,} invoices"
    row = Row(
        name="H1",
        work=work,
        goal=f"<= {ALLOWED_PER_S / 2:.0f} calls/s",
        figure=f"{paced.seconds:.0f} s, {paced.calls} calls",
        met=paced.calls is not None and paced.calls / paced.seconds <= ALLOWED_PER_S / 2 + 1,
        bound=(
            f"Stripe's pace: without it {fast.seconds:.1f} s. Killed (kill -9) half-way and begun "
            f"again: {killed.seconds:.0f} s, the same {killed.found:,} found"
            + ("." if same else ", BUT OTHERWISE KEPT.")
        ),
        readings={"fast": fast, "paced": paced, "killed": killed, "invoices": invoices},
    )
    return [row]


def _import(
    here: Installation, stripe: StripeDouble, calls_per_s: float, kill_at: int | None = None
) -> Imported:
    now = datetime.fromtimestamp(stripe.world.now(), UTC)
    here.query(EMPTY)
    here.query(ASK, now, ACCOUNT)
    began = time.monotonic()
    worker = _worker(here, stripe, now, calls_per_s)
    if kill_at is not None:
        while worker.poll() is None and here.query(DONE) < kill_at:
            time.sleep(0.2)
        worker.kill()
        worker.wait()
        time.sleep(1)  # its lease
        worker = _worker(here, stripe, now, calls_per_s)
    told, _ = worker.communicate(timeout=600)
    seconds = time.monotonic() - began
    assert here.query(FINISHED), "the import did not come to its end"
    return Imported(
        seconds=seconds,
        calls=None if kill_at else int(told),
        done=here.query(DONE),
        found=here.query(FOUND),
        kept=here.query(KEPT),
    )


def _worker(
    here: Installation, stripe: StripeDouble, now: datetime, calls_per_s: float
) -> "subprocess.Popen[str]":
    url = here.postgres.url()
    told = (url, stripe.base_url, ACCOUNT, now.isoformat(), str(calls_per_s))
    return subprocess.Popen(
        (sys.executable, "-m", "bench.importer", *told), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


@contextmanager
def _account(people: int) -> Iterator[StripeDouble]:
    """A Stripe in a thread of its own, with two years behind it of which it told nobody."""
    clock = RehearsalClock.starting(NOW, (0.0, None)).spec()
    double = StripeDouble(DoubleOptions(scene="empty", account_id=ACCOUNT, seed=7, clock=clock))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(_lived(double, people), loop).result(600)
        yield double
    finally:
        asyncio.run_coroutine_threadsafe(double.stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _lived(double: StripeDouble, people: int) -> None:
    await double.start()
    double.scenes.seed(Scene(scene="history", n=people, seed=3), ACCOUNT)
