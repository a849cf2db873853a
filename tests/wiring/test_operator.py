"""What an operator types: how it stands, what is dead and how it is replayed, settings, tables."""

import asyncio
import json
import re
from argparse import Namespace
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from adapters.postgres.intake import open_intake
from adapters.postgres.pools import Pools
from application.ports.conveyor import IncomingEvent
from rehearsal.embedded import EmbeddedPostgres
from tests.conftest import as_superuser
from tests.contract.worlds import LEASE, Shop, World, a_case, in_postgres
from tests.wiring.processes import chargechase
from wiring.cli import FAILED, MISUSED, OK, main
from wiring.settings import Need, load
from wiring.upkeep import add_merchant

Typed = Callable[..., Any]


@pytest.fixture
async def world(database_url: str, postgres_pools: Pools) -> Any:
    async with open_intake(database_url) as intake:
        yield in_postgres(postgres_pools, intake)


@pytest.fixture
def typed(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    """Types a command, in this process, and reads what it printed."""
    monkeypatch.setenv("CHARGECHASE_DATABASE_URL", database_url)

    async def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()  # what the test itself caused to be logged
        code = await asyncio.to_thread(main, arguments)
        return code, capsys.readouterr().out

    return run


async def keep(world: World, shop: Shop, event_id: str) -> None:
    event = IncomingEvent(
        event_id=event_id, account=shop.account, livemode=False, type="invoice.paid", raw=b"{}"
    )
    await world.intake.keep(event)


async def dies(world: World, shop: Shop) -> None:
    """One event and one action fail for good."""
    await keep(world, shop, "evt_poison")
    for event in await world.inbox.claim(10, LEASE):
        assert await world.inbox.failed(event, "ValueError: poison", 1)
    await a_case(world, shop)
    for due in await world.actions.claim(world.now + timedelta(days=30), 10, LEASE):
        assert await world.actions.failed(due.ref, "NothingHappened: attempt", 1)


async def test_status_as_json_has_exactly_the_shape_that_others_hold_on_to(
    world: World, typed: Typed
) -> None:
    shop = await world.shop()
    await a_case(world, shop)
    await keep(world, shop, "evt_waiting")
    code, said = await typed("status", "--json")
    found = json.loads(said)
    assert code == OK
    assert found["cases"] == {"open": 1, "recovered": 0, "lost": 0, "stopped": 0}
    assert found["inbox"] == {"waiting": 1, "lag_s": found["inbox"]["lag_s"]}
    assert found["actions"] == {"due": 1, "lag_s": found["actions"]["lag_s"]}
    assert all(found[belt]["lag_s"] >= 0 for belt in ("inbox", "actions"))
    belts = {"cases", "inbox", "actions", "chores", "mail"}
    assert set(found) == belts | {"dead", "open_without_next_action"}
    assert set(found["chores"]) == {"due", "failing", "reconciled_lag_s"}
    assert (found["dead"], found["open_without_next_action"]) == (0, 0)
    await world.inbox.claim(10, LEASE)


async def test_the_dead_are_listed_and_replayed(world: World, typed: Typed) -> None:
    await dies(world, await world.shop())
    code, said = await typed("admin", "dead", "--json")
    errors = {row["kind"]: row["error"] for row in json.loads(said)}
    assert (code, errors["event"]) == (OK, "ValueError: poison")
    assert errors["action"] == "NothingHappened: attempt"
    assert len((await typed("admin", "dead"))[1].splitlines()) == len(json.loads(said))
    _, told = await typed("admin", "replay", "events")
    assert re.fullmatch(r"\d+ events? will be tried again\.\n", told)
    await typed("admin", "replay", "all")
    assert (await typed("admin", "dead")) == (OK, "")
    assert await world.inbox.claim(10, LEASE), "a replayed event is due at once"


async def test_a_merchant_is_taken_in_and_the_own_account_is_one(
    database_url: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load({"CHARGECHASE_DATABASE_URL": database_url}, Need.STATUS)

    async def take_in(account: str) -> int:
        options = Namespace(
            name="Bakery",
            email="ada@bakery.example",
            timezone="Europe/Berlin",
            account=account,
            live=False,
            shares_lessons=False,
        )
        return await add_merchant(settings, options, "bread and butter")

    assert await take_in("acct_first") == OK
    assert await take_in("acct_first") == OK, "twice is harmless"
    assert await take_in("acct_other") == FAILED
    assert "acct_other" in capsys.readouterr().err
    assert await world.users.find("ada@bakery.example")


async def test_a_merchant_shares_its_lessons_only_if_it_agreed(world: World, typed: Typed) -> None:
    shop = await world.shop()
    told = ("admin", "share-lessons", "--merchant", str(shop.merchant_id))
    for answer, shares in (("yes", True), ("no", False)):
        assert (await typed(*told, answer))[0] == OK
        async with world.open_uow(shop.merchant_id) as uow:
            assert await uow.pool.is_fed_by_us() is shares
    assert await typed(*told[:3], str(uuid4()), "yes") == (FAILED, "")


@pytest.mark.parametrize(
    ("zone", "account"), [("Mars/North", "acct_1"), ("Europe/Berlin", "cus_1")]
)
def test_a_merchant_that_cannot_be_is_refused_before_anything_is_asked(
    zone: str, account: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ("--name=Bakery", "--email=ada@x.example", f"--timezone={zone}", f"--account={account}")
    with pytest.raises(SystemExit) as refused:
        main(("admin", "add-merchant", *told))
    assert refused.value.code == MISUSED
    assert "must be" in capsys.readouterr().err


def test_check_config_tells_all_faults_at_once() -> None:
    done = chargechase("check-config", DATABASE_URL="mysql://app:hidden-word@db/x", PORT="http")
    assert done.returncode == MISUSED
    for variable in ("DATABASE_URL", "PORT", "REDIS_URL", "STRIPE_API_KEY", "SECRET_KEYS"):
        assert f"CHARGECHASE_{variable}: " in done.stderr
    assert "hidden-word" not in done.stderr
    assert "Traceback" not in done.stderr


async def test_migrating_twice_is_as_good_as_once(postgres_server: EmbeddedPostgres) -> None:
    await as_superuser(postgres_server, "create database migrated_again owner chargechase")
    url = postgres_server.url("migrated_again")
    for _ in range(2):
        done = await asyncio.to_thread(chargechase, "migrate", DATABASE_URL=url)
        assert (done.returncode, done.stdout) == (OK, "The tables are up to date.\n")


@pytest.mark.parametrize("command", [["status"], ["admin", "dead"], ["migrate"]])
def test_a_database_that_is_away_is_one_clear_line(command: list[str]) -> None:
    done = chargechase(*command, DATABASE_URL="postgresql://app@127.0.0.1:9/chargechase")
    assert done.returncode == FAILED
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [["status"], ["admin", "dead"]])
def test_a_database_without_tables_is_one_clear_line(
    command: list[str], postgres_server: EmbeddedPostgres
) -> None:
    done = chargechase(*command, DATABASE_URL=postgres_server.url("postgres", "postgres"))
    assert (done.returncode, len(done.stderr.splitlines())) == (FAILED, 1)
    assert "migrate" in done.stderr
