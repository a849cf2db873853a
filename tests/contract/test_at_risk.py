"""People at risk: whom no letter reaches, and who owe; each once, with all that they owe."""

from uuid import UUID, uuid4

from msgspec.structs import replace

from application.ports.suppressions import Suppression, hash_of
from application.task_views import RiskRow
from domain.invoice import Customer
from domain.money import Money
from domain.recovery import events as e
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, World, opened, tell

BOUNCED, COMPLAINED = Suppression.BOUNCED, Suppression.COMPLAINED


async def person(
    world: World, shop: Shop, name: str, why: Suppression | None, hours: float = 0
) -> str:
    """Somebody with an address, perhaps one that letters do not go to."""
    customer = Customer(customer_id=f"cus_{name}", email=f"{name}@example.com", name=name.title())
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.customers.keep(shop.account, customer)
        if why is not None:
            at = MONDAY + hours * HOUR
            await uow.suppressions.add(hash_of(f" {name.upper()}@Example.com"), why, at)
    return customer.customer_id


async def owes(world: World, shop: Shop, who: str, minor: int = 29_00, **changes: object) -> UUID:
    case_id = uuid4()
    event = replace(
        opened(shop, f"in_{case_id.hex}", amount_minor=minor), customer_id=who, **changes
    )
    await tell(world, shop, case_id, event)
    return case_id


async def at_risk(world: World, shop: Shop) -> list[RiskRow]:
    return list((await world.hand_off_pages.at_risk(shop.merchant_id, None, 50)).rows)


async def test_whoever_owes_and_is_not_reached_is_there(world: World, shop: Shop) -> None:
    anna = await person(world, shop, "anna", BOUNCED)
    case_id = await owes(world, shop, anna)
    assert await at_risk(world, shop) == [
        RiskRow(
            address_hash=hash_of("anna@example.com"),
            reason=BOUNCED,
            since=MONDAY,
            customer_name="Anna",
            customer_email="anna@example.com",
            owed=(Money(29_00, "eur"),),
            case_id=case_id,
            cases=1,
        )
    ]


async def test_all_that_one_owes_is_one_line(world: World, shop: Shop) -> None:
    anna = await person(world, shop, "anna", COMPLAINED)
    await owes(world, shop, anna, 10_00, at=MONDAY + DAY)
    first = await owes(world, shop, anna, 20_00, currency="usd")
    await owes(world, shop, anna, 1_00, at=MONDAY + DAY)
    (row,) = await at_risk(world, shop)
    assert row.owed == (Money(11_00, "eur"), Money(20_00, "usd"))
    assert (row.case_id, row.cases) == (first, 3)


async def test_whoever_is_reached_or_owes_nothing_is_not_there(world: World, shop: Shop) -> None:
    await owes(world, shop, await person(world, shop, "reached", None))
    await person(world, shop, "settled", BOUNCED)
    watched = await person(world, shop, "watched", BOUNCED)
    await owes(world, shop, watched, held_out=True)
    paid = await owes(world, shop, await person(world, shop, "paid", BOUNCED))
    recovered = e.CaseRecovered(at=MONDAY + DAY, amount_minor=29_00, by=e.Payer.CUSTOMER)
    await tell(world, shop, paid, recovered)
    lifted = await person(world, shop, "lifted", BOUNCED)
    await owes(world, shop, lifted)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.suppressions.lift(hash_of("lifted@example.com"), BOUNCED, MONDAY)
    moved = await person(world, shop, "moved", BOUNCED)
    await owes(world, shop, moved)
    async with world.open_uow(shop.merchant_id) as uow:
        fresh = Customer(customer_id=moved, email="fresh@example.com", name="Moved")
        await uow.customers.keep(shop.account, fresh)
    assert await at_risk(world, shop) == []


async def test_it_goes_page_by_page_the_latest_first(world: World, shop: Shop) -> None:
    names = [f"person{n}" for n in range(5)]
    for n, name in enumerate(names):
        await owes(world, shop, await person(world, shop, name, BOUNCED, hours=n // 2))
    seen: list[RiskRow] = []
    after: str | None = None
    for _ in range(3):
        page = await world.hand_off_pages.at_risk(shop.merchant_id, after, 2)
        seen += page.rows
        after = page.after
    assert after is None
    assert len({row.customer_name for row in seen}) == 5
    assert [row.since for row in seen] == sorted((row.since for row in seen), reverse=True)
    for unreadable in ("nonsense", "MjAyNi0wMS0wMSB4"):
        assert len((await world.hand_off_pages.at_risk(shop.merchant_id, unreadable, 9)).rows) == 5


async def test_one_merchants_people_are_nobody_elses(world: World, shop: Shop) -> None:
    other = await world.shop()
    await owes(world, shop, await person(world, shop, "anna", BOUNCED))
    await owes(world, other, await person(world, other, "anna", None))
    assert await at_risk(world, other) == []
    assert len(await at_risk(world, shop)) == 1
