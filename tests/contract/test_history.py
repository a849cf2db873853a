"""The past of a merchant: ended cases, a batch at a time, and nobody else's."""

from uuid import UUID, uuid4

from domain.backtest.past import past_case
from domain.decline import DeclineFamily
from domain.recovery import events as e
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, World, opened, our_decline, refused, started, tell

LOST = e.CaseLost(at=MONDAY + 14 * DAY, reason=e.LossReason.WINDOW_OVER)


async def an_ended_case(world: World, shop: Shop, invoice_id: str) -> UUID:
    case_id = uuid4()
    await tell(world, shop, case_id, opened(shop, invoice_id), refused(f"ch_{invoice_id}"), LOST)
    return case_id


async def test_ended_cases_come_in_batches_by_their_ids(world: World, shop: Shop) -> None:
    wanted = sorted([await an_ended_case(world, shop, f"in_{number}") for number in range(5)])
    await tell(world, shop, uuid4(), opened(shop, "in_open"), refused("ch_open"))
    found: list[UUID] = []
    after = None
    while batch := await world.history.ended(shop.merchant_id, after, 2):
        assert len(batch) <= 2
        found += [case.case_id for case in batch]
        after = batch[-1].case_id
    assert found == wanted


async def test_a_strangers_past_is_not_to_be_seen(world: World, shop: Shop) -> None:
    await an_ended_case(world, shop, "in_1")
    stranger = await world.shop()
    assert list(await world.history.ended(stranger.merchant_id, None, 10)) == []
    assert list(await world.history.ended(uuid4(), None, 10)) == []


async def test_a_past_case_is_what_became_of_it(world: World, shop: Shop) -> None:
    at = MONDAY + 3 * DAY
    planned = e.AttemptPlanned(at=MONDAY, number=1, due_at=at, rule="fixed")
    case_id = uuid4()
    await tell(world, shop, case_id, opened(shop), refused("ch_1"), planned, started(1, at))
    await tell(world, shop, case_id, our_decline(1, "ch_2", at + HOUR), LOST)
    (ended,) = await world.history.ended(shop.merchant_id, None, 10)
    past = past_case(ended.history)
    assert past is not None
    assert past.customer == "cus_anna"
    assert past.family is DeclineFamily.FUNDS
    assert [charge.at for charge in past.charges] == [int((at + HOUR).timestamp())]
    assert past.closed_at == int(LOST.at.timestamp())
