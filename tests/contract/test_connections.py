"""Connected accounts: each belongs to one merchant, and what is secret of it comes back only to
whoever calls Stripe."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from application.ports.chores import PERIODIC
from application.ports.conveyor import IncomingEvent
from application.ports.stripe_accounts import (
    Access,
    AccountTaken,
    Connection,
    Credential,
    Endpoint,
    EndpointOwner,
    Holder,
    NewConnection,
    NoCredential,
    PendingAgreement,
    Permission,
)
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, World, a_merchant

KEY, SECRET = "rk_test_the_key_of_acme", "whsec_of_acme"


def a_connection(account: str = "acct_acme", **changes: Any) -> NewConnection:
    """Acme pasted a key; its endpoint is `<account>-1`."""
    new = NewConnection(
        holder=Holder(account=account, livemode=False, name="Acme", country="DE", currency="eur"),
        access=Access.KEY,
        key=KEY,
        missing=(Permission.EVENTS_READ, Permission.CHARGES_READ),
        endpoint=Endpoint(endpoint_id=f"{account}-1", stripe_id="we_1", secrets=(SECRET,)),
    )
    return replace(new, **changes)


async def connect(world: World, shop: Shop, new: NewConnection, days: float = 0) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.connections.put(new, MONDAY + days * DAY)


async def let_go(world: World, shop: Shop, account: str = "acct_acme") -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.connections.let_go(account, MONDAY)


async def connections(world: World, shop: Shop) -> list[Connection]:
    async with world.open_uow(shop.merchant_id) as uow:
        return list(await uow.connections.all())


async def found(world: World, shop: Shop, account: str = "acct_acme") -> Connection:
    return {each.account: each for each in await connections(world, shop)}[account]


async def test_an_account_is_kept_with_all_that_may_be_told(world: World, shop: Shop) -> None:
    await connect(world, shop, a_connection())
    assert await found(world, shop) == Connection(
        merchant_id=shop.merchant_id,
        account="acct_acme",
        livemode=False,
        access=Access.KEY,
        name="Acme",
        country="DE",
        connected_at=MONDAY,
        checked_at=MONDAY,
        missing=(Permission.EVENTS_READ, Permission.CHARGES_READ),
        endpoint_id="acct_acme-1",
        endpoint_stripe_id="we_1",
    )


async def test_its_key_and_its_signing_secrets_come_back_to_whoever_calls_stripe(
    world: World, shop: Shop
) -> None:
    await connect(world, shop, a_connection())
    assert await world.credentials.of("acct_acme") == Credential(
        key=KEY, names_account=False, merchant_id=shop.merchant_id
    )
    assert await world.endpoints.find("acct_acme-1") == EndpointOwner(
        merchant_id=shop.merchant_id, account="acct_acme", livemode=False, secrets=(SECRET,)
    )


async def test_nothing_that_a_merchant_sees_of_a_connection_is_secret(
    world: World, shop: Shop
) -> None:
    await connect(world, shop, a_connection())
    told = repr(await connections(world, shop))
    assert KEY not in told
    assert SECRET not in told


async def test_while_a_secret_is_rolled_both_are_kept(world: World, shop: Shop) -> None:
    both = Endpoint(endpoint_id="acct_acme-1", stripe_id="we_1", secrets=(SECRET, "whsec_next"))
    await connect(world, shop, a_connection(endpoint=both))
    owner = await world.endpoints.find("acct_acme-1")
    assert owner is not None
    assert owner.secrets == (SECRET, "whsec_next")


async def test_an_account_that_agreed_is_called_with_the_installations_key(
    world: World, shop: Shop
) -> None:
    agreed = a_connection(access=Access.CONNECT, key=None, endpoint=None)
    await connect(world, shop, agreed)
    assert await world.credentials.of("acct_acme") == Credential(
        key=None, names_account=True, merchant_id=shop.merchant_id
    )
    assert (await found(world, shop)).access is Access.CONNECT


async def test_the_installations_own_account_is_called_by_its_key_alone(world: World) -> None:
    own = await world.shop(own=True)
    other = await world.shop()
    assert await world.credentials.of(own.account) == Credential(
        names_account=False, merchant_id=own.merchant_id
    )
    assert await world.credentials.of(other.account) == Credential(
        names_account=True, merchant_id=other.merchant_id
    )
    assert (await found(world, own, own.account)).access is Access.INSTALLATION


async def test_connecting_again_renews_everything_but_since_when(world: World, shop: Shop) -> None:
    await connect(world, shop, a_connection())
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.connections.key_refused("acct_acme", MONDAY)
        await uow.connections.denied("acct_acme", "void_invoice", MONDAY)
    by_hand = Endpoint(endpoint_id="acct_acme-2", secrets=("whsec_2",))
    await connect(world, shop, a_connection(key="rk_test_2", missing=(), endpoint=by_hand), days=1)
    (now,) = [each for each in await connections(world, shop) if each.account == "acct_acme"]
    assert (now.connected_at, now.checked_at) == (MONDAY, MONDAY + DAY)
    assert (now.missing, now.denied, now.refused_at) == ((), (), None)
    assert (now.endpoint_id, now.endpoint_stripe_id, now.endpoint_by_hand) == (
        "acct_acme-2",
        None,
        True,
    )
    assert (await world.credentials.of("acct_acme")).key == "rk_test_2"
    assert await world.endpoints.find("acct_acme-1") is None
    owner = await world.endpoints.find("acct_acme-2")
    assert owner is not None
    assert owner.secrets == ("whsec_2",)


@pytest.mark.parametrize(("endpoint_id", "kept"), [("acct_acme-1", (SECRET,)), ("acct_acme-2", ())])
async def test_secrets_stay_with_their_endpoint_and_go_with_it(
    world: World, shop: Shop, endpoint_id: str, kept: tuple[str, ...]
) -> None:
    await connect(world, shop, a_connection())
    await connect(world, shop, a_connection(endpoint=Endpoint(endpoint_id=endpoint_id)))
    owner = await world.endpoints.find(endpoint_id)
    assert owner is not None
    assert owner.secrets == kept


async def test_an_account_that_was_only_registered_can_be_given_a_key(
    world: World, shop: Shop
) -> None:
    await connect(world, shop, a_connection(shop.account))
    (now,) = await connections(world, shop)
    assert (now.account, now.access) == (shop.account, Access.KEY)
    assert (await world.credentials.of(shop.account)).key == KEY


async def test_an_account_belongs_to_one_merchant(world: World, shop: Shop) -> None:
    await connect(world, shop, a_connection())
    stranger = await world.shop()
    with pytest.raises(AccountTaken):
        await connect(world, stranger, a_connection(key="rk_test_stranger"))
    assert (await world.credentials.of("acct_acme")).key == KEY
    assert len(await connections(world, stranger)) == 1
    with pytest.raises(AccountTaken):
        await connect(world, stranger, a_connection(shop.account))


async def test_of_two_merchants_at_once_one_gets_the_account(world: World) -> None:
    shops = [await world.shop() for _ in range(4)]
    ends = await asyncio.gather(
        *(connect(world, shop, a_connection()) for shop in shops), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == ["AccountTaken"] * 3 + ["NoneType"]


async def test_the_two_modes_of_one_account_are_two_connections(world: World, shop: Shop) -> None:
    await connect(world, shop, a_connection())
    live = replace(a_connection().holder, livemode=True)
    stranger = await world.shop()
    endpoint = Endpoint(endpoint_id="live-1", secrets=("whsec_live",))
    await connect(world, stranger, a_connection(holder=live, endpoint=endpoint))
    mine, theirs = await found(world, shop), await found(world, stranger)
    assert (mine.livemode, theirs.livemode) == (False, True)


async def test_what_stripe_said_of_an_account_is_remembered(world: World, shop: Shop) -> None:
    await connect(world, shop, a_connection())
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.connections.key_refused("acct_acme", MONDAY + HOUR)
        for what in ("void_invoice", "cancel_subscription", "void_invoice"):
            await uow.connections.denied("acct_acme", what, MONDAY)
        await uow.connections.checked("acct_acme", (), MONDAY + DAY)
    now = await found(world, shop)
    assert now.refused_at == MONDAY + HOUR
    assert (await world.credentials.of("acct_acme")).refused
    assert now.denied == ("cancel_subscription", "void_invoice")
    assert (now.missing, now.checked_at) == ((), MONDAY + DAY)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.connections.key_refused("acct_acme", None)
    assert (await found(world, shop)).refused_at is None
    (other,) = [each for each in await connections(world, shop) if each.account == shop.account]
    assert (other.denied, other.refused_at) == ((), None)


async def test_an_account_that_was_let_go_of_has_no_key_and_is_free_for_anybody(
    world: World, shop: Shop
) -> None:
    await connect(world, shop, a_connection())
    await let_go(world, shop)
    with pytest.raises(NoCredential):
        await world.credentials.of("acct_acme")
    assert await world.endpoints.find("acct_acme-1") is None
    assert [each.account for each in await connections(world, shop)] == [shop.account]
    assert "acct_acme" not in {each.account for each in await world.registry.accounts()}
    stranger = await world.shop()
    await connect(world, stranger, a_connection(key="rk_test_stranger"))
    assert (await world.credentials.of("acct_acme")).key == "rk_test_stranger"


async def test_what_is_said_of_an_account_that_is_gone_is_not_kept(
    world: World, shop: Shop
) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.connections.key_refused("acct_gone", MONDAY)
        await uow.connections.denied("acct_gone", "void_invoice", MONDAY)
        await uow.connections.checked("acct_gone", (), MONDAY)
        await uow.connections.let_go("acct_gone", MONDAY)
    assert [each.account for each in await connections(world, shop)] == [shop.account]


async def test_a_stranger_sees_changes_and_lets_go_of_nothing(world: World, shop: Shop) -> None:
    await connect(world, shop, a_connection())
    before, stranger = await found(world, shop), await world.shop()
    async with world.open_uow(stranger.merchant_id) as uow:
        assert {each.merchant_id for each in await uow.connections.all()} == {stranger.merchant_id}
        await uow.connections.key_refused("acct_acme", MONDAY)
        await uow.connections.denied("acct_acme", "void_invoice", MONDAY)
        await uow.connections.checked("acct_acme", (), MONDAY + DAY)
        await uow.connections.let_go("acct_acme", MONDAY)
    assert await found(world, shop) == before
    assert (await world.credentials.of("acct_acme")).key == KEY


async def test_a_unit_of_work_that_fails_connects_nothing(world: World, shop: Shop) -> None:
    async def fails() -> None:
        async with world.open_uow(shop.merchant_id) as uow:
            await uow.connections.put(a_connection(), MONDAY)
            await uow.connections.let_go(shop.account, MONDAY)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    assert [each.account for each in await connections(world, shop)] == [shop.account]
    with pytest.raises(NoCredential):
        await world.credentials.of("acct_acme")


async def test_an_account_tells_when_its_last_event_came(world: World, shop: Shop) -> None:
    await connect(world, shop, a_connection())
    event = IncomingEvent(
        event_id="evt_1", account="acct_acme", livemode=False, type="invoice.paid", raw=b"{}"
    )
    await world.intake.keep(event)
    await world.intake.keep(replace(event, event_id="evt_live", livemode=True))
    assert (await found(world, shop)).last_event_at is not None
    assert (await found(world, shop, shop.account)).last_event_at is None


async def test_a_newly_connected_account_is_known_to_the_conveyor(world: World, shop: Shop) -> None:
    await connect(world, shop, a_connection())
    assert await world.chores.provide(MONDAY) == 2 * len(PERIODIC)
    await let_go(world, shop)
    again = a_merchant()
    await world.registration.register(replace(again, account="acct_acme"))
    assert "acct_acme" in {each.account for each in await world.registry.accounts()}


def pending(world: World, shop: Shop, minutes: float = 10) -> PendingAgreement:
    return PendingAgreement(
        merchant_id=shop.merchant_id,
        session_hash=b"session",
        livemode=False,
        expires_at=world.now + minutes * HOUR / 60,
    )


async def test_an_agreement_under_way_is_taken_once(world: World, shop: Shop) -> None:
    state, wish = uuid4().bytes, pending(world, shop)
    await world.agreements.begin(state, wish)
    assert await world.agreements.take(b"another state") is None
    assert await world.agreements.take(state) == wish
    assert await world.agreements.take(state) is None


async def test_of_many_who_take_one_agreement_at_once_one_gets_it(world: World, shop: Shop) -> None:
    state = uuid4().bytes
    await world.agreements.begin(state, pending(world, shop))
    taken = await asyncio.gather(*(world.agreements.take(state) for _ in range(4)))
    assert sum(each is not None for each in taken) == 1


async def test_an_agreement_that_took_too_long_is_none(world: World, shop: Shop) -> None:
    late, swept = uuid4().bytes, uuid4().bytes
    await world.agreements.begin(late, pending(world, shop))
    world.now += HOUR
    assert await world.agreements.take(late) is None
    await world.agreements.begin(swept, pending(world, shop))
    world.now += HOUR
    await world.agreements.begin(uuid4().bytes, pending(world, shop))
    world.now -= HOUR
    assert await world.agreements.take(swept) is None
