"""Tasks of a team: one open of a kind and subject, assigned, done, and open again."""

from typing import Any
from uuid import UUID, uuid4

from application.case_ids import task_id
from application.ports.tasks import Task
from application.task_views import TaskCounts, TaskFilter
from domain.tasks import TaskKind
from tests.builders import DAY, HOUR, MONDAY, a_customer
from tests.contract.worlds import Shop, World, a_case

LARGE, DEAD = TaskKind.LARGE_AMOUNT, TaskKind.DEAD_ADDRESS
NOBODY = uuid4()


def a_task(subject: str = "case:1", kind: TaskKind = LARGE, **changes: Any) -> Task:
    opened_at = changes.pop("opened_at", MONDAY)
    given = {
        "task_id": task_id(kind, subject, opened_at),
        "kind": kind,
        "subject": subject,
        "opened_at": opened_at,
        "due_at": opened_at + DAY,
        **changes,
    }
    return Task(**given)


async def add(world: World, shop: Shop, *tasks: Task) -> list[bool]:
    async with world.open_uow(shop.merchant_id) as uow:
        return [await uow.tasks.add(task) for task in tasks]


async def find(world: World, shop: Shop, task: Task) -> Task | None:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.tasks.find(task.task_id)


async def someone(world: World, shop: Shop) -> UUID:
    return (await world.teams.of(shop.merchant_id))[0].user_id


async def listed(
    world: World, shop: Shop, wish: TaskFilter = TaskFilter.ALL, user: UUID = NOBODY
) -> list[str]:
    page = await world.hand_off_pages.tasks(shop.merchant_id, wish, user, None, 50)
    return [row.task.subject for row in page.rows]


async def test_a_task_comes_back_as_it_was_put(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    task = a_task(case_id=case_id, about="amount", amount_minor=50_00, currency="eur")
    assert await add(world, shop, task) == [True]
    assert await find(world, shop, task) == task
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.tasks.of_case(case_id) == (task,)
        assert await uow.tasks.of_case(uuid4()) == ()
        assert await uow.tasks.open_of(LARGE, task.subject) == task
        assert await uow.tasks.open_of(DEAD, task.subject) is None


async def test_of_one_kind_and_subject_one_is_open(world: World, shop: Shop) -> None:
    first, again = a_task(), a_task(opened_at=MONDAY + HOUR)
    assert await add(world, shop, first, again, a_task(kind=DEAD), a_task("case:2")) == [
        True,
        False,
        True,
        True,
    ]
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.tasks.done(first.task_id, None, MONDAY + HOUR)
    assert await add(world, shop, again) == [True]


async def test_it_is_done_once_and_can_be_opened_again(world: World, shop: Shop) -> None:
    task, user = a_task(), await someone(world, shop)
    await add(world, shop, task)
    async with world.open_uow(shop.merchant_id) as uow:
        assert not await uow.tasks.reopen(task.task_id)
        assert await uow.tasks.done(task.task_id, user, MONDAY + HOUR)
        assert not await uow.tasks.done(task.task_id, None, MONDAY + DAY)
    done = await find(world, shop, task)
    assert done is not None
    assert (done.done_at, done.done_by) == (MONDAY + HOUR, user)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.tasks.reopen(task.task_id)
    assert await find(world, shop, task) == task


async def test_it_is_not_opened_again_beside_another_of_its_kind(world: World, shop: Shop) -> None:
    first, second = a_task(), a_task(opened_at=MONDAY + HOUR)
    await add(world, shop, first)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.tasks.done(first.task_id, None, MONDAY + HOUR)
        await uow.tasks.add(second)
        assert not await uow.tasks.reopen(first.task_id)
        assert await uow.tasks.open_of(LARGE, first.subject) == second


async def test_it_is_given_to_members_and_to_nobody_else(world: World, shop: Shop) -> None:
    task, user, other = a_task(), await someone(world, shop), await world.shop()
    await add(world, shop, task)
    stranger = await someone(world, other)
    async with world.open_uow(shop.merchant_id) as uow:
        assert not await uow.tasks.assign(task.task_id, stranger)
        assert not await uow.tasks.assign(uuid4(), user)
        assert await uow.tasks.assign(task.task_id, user)
    assert await listed(world, shop, TaskFilter.MINE, user) == [task.subject]
    assert await listed(world, shop, TaskFilter.NOBODYS) == []
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.tasks.assign(task.task_id, None)
        await uow.tasks.done(task.task_id, user, MONDAY + DAY)
        assert not await uow.tasks.assign(task.task_id, user)


async def test_what_is_late_is_known_by_whose_it_is(world: World, shop: Shop) -> None:
    user = await someone(world, shop)
    tasks = [a_task(f"case:{n}", due_at=MONDAY + n * DAY) for n in range(3)]
    await add(world, shop, *tasks)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.tasks.overdue_of(MONDAY) == ()
        await uow.tasks.assign(tasks[0].task_id, user)
        assert await uow.tasks.overdue_of(MONDAY + 2 * DAY) == (user, None)
    pages, merchant_id, late = world.hand_off_pages, shop.merchant_id, MONDAY + 2 * DAY
    for whose, expected in (
        (None, ["case:0", "case:1"]),
        ((user,), ["case:0"]),
        ((None,), ["case:1"]),
        ((user, None), ["case:0", "case:1"]),
        ((uuid4(),), []),
    ):
        rows = await pages.overdue(merchant_id, whose, late, 50)
        assert [row.task.subject for row in rows] == expected
    counts = await pages.counts(merchant_id, user, late)
    assert counts == TaskCounts(all=3, mine=1, nobodys=2, overdue=2)


async def test_the_list_goes_page_by_page_soonest_due_first(world: World, shop: Shop) -> None:
    tasks = [a_task(f"case:{n}", due_at=MONDAY + (n % 3) * DAY) for n in range(7)]
    await add(world, shop, *tasks)
    seen: list[Task] = []
    after: str | None = None
    for _ in range(4):
        page = await world.hand_off_pages.tasks(shop.merchant_id, TaskFilter.ALL, NOBODY, after, 2)
        seen += [row.task for row in page.rows]
        after = page.after
    assert after is None
    assert seen == sorted(tasks, key=lambda task: (task.due_at, task.task_id))


async def test_done_ones_are_listed_the_latest_first(world: World, shop: Shop) -> None:
    tasks = [a_task(f"case:{n}") for n in range(3)]
    await add(world, shop, *tasks)
    async with world.open_uow(shop.merchant_id) as uow:
        for n, task in enumerate(tasks):
            await uow.tasks.done(task.task_id, None, MONDAY + n * HOUR)
    assert await listed(world, shop) == []
    page = await world.hand_off_pages.tasks(shop.merchant_id, TaskFilter.DONE, NOBODY, None, 2)
    assert [row.task.subject for row in page.rows] == ["case:2", "case:1"]
    rest = await world.hand_off_pages.tasks(
        shop.merchant_id, TaskFilter.DONE, NOBODY, page.after, 2
    )
    assert ([row.task.subject for row in rest.rows], rest.after) == (["case:0"], None)


async def test_an_unreadable_place_is_the_beginning(world: World, shop: Shop) -> None:
    await add(world, shop, a_task())
    for after in ("nonsense", "", "%00", "MjAyNi0wMS0wMSB4"):
        page = await world.hand_off_pages.tasks(shop.merchant_id, TaskFilter.ALL, NOBODY, after, 50)
        assert len(page.rows) == 1


async def test_a_row_names_the_invoice_and_the_customer(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.customers.keep(shop.account, a_customer())
    task = a_task(case_id=case_id)
    await add(world, shop, task)
    view = await world.pages.case(shop.merchant_id, case_id, MONDAY)
    assert view is not None
    (row,) = view.tasks
    named = (row.task, row.invoice, row.customer_name, row.customer_email)
    assert named == (task, "in_1", a_customer().name, a_customer().email)
    assert await world.hand_off_pages.these(shop.merchant_id, (task.task_id, uuid4())) == (row,)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.tasks.done(task.task_id, None, MONDAY)
    assert await world.hand_off_pages.these(shop.merchant_id, (task.task_id,)) == ()


async def test_it_moves_to_another_case(world: World, shop: Shop) -> None:
    first, second = await a_case(world, shop), await a_case(world, shop, "in_2")
    task = a_task(case_id=first)
    await add(world, shop, task)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.tasks.move(task.task_id, second)
        assert [each.task_id for each in await uow.tasks.of_case(second)] == [task.task_id]
        assert await uow.tasks.of_case(first) == ()


async def test_one_merchants_tasks_are_nobody_elses(world: World, shop: Shop) -> None:
    task, other = a_task(), await world.shop()
    await add(world, shop, task)
    assert await find(world, other, task) is None
    assert await listed(world, other) == []
    async with world.open_uow(other.merchant_id) as uow:
        assert not await uow.tasks.done(task.task_id, None, MONDAY)
        assert await uow.tasks.overdue_of(MONDAY + 30 * DAY) == ()
    assert await add(world, other, task) == [True]


async def test_whoever_signs_in_sees_how_many_are_open(world: World, shop: Shop) -> None:
    await add(world, shop, a_task("case:1"), a_task("case:2"))
    id_hash = uuid4().bytes
    await world.sessions.create(id_hash, await someone(world, shop), shop.merchant_id)
    who = await world.sessions.read(id_hash, idle=HOUR, absolute=HOUR)
    assert who is not None
    assert who.open_tasks == 2
