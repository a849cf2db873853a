"""Merchants, their people, and sessions."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from application.errors import NotFound
from application.ports.accounts import Principal, UserRecord
from application.ports.registration import NewMerchant
from application.ports.registry import ConnectedAccount
from tests.contract.worlds import World, a_merchant

HOUR = timedelta(hours=1)


async def registered(world: World) -> NewMerchant:
    new = a_merchant()
    await world.registration.register(new)
    return new


async def test_a_registered_person_is_found_whatever_the_letter_case(world: World) -> None:
    new = await registered(world)
    expected = UserRecord(
        user_id=new.user_id, email=new.email.lower(), password_hash=new.password_hash
    )
    assert await world.users.find(new.email.upper()) == expected
    assert await world.users.find("nobody@bakery.example") is None
    assert await world.users.merchants_of(new.user_id) == (new.merchant_id,)
    assert await world.users.merchants_of(uuid4()) == ()


async def test_registering_twice_keeps_all_but_sets_the_password(world: World) -> None:
    new = await registered(world)
    again = replace(new, name="Another name", password_hash="$argon2id$second")
    await world.registration.register(again)
    assert (await world.registry.merchant(new.merchant_id)).name == "Bakery"
    user = await world.users.find(new.email)
    assert user is not None
    assert user.password_hash == "$argon2id$second"
    assert await world.users.merchants_of(new.user_id) == (new.merchant_id,)


async def test_an_account_belongs_to_one_merchant(world: World) -> None:
    new = await registered(world)
    thief = a_merchant(account=new.account)
    with pytest.raises(Exception, match=new.account):
        await world.registration.register(thief)
    with pytest.raises(NotFound):
        await world.registry.merchant(thief.merchant_id)
    assert await world.users.find(thief.email) is None


async def test_the_installation_has_one_account_of_its_own_in_each_mode(world: World) -> None:
    await world.registration.register(a_merchant(own=True))
    await world.registration.register(a_merchant(own=True, livemode=True))
    second = a_merchant(own=True)
    with pytest.raises(Exception, match=second.account):
        await world.registration.register(second)


async def test_the_registry_knows_every_account_and_merchant(world: World) -> None:
    new = await registered(world)
    expected = ConnectedAccount(
        merchant_id=new.merchant_id, account=new.account, livemode=False, own=False
    )
    assert expected in await world.registry.accounts()
    profile = await world.registry.merchant(new.merchant_id)
    assert (profile.name, profile.timezone) == (new.name, new.timezone)
    assert profile.reply_to == new.reply_to
    with pytest.raises(NotFound):
        await world.registry.merchant(uuid4())


async def test_a_session_says_who_is_asking(world: World) -> None:
    new = await registered(world)
    id_hash = uuid4().bytes
    await world.sessions.create(id_hash, new.user_id, new.merchant_id)
    expected = Principal(
        user_id=new.user_id,
        email=new.email.lower(),
        merchant_id=new.merchant_id,
        merchant_name="Bakery",
        timezone="Europe/Berlin",
        role="owner",
    )
    assert await world.sessions.read(id_hash, idle=HOUR, absolute=HOUR) == expected
    assert await world.sessions.read(uuid4().bytes, idle=HOUR, absolute=HOUR) is None


async def test_a_session_ends(world: World) -> None:
    new = await registered(world)
    id_hash = uuid4().bytes
    await world.sessions.create(id_hash, new.user_id, new.merchant_id)
    await world.sessions.end(id_hash)
    await world.sessions.end(id_hash)
    assert await world.sessions.read(id_hash, idle=HOUR, absolute=HOUR) is None


async def test_a_session_lives_while_it_is_used_but_not_for_ever(world: World) -> None:
    new = await registered(world)
    id_hash, idle = uuid4().bytes, timedelta(seconds=2)
    await world.sessions.create(id_hash, new.user_id, new.merchant_id)
    for _ in range(3):
        await asyncio.sleep(0.8)
        assert await world.sessions.read(id_hash, idle=idle, absolute=HOUR)
    assert await world.sessions.read(id_hash, idle=idle, absolute=idle) is None
    await asyncio.sleep(0.01)
    a_blink = timedelta(milliseconds=1)
    assert await world.sessions.read(id_hash, idle=a_blink, absolute=HOUR) is None
