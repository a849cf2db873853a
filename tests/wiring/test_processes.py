"""Worker and dispatcher as real processes: whom they wait for, who leads, how they leave."""

import asyncio
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from adapters.postgres.intake import open_intake
from adapters.postgres.migrate import migrate
from adapters.postgres.pools import open_pools
from application.ports.conveyor import IncomingEvent
from rehearsal.embedded import EmbeddedPostgres, EmbeddedRedis, start_postgres, start_redis
from tests.contract.worlds import Shop, in_memory, in_postgres
from tests.running import free_port
from tests.wiring.processes import Process, process, wait_for

IGNORED = (
    b'{"id": "evt_first", "object": "event", "type": "plan.created", "created": 1772445600,'
    b' "livemode": false, "data": {"object": {"id": "plan_1", "object": "plan"}}}'
)
TO_BE_READ = (
    b'{"id": "evt_first", "object": "event", "type": "invoice.payment_failed",'
    b' "created": 1772445600, "livemode": false,'
    b' "data": {"object": {"id": "in_1", "object": "invoice", "status": "open"}}}'
)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="chargechase-", ignore_cleanup_errors=True) as name:
        yield Path(name)


async def connected(url: str) -> Shop:
    """A merchant with the installation's own account."""
    async with open_pools(url) as pools:
        return await in_postgres(pools, in_memory().intake).shop(own=True)


async def keep_an_event(url: str, shop: Shop, raw: bytes) -> None:
    event = IncomingEvent(
        event_id="evt_first", account=shop.account, livemode=False, type="any", raw=raw
    )
    async with open_intake(url) as intake:
        await intake.keep(event)


async def events_waiting(url: str) -> int:
    async with open_pools(url) as pools:
        registry = in_postgres(pools, in_memory().intake).registry
        return (await registry.standing()).events_waiting


def kill(server: EmbeddedPostgres | EmbeddedRedis) -> None:
    """Nothing, if it was killed before."""
    if server.process.poll() is not None:
        return
    server.process.kill()
    server.process.wait()
    if isinstance(server, EmbeddedPostgres):
        server.lock.release()


async def test_whoever_starts_before_postgres_and_redis_goes_on_when_they_come(
    folder: Path,
) -> None:
    postgres, redis = start_postgres(folder / "postgres"), start_redis(folder / "redis")
    url = postgres.url()
    await migrate(url)
    await keep_an_event(url, await connected(url), IGNORED)
    postgres.stop()
    redis.stop()
    told = {"DATABASE_URL": url, "REDIS_URL": redis.url()}
    with (
        process("worker", folder / "worker.log", **told) as worker,
        process("dispatcher", folder / "dispatcher.log", **told) as dispatcher,
    ):
        worker.until_it_says("start_waits")
        dispatcher.until_it_says("start_waits")
        postgres, redis = start_postgres(folder / "postgres"), start_redis(folder / "redis")
        try:
            await eventually_handled(url, worker)
        finally:
            kill(postgres)
            kill(redis)


async def test_amid_a_call_with_postgres_and_redis_gone_they_still_leave_in_time(
    folder: Path,
) -> None:
    postgres, redis = start_postgres(folder / "postgres"), start_redis(folder / "redis")
    url = postgres.url()
    await migrate(url)
    await keep_an_event(url, await connected(url), TO_BE_READ)
    with socket.create_server(("127.0.0.1", 0)) as hanging_stripe:
        told = {
            "DATABASE_URL": url,
            "REDIS_URL": redis.url(),
            "STRIPE_API_BASE": f"http://127.0.0.1:{hanging_stripe.getsockname()[1]}",
        }
        with (
            process("worker", folder / "worker.log", **told) as worker,
            process("dispatcher", folder / "dispatcher.log", **told) as dispatcher,
        ):
            hanging_stripe.settimeout(20)
            call, _ = await asyncio.to_thread(hanging_stripe.accept)
            kill(postgres)
            kill(redis)
            worker.signal(signal.SIGTERM)
            dispatcher.signal(signal.SIGTERM)
            assert dispatcher.ends(within_s=10) == 0
            assert worker.ends(within_s=25) in (0, 1)
            call.close()


async def eventually_handled(url: str, worker: Process) -> None:
    for _ in range(200):
        if await events_waiting(url) == 0:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(worker.log.read_text()[-3000:])


def test_a_worker_starts_before_anybody_has_connected_an_account(
    database_url: str, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    told = {"DATABASE_URL": database_url, "REDIS_URL": redis_server.url()}
    with process("worker", tmp_path / "worker.log", **told) as worker:
        worker.until_it_says("worker_started")
        worker.signal(signal.SIGTERM)
        assert worker.ends(within_s=10) == 0


def test_who_waits_to_start_leaves_at_once_when_asked(tmp_path: Path) -> None:
    for command in ("worker", "dispatcher"):
        with process(command, tmp_path / f"{command}.log") as waiting:
            waiting.until_it_says("start_waits")
            waiting.signal(signal.SIGTERM)
            assert waiting.ends(within_s=5) == 0


@pytest.mark.parametrize("command", ["worker", "dispatcher"])
def test_a_database_without_tables_ends_the_start_in_one_clear_line(
    command: str, postgres_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    url = postgres_server.url("postgres", "postgres")
    with process(command, tmp_path / "log", DATABASE_URL=url) as started:
        assert started.ends(within_s=15) == 1
        (line,) = started.lines()
        assert line["event"].startswith("chargechase: Postgres: ")
        assert "migrate" in line["event"]


def test_one_dispatcher_leads_and_the_other_takes_over_when_it_is_killed(
    database_url: str, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    told = {"DATABASE_URL": database_url, "REDIS_URL": redis_server.url()}
    ports = {name: free_port() for name in ("first", "second")}
    with (
        process("dispatcher", tmp_path / "1.log", **told, METRICS_PORT=str(ports["first"])) as one,
        process("dispatcher", tmp_path / "2.log", **told, METRICS_PORT=str(ports["second"])) as two,
    ):
        running = {"first": one, "second": two}
        wait_for(lambda: len(leaders(ports)) == 1, 15, one.log)
        both_were_asked_again = 1.5
        time.sleep(both_were_asked_again)
        (leader,) = leaders(ports)
        (standby,) = set(ports) - {leader}
        running[leader].signal(signal.SIGKILL)
        wait_for(lambda: leaders(ports) == [standby], 5, running[standby].log)


def leaders(ports: dict[str, int]) -> list[str]:
    """Who says of itself that it leads."""
    return [name for name, port in ports.items() if leads(port)]


def leads(port: int) -> bool:
    try:
        told = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
    except httpx.TransportError:
        return False
    return "chargechase_dispatcher_leads 1.0" in told
