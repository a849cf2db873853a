"""What customers say is wrong: kept as it was said, the latest first, and not without end."""

from application.ports.reports import MOST, Report
from domain.recovery.events import Problem
from tests.builders import HOUR, MONDAY
from tests.contract.worlds import Shop, World, a_case


async def test_reports_stay_and_the_latest_is_first(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    first = Report(about=Problem.CANCELLED, words="I left in May.", at=MONDAY)
    second = Report(about=Problem.OTHER, words="", at=MONDAY + HOUR)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.reports.add(case_id, first)
        assert await uow.reports.add(case_id, second)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.reports.of_case(case_id) == (second, first)
    view = await world.pages.case(shop.merchant_id, case_id, MONDAY + HOUR)
    assert view is not None
    assert view.reports == (second, first)


async def test_one_case_holds_so_many_and_no_more(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    report = Report(about=Problem.OTHER, words="x", at=MONDAY)
    async with world.open_uow(shop.merchant_id) as uow:
        kept = [await uow.reports.add(case_id, report) for _ in range(MOST + 1)]
    assert kept == [True] * MOST + [False]


async def test_one_merchants_reports_are_nobody_elses(world: World, shop: Shop) -> None:
    case_id, other = await a_case(world, shop), await world.shop()
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.reports.add(case_id, Report(about=Problem.OTHER, words="x", at=MONDAY))
    async with world.open_uow(other.merchant_id) as uow:
        assert await uow.reports.of_case(case_id) == ()
