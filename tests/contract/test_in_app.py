"""Keys, settings and secrets of the merchants' own apps, and what customers owe."""

from datetime import timedelta
from uuid import UUID, uuid4

from msgspec.structs import replace

from application.ports.api_keys import MOST_KEYS, ApiKey, KeyHolder, Scope
from application.ports.in_app import BEGINNING, OLD_SECRET_FOR, InAppSettings, Signer
from domain.entitlement import InApp, Wall
from domain.recovery import events as e
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, World, a_case, opened, tell

WANTED = InApp(grace_days=3, shown=True, banner=False, wall=Wall.HARD)
ORIGINS = ("https://app.example.com", "http://localhost:3000")


def a_key(name: str = "Billing", **changes: object) -> ApiKey:
    key = ApiKey(
        key_id=uuid4(),
        name=name,
        hint="cc_test_abc…xyz",
        scopes=(Scope.ENTITLEMENT_READ,),
        created_at=MONDAY,
    )
    return replace(key, **changes)


async def add(world: World, shop: Shop, key: ApiKey, key_hash: bytes) -> bool:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.api_keys.add(key, key_hash)


async def keys(world: World, shop: Shop) -> tuple[ApiKey, ...]:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.api_keys.all()


def a_hash() -> bytes:
    return uuid4().bytes * 2


async def test_a_key_is_found_by_its_hash_and_by_nothing_else(world: World, shop: Shop) -> None:
    key, key_hash = a_key(), a_hash()
    assert await add(world, shop, key, key_hash)
    holder = KeyHolder(
        merchant_id=shop.merchant_id,
        key_id=key.key_id,
        scopes=frozenset({Scope.ENTITLEMENT_READ}),
    )
    assert await world.key_holders.find(key_hash) == holder
    assert await world.key_holders.find(a_hash()) is None


async def test_a_key_that_was_revoked_opens_nothing_and_stays_listed(
    world: World, shop: Shop
) -> None:
    key, key_hash = a_key(), a_hash()
    await add(world, shop, key, key_hash)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.api_keys.revoke(key.key_id, MONDAY + DAY)
        assert not await uow.api_keys.revoke(key.key_id, MONDAY + 2 * DAY)
        assert not await uow.api_keys.revoke(uuid4(), MONDAY)
    assert await world.key_holders.find(key_hash) is None
    assert await keys(world, shop) == (replace(key, revoked_at=MONDAY + DAY),)


async def test_keys_are_listed_the_newest_first(world: World, shop: Shop) -> None:
    old, new = a_key("Old"), a_key("New", created_at=MONDAY + HOUR)
    for key in (old, new):
        await add(world, shop, key, a_hash())
    assert await keys(world, shop) == (new, old)


async def test_the_same_form_twice_makes_one_key(world: World, shop: Shop) -> None:
    key = a_key()
    assert await add(world, shop, key, a_hash())
    assert not await add(world, shop, key, a_hash())
    assert len(await keys(world, shop)) == 1


async def test_so_many_keys_work_and_no_more_until_one_is_revoked(world: World, shop: Shop) -> None:
    made = [a_key(str(number)) for number in range(MOST_KEYS)]
    for key in made:
        assert await add(world, shop, key, a_hash())
    assert not await add(world, shop, a_key("one more"), a_hash())
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.api_keys.revoke(made[0].key_id, MONDAY)
    assert await add(world, shop, a_key("one more"), a_hash())


async def test_a_use_is_noted_and_not_at_every_question(world: World, shop: Shop) -> None:
    key_hash = a_hash()
    await add(world, shop, a_key(), key_hash)
    (before,) = await keys(world, shop)
    assert before.last_used_at is None
    await world.key_holders.find(key_hash)
    (first,) = await keys(world, shop)
    assert first.last_used_at is not None
    await world.key_holders.find(key_hash)
    assert await keys(world, shop) == (first,)


async def test_one_merchants_keys_and_settings_are_nobody_elses(world: World, shop: Shop) -> None:
    other, key, key_hash = await world.shop(), a_key(), a_hash()
    await add(world, shop, key, key_hash)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.in_app.save(WANTED, ORIGINS)
    assert await keys(world, other) == ()
    async with world.open_uow(other.merchant_id) as uow:
        assert not await uow.api_keys.revoke(key.key_id, MONDAY)
        assert await uow.in_app.read() == InAppSettings()
    assert await world.key_holders.find(key_hash) is not None


async def test_who_has_said_nothing_begins_with_what_the_page_shows(
    world: World, shop: Shop
) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.in_app.read() == InAppSettings(wanted=BEGINNING)
    assert await world.signers.find(shop.merchant_id, MONDAY) is None


async def test_what_was_said_last_holds(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.in_app.save(BEGINNING, ())
        await uow.in_app.save(WANTED, ORIGINS)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.in_app.read() == InAppSettings(wanted=WANTED, origins=ORIGINS)


async def test_a_secret_signs_from_now_on_and_the_one_before_for_a_day(
    world: World, shop: Shop
) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.in_app.keep_secret("one", None, MONDAY, None)
        await uow.in_app.save(WANTED, ORIGINS)
        assert await uow.in_app.keep_secret("two", MONDAY, MONDAY + DAY, "one")
    settings = InAppSettings(wanted=WANTED, origins=ORIGINS, secret_made_at=MONDAY + DAY)
    soon = MONDAY + DAY + OLD_SECRET_FOR - timedelta(seconds=1)
    assert await world.signers.find(shop.merchant_id, soon) == Signer(
        settings=settings, secrets=("two", "one")
    )
    later = await world.signers.find(shop.merchant_id, MONDAY + DAY + OLD_SECRET_FOR)
    assert later == Signer(settings=settings, secrets=("two",))
    assert "two" not in repr(later)
    assert await world.signers.find(uuid4(), MONDAY) is None


async def test_a_form_that_was_sent_twice_changes_the_secret_once(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.in_app.keep_secret("one", None, MONDAY, None)
        assert not await uow.in_app.keep_secret("two", None, MONDAY + HOUR, None)
        assert not await uow.in_app.keep_secret("two", MONDAY + DAY, MONDAY + HOUR, "one")
    found = await world.signers.find(shop.merchant_id, MONDAY)
    assert found is not None
    assert found.secrets == ("one",)


async def owed(world: World, shop: Shop, customer: str = "cus_anna") -> list[UUID]:
    found = await world.debts.of(shop.merchant_id, customer)
    return [case_id for case_id, _ in found.cases]


async def test_what_is_owed_is_told_over_all_accounts_the_oldest_first(
    world: World, shop: Shop
) -> None:
    second = await a_case(world, shop, "in_2", MONDAY + HOUR)
    elsewhere = Shop(shop.merchant_id, "acct_second")
    third = await a_case(world, elsewhere, "in_3", MONDAY + 2 * HOUR)
    first = await a_case(world, shop, "in_1", MONDAY)
    assert await owed(world, shop) == [first, second, third]
    assert await owed(world, shop, "cus_bea") == []
    found = await world.debts.of(shop.merchant_id, "cus_anna")
    assert found.wanted == BEGINNING
    assert found.as_of == world.now
    assert [case.invoice_id for _, case in found.cases] == ["in_1", "in_2", "in_3"]


async def test_what_has_ended_or_is_only_watched_is_not_told(world: World, shop: Shop) -> None:
    paid, watched = await a_case(world, shop, "in_1"), uuid4()
    done = e.CaseRecovered(at=MONDAY + HOUR, amount_minor=29_00, by=e.Payer.CUSTOMER)
    await tell(world, shop, paid, done)
    await tell(world, shop, watched, replace(opened(shop, "in_2"), held_out=True))
    assert await owed(world, shop) == []


async def test_a_payment_is_seen_at_once_and_the_days_of_grace_with_it(
    world: World, shop: Shop
) -> None:
    case_id = await a_case(world, shop)
    assert await owed(world, shop) == [case_id]
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.in_app.save(WANTED, ())
    assert (await world.debts.of(shop.merchant_id, "cus_anna")).wanted == WANTED
    done = e.CaseRecovered(at=MONDAY + HOUR, amount_minor=29_00, by=e.Payer.CUSTOMER)
    await tell(world, shop, case_id, done)
    assert await owed(world, shop) == []


async def test_one_merchants_customer_is_nobody_elses(world: World, shop: Shop) -> None:
    other = await world.shop()
    await a_case(world, shop)
    assert await owed(world, other) == []
