"""Rotating the secret keys: what the old one sealed the new one seals, and nothing is lost."""

import asyncpg
import pytest

from adapters.postgres.connections import PostgresCredentials, PostgresEndpoints
from adapters.postgres.hand_off import PostgresSlackDoors
from adapters.postgres.in_app import PostgresSigners
from adapters.postgres.intake import open_intake
from adapters.postgres.pools import Pools
from adapters.postgres.unit_of_work import units_of_work
from adapters.secrets.box import SecretBox
from tests.builders import MONDAY
from tests.contract.test_connections import KEY, SECRET, a_connection
from tests.contract.test_hand_off import PATH
from tests.contract.worlds import Shop, in_postgres
from wiring.rotate_cli import rotate_keys
from wiring.settings import Settings

OLD, NEW = "0123456789abcdef" * 4, "fedcba9876543210" * 4
ACCOUNTS = ("acct_one", "acct_two")


@pytest.fixture
async def sealed_by_old(database_url: str, postgres_pools: Pools) -> Shop:
    """Two accounts, with a key and an endpoint's secret each, and a way to Slack."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("truncate stripe_accounts, hand_off cascade")
    await connection.close()
    async with open_intake(database_url) as intake:
        shop = await in_postgres(postgres_pools, intake).shop()
    async with units_of_work(postgres_pools.app, SecretBox((OLD,)))(shop.merchant_id) as uow:
        for account in ACCOUNTS:
            await uow.connections.put(a_connection(account), MONDAY)
        await uow.hand_off.slack(PATH, MONDAY)
    return shop


def settings(database_url: str, *keys: str) -> Settings:
    return Settings(database_url=database_url, secret_keys=keys)


async def test_all_is_sealed_by_the_first_key_once(
    database_url: str,
    postgres_pools: Pools,
    sealed_by_old: Shop,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await rotate_keys(settings(database_url, NEW, OLD)) == 0
    assert capsys.readouterr().out == "5 secrets, 5 sealed anew.\n"
    assert await rotate_keys(settings(database_url, NEW, OLD)) == 0
    assert capsys.readouterr().out == "5 secrets, 0 sealed anew.\n"
    box = SecretBox((NEW,))
    for account in ACCOUNTS:
        assert (await PostgresCredentials(postgres_pools.system, box).of(account)).key == KEY
        owner = await PostgresEndpoints(postgres_pools.system, box).find(f"{account}-1")
        assert owner is not None
        assert owner.secrets == (SECRET,)
    doors = PostgresSlackDoors(postgres_pools.system, box)
    assert await doors.path(sealed_by_old.merchant_id) == PATH


@pytest.mark.usefixtures("sealed_by_old")
async def test_what_will_not_open_is_told_of_and_stays_as_it_was(
    database_url: str, postgres_pools: Pools, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await rotate_keys(settings(database_url, NEW)) == 1
    told = capsys.readouterr()
    assert told.out == "5 secrets, 0 sealed anew.\n"
    assert told.err.count("which is not set") == 5
    assert KEY not in told.err
    assert SECRET not in told.err
    assert PATH not in told.err
    old = PostgresCredentials(postgres_pools.system, SecretBox((OLD,)))
    assert (await old.of("acct_one")).key == KEY


async def test_what_signs_customers_ids_is_sealed_anew_and_signs_on(
    database_url: str, postgres_pools: Pools, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_intake(database_url) as intake:
        shop = await in_postgres(postgres_pools, intake).shop()
    connection = await asyncpg.connect(database_url)
    await connection.execute("truncate stripe_accounts, hand_off cascade")
    async with units_of_work(postgres_pools.app, SecretBox((OLD,)))(shop.merchant_id) as uow:
        await uow.in_app.keep_secret("signs ids", None, MONDAY, None)
    assert await rotate_keys(settings(database_url, NEW)) == 1
    assert f"merchant {shop.merchant_id}" in capsys.readouterr().err
    assert await rotate_keys(settings(database_url, NEW, OLD)) == 0
    assert capsys.readouterr().out == "1 secrets, 1 sealed anew.\n"
    found = await PostgresSigners(postgres_pools.system, SecretBox((NEW,))).find(
        shop.merchant_id, MONDAY
    )
    await connection.execute("truncate in_app_settings")
    await connection.close()
    assert found is not None
    assert found.secrets == ("signs ids",)


async def test_without_secret_keys_nothing_is_tried(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await rotate_keys(Settings()) == 1
    assert "CHARGECHASE_SECRET_KEYS" in capsys.readouterr().err
