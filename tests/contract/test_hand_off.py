"""How a merchant hands over: its numbers, who hears of tasks, where they are posted, what waits."""

from uuid import UUID, uuid4

from msgspec.structs import replace

from application.ports.hand_off import SlackStanding
from application.ports.team_news import MOST_TRIES, Channel, Notice, Occasion
from application.tasks import notice_of
from domain.tasks import TO_BEGIN_WITH, TaskKind
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.test_tasks import a_task, add
from tests.contract.worlds import Shop, World

PATH = "services/T000/B000/s3cret"
AN_AGE = 400 * DAY


async def waiting(world: World, shop: Shop, *channels: Channel) -> tuple[Notice, ...]:
    """A task, and who is to hear of it."""
    task, user = a_task(), (await world.teams.of(shop.merchant_id))[0].user_id
    await add(world, shop, task)
    notices = tuple(
        notice_of(
            Occasion.NEW,
            str(task.task_id),
            channel,
            user if channel is Channel.MAIL else None,
            MONDAY,
        )
        for channel in channels
    )
    async with world.open_uow(shop.merchant_id) as uow:
        for notice in notices:
            await uow.news.put(notice)
    return notices


async def test_a_merchant_begins_with_numbers_that_it_sees(world: World, shop: Shop) -> None:
    (member,) = await world.teams.of(shop.merchant_id)
    async with world.open_uow(shop.merchant_id) as uow:
        standing = await uow.hand_off.read()
    assert standing.rules == TO_BEGIN_WITH
    assert (standing.timezone, standing.slack) == ("Europe/Berlin", SlackStanding())
    assert standing.hearers == (member.user_id,)
    assert member.hears


async def test_other_numbers_stay(world: World, shop: Shop) -> None:
    rules = replace(
        TO_BEGIN_WITH, large={"jpy": 1}, due_days={**TO_BEGIN_WITH.due_days, TaskKind.COMPLAINT: 9}
    )
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.hand_off.keep(TO_BEGIN_WITH, MONDAY)
        await uow.hand_off.keep(rules, MONDAY)
    async with world.open_uow(shop.merchant_id) as uow:
        assert (await uow.hand_off.read()).rules == rules


async def test_a_member_may_stop_listening(world: World, shop: Shop) -> None:
    (member,), other = await world.teams.of(shop.merchant_id), await world.shop()
    async with world.open_uow(other.merchant_id) as uow:
        assert not await uow.hand_off.hear(member.user_id, hears=False)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.hand_off.hear(member.user_id, hears=False)
        assert not await uow.hand_off.hear(uuid4(), hears=True)
    async with world.open_uow(shop.merchant_id) as uow:
        assert (await uow.hand_off.read()).hearers == ()
    assert [each.hears for each in await world.teams.of(shop.merchant_id)] == [False]


async def test_the_way_to_slack_is_kept_and_forgotten(world: World, shop: Shop) -> None:
    other = await world.shop()
    assert await world.doors.path(shop.merchant_id) is None
    for path, since in ((PATH, MONDAY), (None, None), (PATH, MONDAY + HOUR)):
        async with world.open_uow(shop.merchant_id) as uow:
            await uow.hand_off.slack(path, since or MONDAY)
        assert await world.doors.path(shop.merchant_id) == path
        async with world.open_uow(shop.merchant_id) as uow:
            assert (await uow.hand_off.read()).slack == SlackStanding(since=since)
    assert await world.doors.path(other.merchant_id) is None


async def test_a_webhook_that_is_no_more_is_told_of_until_there_is_another(
    world: World, shop: Shop
) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.hand_off.slack(PATH, MONDAY)
        await uow.hand_off.slack_gone(MONDAY + DAY)
        assert (await uow.hand_off.read()).slack == SlackStanding(gone_at=MONDAY + DAY)
    assert await world.doors.path(shop.merchant_id) is None
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.hand_off.slack(PATH, MONDAY + 2 * DAY)
        assert (await uow.hand_off.read()).slack == SlackStanding(since=MONDAY + 2 * DAY)


async def test_what_is_put_twice_is_told_once(world: World, shop: Shop) -> None:
    (notice,) = await waiting(world, shop, Channel.MAIL)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.news.put(notice)
        assert await uow.news.next_at() == MONDAY
        (taken,) = await uow.news.take(MONDAY, 10)
    assert taken == replace(notice, tries=1)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.news.told((notice.notice_id,), MONDAY)
        await uow.news.put(notice)
        assert await uow.news.next_at() is None
        assert await uow.news.take(MONDAY + DAY, 10) == ()


async def test_each_try_is_later_and_there_are_so_many(world: World, shop: Shop) -> None:
    (notice,) = await waiting(world, shop, Channel.SLACK)
    at, waits = MONDAY, []
    for number in range(1, MOST_TRIES + 1):
        async with world.open_uow(shop.merchant_id) as uow:
            (taken,) = await uow.news.take(at, 10)
            assert taken == replace(notice, tries=number)
            assert await uow.news.take(at, 10) == ()
            again = await uow.news.next_at()
        if again is not None:
            waits.append((again - at).total_seconds() / 60)
            at = again
    assert waits == [2**n for n in range(MOST_TRIES - 1)]
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.news.take(MONDAY + AN_AGE, 10) == ()


async def test_what_was_given_up_waits_no_more(world: World, shop: Shop) -> None:
    mail, post = await waiting(world, shop, Channel.MAIL, Channel.SLACK)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.news.failed((mail.notice_id, uuid4()), "SMTP 550", MONDAY)
        (taken,) = await uow.news.take(MONDAY + AN_AGE, 10)
    assert taken.notice_id == post.notice_id


async def test_so_many_are_taken_at_once(world: World, shop: Shop) -> None:
    await waiting(world, shop, Channel.MAIL, Channel.SLACK)
    async with world.open_uow(shop.merchant_id) as uow:
        assert len(await uow.news.take(MONDAY, 1)) == 1
        assert len(await uow.news.take(MONDAY, 1)) == 1
        assert await uow.news.take(MONDAY, 1) == ()


async def test_one_merchants_news_are_nobody_elses(world: World, shop: Shop) -> None:
    (notice,), other = await waiting(world, shop, Channel.MAIL), await world.shop()
    async with world.open_uow(other.merchant_id) as uow:
        assert await uow.news.next_at() is None
        await uow.news.told((notice.notice_id,), MONDAY)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.news.next_at() == MONDAY


def test_a_notice_is_known_by_what_who_and_how() -> None:
    user, task = uuid4(), str(uuid4())
    given = (
        (Occasion.NEW, task, Channel.MAIL, user),
        (Occasion.ASSIGNED, task, Channel.MAIL, user),
        (Occasion.NEW, str(uuid4()), Channel.MAIL, user),
        (Occasion.NEW, task, Channel.SLACK, None),
        (Occasion.NEW, task, Channel.MAIL, UUID(int=1)),
        (Occasion.OVERDUE, "2026-07-01", Channel.MAIL, user),
    )
    ids = {notice_of(*each, MONDAY).notice_id for each in given}
    assert len(ids) == len(given)
    assert ids == {notice_of(*each, MONDAY + DAY).notice_id for each in given}
