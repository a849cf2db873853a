"""RegisterMerchant: a merchant, its account, its policy and the person who may sign in."""

from typing import Any

import pytest
from msgspec.structs import replace

from adapters.memory.registration import AccountTaken
from adapters.secrets.passwords import Argon2Cost, Argon2Passwords
from application.use_cases.register_merchant import RegisterMerchant, Wish
from tests.contract.worlds import World, in_memory

CHEAP = Argon2Passwords(Argon2Cost(memory_kib=8, passes=1))


def a_wish(**changes: Any) -> Wish:
    bakery = Wish(
        name="Bakery",
        timezone="Europe/Berlin",
        email="Ada@bakery.example",
        password="bread and butter",
        account="acct_bakery",
        livemode=False,
    )
    return replace(bakery, **changes)


async def register(world: World, **changes: Any) -> None:
    await RegisterMerchant(registration=world.registration, passwords=CHEAP)(a_wish(**changes))


async def signs_in(world: World, email: str, password: str) -> bool:
    user = await world.users.find(email)
    return user is not None and await CHEAP.matches(user.password_hash, password)


async def test_a_merchant_can_sign_in_and_has_the_installations_own_account() -> None:
    world = in_memory()
    await register(world)
    (account,) = await world.registry.accounts()
    assert (account.account, account.livemode, account.own) == ("acct_bakery", False, True)
    profile = await world.registry.merchant(account.merchant_id)
    assert (profile.name, profile.timezone) == ("Bakery", "Europe/Berlin")
    assert await signs_in(world, "ada@bakery.example", "bread and butter")
    async with world.open_uow(account.merchant_id) as uow:
        assert (await uow.policies.active()).timezone == "Europe/Berlin"


async def test_registering_twice_is_harmless_and_the_later_password_counts() -> None:
    world = in_memory()
    await register(world)
    await register(world, password="cake and coffee")
    (account,) = await world.registry.accounts()
    user = await world.users.find("ada@bakery.example")
    assert user is not None
    assert await world.users.merchants_of(user.user_id) == (account.merchant_id,)
    assert await signs_in(world, "ada@bakery.example", "cake and coffee")
    assert not await signs_in(world, "ada@bakery.example", "bread and butter")


async def test_test_mode_and_live_mode_of_one_account_are_two_merchants() -> None:
    world = in_memory()
    await register(world)
    await register(world, livemode=True)
    assert len({account.merchant_id for account in await world.registry.accounts()}) == 2


async def test_the_installation_has_one_own_account_in_a_mode() -> None:
    world = in_memory()
    await register(world)
    with pytest.raises(AccountTaken):
        await register(world, account="acct_other")
