"""The read side: lists, one case, sums, and how the installation stands."""

from uuid import UUID, uuid4

from msgspec.structs import replace

from application.views import CaseFilter, CaseRow, MoneyOfPhase, Needs
from domain.decline import DeclineFamily
from domain.policy import EndAction
from domain.recovery import events as e
from domain.recovery.actions import Action, ActionKind
from domain.recovery.case import Mark, MarkKind
from domain.recovery.transitions import Phase
from tests.builders import DAY, HOUR, MONDAY, OLD_VISA, a_customer, a_policy
from tests.contract.worlds import LEASE, Shop, World, a_case, opened, refused, started, tell


async def paged(
    world: World, shop: Shop, limit: int, phase: CaseFilter | None = None
) -> list[UUID]:
    """Every case of the list, page by page."""
    found: list[UUID] = []
    after: str | None = None
    while True:
        page = await world.pages.cases(shop.merchant_id, phase, after, limit)
        assert len(page.rows) <= limit
        found += [row.case_id for row in page.rows]
        after = page.after
        if after is None:
            return found


async def test_a_row_tells_what_the_list_shows(world: World, shop: Shop) -> None:
    case_id = uuid4()
    planned = e.AttemptPlanned(at=MONDAY, number=1, due_at=MONDAY + DAY, rule="plan:funds")
    await tell(world, shop, case_id, opened(shop), refused("ch_1", MONDAY - HOUR), planned)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.customers.keep(shop.account, a_customer())
    page = await world.pages.cases(shop.merchant_id, None, None, 50)
    assert page.after is None
    assert page.rows == (
        CaseRow(
            case_id=case_id,
            invoice_id="in_1",
            number=None,
            customer_name="Anna",
            customer_email="anna@example.com",
            amount_minor=29_00,
            currency="eur",
            recovered_minor=0,
            phase=Phase.WAITING,
            ask=None,
            family=DeclineFamily.FUNDS,
            card=OLD_VISA,
            opened_at=MONDAY,
            closes_at=MONDAY + 14 * DAY,
            closed_at=None,
            changed_at=MONDAY,
            next=Action(kind=ActionKind.ATTEMPT, due_at=MONDAY + DAY, number=1),
            marks=(Mark(MONDAY - HOUR, MarkKind.FAILED),),
        ),
    )


async def test_pages_follow_one_another_newest_first_without_a_gap(
    world: World, shop: Shop
) -> None:
    # Three were opened at the same instant: the cursor must tell them apart.
    instants = [MONDAY + n * DAY for n in range(4)] + [MONDAY + DAY] * 3
    opened_at = {await a_case(world, shop, f"in_{n}", at): at for n, at in enumerate(instants)}
    for limit in (1, 2, 3, 7, 50):
        found = await paged(world, shop, limit)
        assert sorted(found) == sorted(opened_at)
        times = [opened_at[case_id] for case_id in found]
        assert times == sorted(times, reverse=True)


async def test_a_phase_narrows_the_list(world: World, shop: Shop) -> None:
    waiting = await a_case(world, shop, "in_1")
    charging = await a_case(world, shop, "in_2")
    await tell(world, shop, charging, started())
    assert await paged(world, shop, 1, Phase.WAITING) == [waiting]
    assert await paged(world, shop, 1, Phase.CHARGING) == [charging]
    assert await paged(world, shop, 1, Phase.LOST) == []


async def test_an_unreadable_cursor_is_the_first_page(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    for cursor in ("", "%%%", "bm90IGEgY3Vyc29y", "\u00e9", "x" * 5000, "MjAyNi0wMS0wMSAx"):
        page = await world.pages.cases(shop.merchant_id, None, cursor, 5)
        assert [row.case_id for row in page.rows] == [case_id]


async def test_another_merchants_cases_are_on_no_page(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    stranger = await world.shop()
    assert (await world.pages.cases(stranger.merchant_id, None, None, 5)).rows == ()
    assert await world.pages.case(stranger.merchant_id, case_id, MONDAY) is None
    assert await world.pages.case(stranger.merchant_id, uuid4(), MONDAY) is None
    assert await world.pages.money(stranger.merchant_id) == ()


async def test_one_case_has_its_history_and_its_cards_budget(world: World, shop: Shop) -> None:
    case_id = uuid4()
    story = (
        opened(shop),
        refused("ch_old", MONDAY - 31 * DAY),
        refused("ch_1", MONDAY - DAY),
        refused("ch_2", MONDAY),
        e.AttemptPlanned(at=MONDAY, number=1, due_at=MONDAY + DAY, rule="plan:funds"),
        e.ReminderPlanned(at=MONDAY, step=1, due_at=MONDAY + HOUR),
    )
    await tell(world, shop, case_id, *story)
    view = await world.pages.case(shop.merchant_id, case_id, MONDAY)
    assert view is not None
    assert view.history == story
    assert (view.next_attempt_at, view.reminder_at) == (MONDAY + DAY, MONDAY + HOUR)
    assert (view.declines_on_card, view.card_limit, view.network_limit) == (2, 8, 20)
    assert view.dead is None


async def test_the_cards_budget_is_the_policys_for_its_brand(world: World) -> None:
    for limits, allowed in (({"visa": 5, "amex": 3}, 5), ({"amex": 3}, 8)):
        shop = await world.shop(policy=a_policy(card_month_limit=8, brand_month_limits=limits))
        case_id = uuid4()
        await tell(world, shop, case_id, opened(shop), refused("ch_1"))
        view = await world.pages.case(shop.merchant_id, case_id, MONDAY)
        assert view is not None
        assert view.row.card == OLD_VISA
        assert (view.card_limit, view.network_limit) == (allowed, 20)


async def test_a_case_without_a_card_has_a_budget_too(world: World, shop: Shop) -> None:
    view = await world.pages.case(shop.merchant_id, await a_case(world, shop), MONDAY)
    assert view is not None
    assert (view.declines_on_card, view.card_limit, view.network_limit) == (0, 8, 8)


async def test_a_dead_next_action_shows_its_error(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    (due,) = await world.actions.claim(MONDAY + 14 * DAY, 1, LEASE)
    assert await world.actions.failed(due.ref, "Refused: no", most_tries=1)
    view = await world.pages.case(shop.merchant_id, case_id, MONDAY)
    assert view is not None
    assert view.dead == "Refused: no"


async def test_money_is_summed_by_phase_and_currency(world: World, shop: Shop) -> None:
    for invoice_id in ("in_1", "in_2"):
        await a_case(world, shop, invoice_id)
    won = await a_case(world, shop, "in_3")
    paid = e.CaseRecovered(at=MONDAY, amount_minor=20_00, by=e.Payer.CUSTOMER)
    await tell(world, shop, won, paid)
    sums = {(one.phase, one.currency): one for one in await world.pages.money(shop.merchant_id)}
    assert sums == {
        (Phase.WAITING, "eur"): MoneyOfPhase(
            phase=Phase.WAITING, currency="eur", cases=2, amount_minor=58_00, recovered_minor=0
        ),
        (Phase.RECOVERED, "eur"): MoneyOfPhase(
            phase=Phase.RECOVERED,
            currency="eur",
            cases=1,
            amount_minor=29_00,
            recovered_minor=20_00,
        ),
    }


async def test_the_installation_stands_as_its_cases_and_actions_do(
    world: World, shop: Shop
) -> None:
    stranger = await world.shop()
    await a_case(world, stranger, "in_1")
    idle = await a_case(world, shop, "in_2")
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.actions.put(idle, None)
    ends = (
        e.CaseRecovered(at=MONDAY, amount_minor=1, by=e.Payer.STRIPE),
        e.CaseLost(at=MONDAY, reason=e.LossReason.WINDOW_OVER),
        e.CaseStopped(at=MONDAY, reason=e.StopReason.VOIDED),
    )
    for number, end in enumerate(ends, start=3):
        await tell(world, shop, await a_case(world, shop, f"in_{number}"), end)
    world.now = MONDAY + 14 * DAY + HOUR
    standing = await world.registry.standing()
    assert (standing.open, standing.recovered, standing.lost, standing.stopped) == (2, 1, 1, 1)
    assert (standing.actions_due, standing.actions_lag_s) == (1, 3600.0)
    assert standing.open_without_next_action == 1
    assert (standing.events_waiting, standing.events_lag_s, standing.dead) == (0, 0.0, 0)


async def test_a_case_that_is_only_watched_is_marked_in_the_list(world: World, shop: Shop) -> None:
    watched, chased = uuid4(), uuid4()
    await tell(world, shop, watched, replace(opened(shop, "in_1"), held_out=True, arm=None))
    await tell(world, shop, chased, replace(opened(shop, "in_2"), arm="bold"))
    page = await world.pages.cases(shop.merchant_id, None, None, 10)
    assert {row.case_id: row.held_out for row in page.rows} == {watched: True, chased: False}


async def test_what_needs_the_merchant_is_found_counted_and_gone_when_it_is_answered(
    world: World, shop: Shop
) -> None:
    lost = e.CaseLost(
        at=MONDAY,
        reason=e.LossReason.WINDOW_OVER,
        then=EndAction.CANCEL_SUBSCRIPTION,
        confirm=True,
    )
    waits, other = uuid4(), uuid4()
    await tell(world, shop, waits, opened(shop, "in_1"), lost)
    await tell(world, shop, other, opened(shop, "in_2"))
    assert await paged(world, shop, 5, Needs.YOU) == [waits]
    told = {part.phase: part.cases for part in await world.pages.money(shop.merchant_id)}
    assert told == {Needs.YOU: 1, Phase.LOST: 1, Phase.WAITING: 1}
    page = await world.pages.cases(shop.merchant_id, None, None, 5)
    assert {row.case_id: row.needs_you for row in page.rows} == {waits: True, other: False}
    await tell(world, shop, waits, e.EndActionUndone(at=MONDAY, in_stripe=False))
    assert await paged(world, shop, 5, Needs.YOU) == []
