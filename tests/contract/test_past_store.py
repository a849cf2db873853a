"""What an import finds is kept once, read with the cases of our own, and offered until answered."""

from uuid import UUID

from application.case_ids import case_id_for
from application.ports.conveyor import IncomingEvent
from application.ports.history import OfferedInvoice, PastCaseRecord
from domain.decline import DeclineFamily
from domain.recovery import events as e
from tests.builders import DAY, MONDAY
from tests.contract.worlds import Shop, World, a_case, opened, refused, tell

LOST = e.CaseLost(at=MONDAY + 14 * DAY, reason=e.LossReason.WINDOW_OVER)


def a_past(shop: Shop, invoice_id: str) -> PastCaseRecord:
    return PastCaseRecord(
        case_id=case_id_for(shop.account, invoice_id),
        account=shop.account,
        invoice_id=invoice_id,
        ended_at=LOST.at,
        history=(opened(shop, invoice_id), refused(f"ch_{invoice_id}"), LOST),
    )


def an_offer(shop: Shop, invoice_id: str, amount_minor: int = 29_00) -> OfferedInvoice:
    return OfferedInvoice(
        account=shop.account,
        invoice_id=invoice_id,
        amount_minor=amount_minor,
        currency="eur",
        failed_at=MONDAY,
        family=DeclineFamily.FUNDS,
    )


async def keep(world: World, shop: Shop, *invoices: str) -> tuple[UUID, ...]:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.past.keep(tuple(a_past(shop, invoice) for invoice in invoices))


async def ended(world: World, shop: Shop, batch: int = 100) -> list[UUID]:
    found: list[UUID] = []
    while page := await world.history.ended(shop.merchant_id, found[-1] if found else None, batch):
        assert len(page) <= batch
        found += [case.case_id for case in page]
    return found


async def test_a_past_case_is_kept_once(world: World, shop: Shop) -> None:
    first = await keep(world, shop, "in_1", "in_2")
    assert set(first) == {case_id_for(shop.account, name) for name in ("in_1", "in_2")}
    assert await keep(world, shop, "in_2", "in_3") == (case_id_for(shop.account, "in_3"),)
    assert await keep(world, shop) == ()


async def test_imported_and_own_cases_are_read_together_in_one_order(
    world: World, shop: Shop
) -> None:
    await keep(world, shop, "in_1", "in_2", "in_3")
    own = [case_id_for(shop.account, name) for name in ("in_4", "in_5")]
    for case_id, name in zip(own, ("in_4", "in_5"), strict=True):
        await tell(world, shop, case_id, opened(shop, name), refused(f"ch_{name}"), LOST)
    wanted = sorted([*own, *(case_id_for(shop.account, f"in_{one}") for one in (1, 2, 3))])
    for batch in (1, 2, 100):
        assert await ended(world, shop, batch) == wanted
    (one, *_) = await world.history.ended(shop.merchant_id, None, 1)
    assert [type(event) for event in one.history] == [e.CaseOpened, e.ChargeDeclined, e.CaseLost]


async def test_an_invoice_of_which_we_had_a_case_counts_once(world: World, shop: Shop) -> None:
    await keep(world, shop, "in_1", "in_2")
    ours, running = (case_id_for(shop.account, name) for name in ("in_1", "in_2"))
    await tell(world, shop, ours, opened(shop, "in_1"), refused("ch_1"), LOST)
    await tell(world, shop, running, opened(shop, "in_2"), refused("ch_2"))
    assert await ended(world, shop) == [ours]


async def test_offers_stand_until_they_are_answered_the_largest_first(
    world: World, shop: Shop
) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.past.offer((an_offer(shop, "in_1"), an_offer(shop, "in_2", 99_00)))
        await uow.past.offer((an_offer(shop, "in_1", 35_00),))
        await uow.past.offer(())
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.past.offers(shop.account, 1) == (an_offer(shop, "in_2", 99_00),)
        await uow.past.taken(shop.account, "in_2")
        assert await uow.past.offers(shop.account, 9) == (an_offer(shop, "in_1", 35_00),)


async def test_a_strangers_past_and_offers_are_not_to_be_seen(world: World, shop: Shop) -> None:
    await keep(world, shop, "in_1")
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.past.offer((an_offer(shop, "in_1"),))
    stranger = await world.shop()
    assert await ended(world, stranger) == []
    async with world.open_uow(stranger.merchant_id) as uow:
        assert await uow.past.offers(shop.account, 9) == ()
        await uow.past.taken(shop.account, "in_1")
    async with world.open_uow(shop.merchant_id) as uow:
        assert len(await uow.past.offers(shop.account, 9)) == 1


async def test_open_cases_are_paged_in_the_order_of_their_ids(world: World, shop: Shop) -> None:
    ids = sorted([await a_case(world, shop, f"in_{number}") for number in range(5)])
    await tell(world, shop, ids[2], LOST)
    await a_case(world, await world.shop(), "in_9")
    wanted = [ids[0], ids[1], ids[3], ids[4]]
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.cases.open_after(shop.account, None, 9) == tuple(wanted)
        assert await uow.cases.open_after(shop.account, ids[1], 1) == (ids[3],)
        assert await uow.cases.open_after("acct_other", None, 9) == ()
        unheard = case_id_for(shop.account, "in_unheard")
        assert await uow.cases.known((ids[0], ids[2], unheard)) == {ids[0], ids[2]}


async def test_who_asks_which_events_never_came_is_told(world: World, shop: Shop) -> None:
    for account in (shop.account, (await world.shop()).account):
        await world.intake.keep(
            IncomingEvent(
                event_id=f"evt_{account}", account=account, livemode=False, type="x", raw=b"{}"
            )
        )
    asked = (f"evt_{shop.account}", "evt_new")
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.inbox.unseen(shop.account, asked) == {"evt_new"}
        assert await uow.inbox.unseen(shop.account, ()) == frozenset()
