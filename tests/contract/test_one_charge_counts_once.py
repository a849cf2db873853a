"""A charge told of twice, once without its attempt, is one decline of the card."""

from tests.builders import HOUR, MONDAY, OLD_VISA
from tests.contract.worlds import Shop, World, a_case, our_decline, refused, started, tell


async def test_a_refusal_heard_under_its_own_name_and_then_as_ours_counts_once(
    world: World, shop: Shop
) -> None:
    case_id = await a_case(world, shop)
    await tell(world, shop, case_id, started(1, MONDAY + HOUR))
    await tell(world, shop, case_id, refused("ch_2", MONDAY + HOUR))
    await tell(world, shop, case_id, our_decline(1, "ch_2", MONDAY + HOUR))
    async with world.open_uow(shop.merchant_id) as uow:
        use = await uow.cases.card_use(OLD_VISA.fingerprint, 29_00, MONDAY + HOUR)
    assert len(use.day) == len(use.month) == 1
