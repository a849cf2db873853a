"""Lessons, knowledge by version, and what merchants that agreed know together."""

from uuid import UUID, uuid4

import pytest

from application.errors import NotFound
from application.ports.learning import FreshLesson, LearnedVersion
from application.ports.stores import ConcurrentWrite
from application.use_cases.learn_from_outcomes import FRESH_FOR, POOL_PARTS, LearnFromOutcomes
from application.use_cases.share_lessons import ShareLessons
from domain.timing.knowledge import Knowledge
from domain.timing.lessons import Lesson
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, World, a_lesson

# After all that the clocks here show, so that none of it has faded yet.
MAY = MONDAY + 60 * DAY
TAUGHT = tuple(a_lesson(succeeded, MAY + day * DAY) for day, succeeded in enumerate([True, False]))


def knowing(*lessons: Lesson) -> Knowledge:
    knowledge = Knowledge()
    for lesson in lessons:
        knowledge.learn(lesson)
    return knowledge


def alone(*lessons: Lesson) -> bytes:
    """What a merchant reads who has only learned this, and from nobody else."""
    return Knowledge.pooled((), knowing(*lessons)).encode()


def version(number: int, own: Knowledge, whole: Knowledge) -> LearnedVersion:
    return LearnedVersion(version=number, own=own, whole=whole, made_at=MONDAY)


async def teach(world: World, shop: Shop, times: int = 1) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        for _ in range(times):
            await uow.lessons.add(MONDAY, TAUGHT)


async def learn(world: World) -> int:
    """A round, when everybody may learn again."""
    world.now += FRESH_FOR + HOUR
    return await LearnFromOutcomes(
        open_uow=world.open_uow, learners=world.learners, clock=world.clock
    )()


async def waiting(world: World, limit: int) -> tuple[UUID, ...]:
    """Who may learn once the last version is old enough."""
    return await world.learners.waiting(limit, world.now + HOUR)


async def whole(world: World, shop: Shop) -> bytes:
    """What decisions of a merchant read now."""
    async with world.open_uow(shop.merchant_id) as uow:
        knowledge = await uow.knowledge.version(await uow.knowledge.active())
    return knowledge.encode()


async def a_sharing_shop(world: World, apart_from: UUID | None = None) -> Shop:
    """A merchant that agreed, and feeds another part of the pool than `apart_from` does."""
    while True:
        shop = await world.shop(shares_lessons=True)
        if apart_from is None or (shop.merchant_id.int - apart_from.int) % POOL_PARTS:
            return shop


async def test_lessons_wait_in_their_order_until_they_are_learned(world: World, shop: Shop) -> None:
    await teach(world, shop)
    async with world.open_uow(shop.merchant_id) as uow:
        fresh = await uow.lessons.fresh(1)
        assert [each.lesson for each in fresh] == list(TAUGHT[:1])
        await uow.lessons.learned(tuple(each.lesson_id for each in fresh), 1)
    async with world.open_uow(shop.merchant_id) as uow:
        (last,) = await uow.lessons.fresh(10)
    assert isinstance(last, FreshLesson)
    assert last.lesson == TAUGHT[1]


async def test_lessons_are_nobody_elses(world: World, shop: Shop) -> None:
    await teach(world, shop)
    stranger = await world.shop()
    async with world.open_uow(stranger.merchant_id) as uow:
        assert await uow.lessons.fresh(10) == ()


async def test_before_anything_is_learned_the_priors_are_known(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.knowledge.active() == 0
        assert (await uow.knowledge.version(0)).encode() == Knowledge().encode()
        assert (await uow.knowledge.own()).encode() == Knowledge().encode()
        with pytest.raises(NotFound):
            await uow.knowledge.version(1)


async def test_a_version_stays_as_it_was_when_the_next_is_made(world: World, shop: Shop) -> None:
    first, second = knowing(TAUGHT[0]), knowing(*TAUGHT)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.knowledge.keep(version(1, Knowledge(), first))
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.knowledge.keep(version(2, second, second))
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.knowledge.active() == 2
        assert (await uow.knowledge.version(1)).encode() == first.encode()
        assert (await uow.knowledge.version(2)).encode() == second.encode()
        own = await uow.knowledge.own()
        own.learn(TAUGHT[0])
        assert (await uow.knowledge.own()).encode() == second.encode()
    with pytest.raises(ConcurrentWrite):
        async with world.open_uow(shop.merchant_id) as uow:
            await uow.knowledge.keep(version(2, second, second))


async def test_knowledge_is_nobody_elses(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.knowledge.keep(version(1, Knowledge(), Knowledge()))
    stranger = await world.shop()
    async with world.open_uow(stranger.merchant_id) as uow:
        assert await uow.knowledge.active() == 0


async def test_a_round_of_learning_makes_the_next_version_of_who_has_lessons(
    world: World, shop: Shop
) -> None:
    await world.shop()
    assert await waiting(world, 10) == ()
    assert await learn(world) == 0
    await teach(world, shop)
    assert await waiting(world, 10) == (shop.merchant_id,)
    assert await learn(world) == 1
    assert await whole(world, shop) == alone(*TAUGHT)
    assert await learn(world) == 0
    await teach(world, shop)
    assert await learn(world) == 1
    assert await whole(world, shop) == alone(*TAUGHT, *TAUGHT)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.knowledge.active() == 2
        assert (await uow.knowledge.version(1)).encode() == alone(*TAUGHT)


async def test_who_has_just_learned_waits_until_there_is_more_to_learn(
    world: World, shop: Shop
) -> None:
    await teach(world, shop)
    await learn(world)
    await teach(world, shop)
    assert await world.learners.waiting(10, world.now) == ()
    assert await world.learners.waiting(10, world.now + HOUR) == (shop.merchant_id,)


async def test_old_evidence_counts_less_in_what_decisions_read(world: World, shop: Shop) -> None:
    await teach(world, shop)
    world.now = MAY + 365 * DAY
    await learn(world)
    assert await whole(world, shop) != alone(*TAUGHT)
    faded = knowing(*TAUGHT)
    faded = Knowledge.pooled((), faded).decayed(world.now)
    assert await whole(world, shop) == faded.encode()


async def test_who_did_not_agree_shares_nothing(world: World, shop: Shop) -> None:
    await teach(world, shop)
    await learn(world)
    async with world.open_uow(shop.merchant_id) as uow:
        assert not await uow.pool.is_fed_by_us()
        assert await uow.pool.read() == {}


async def test_a_new_merchant_starts_with_what_others_shared(world: World) -> None:
    teacher = await a_sharing_shop(world)
    await teach(world, teacher)
    await learn(world)
    beginner = await world.shop()
    assert beginner.merchant_id in await waiting(world, 100)
    assert await learn(world) >= 1
    nameless = await whole(world, beginner)
    assert nameless != Knowledge().encode()
    assert b"own" not in nameless
    assert await waiting(world, 10) == ()


async def test_a_merchant_that_shares_does_not_hear_itself_twice(world: World) -> None:
    one = await a_sharing_shop(world)
    await teach(world, one)
    await learn(world)
    assert await whole(world, one) == alone(*TAUGHT)
    other = await a_sharing_shop(world, apart_from=one.merchant_id)
    await teach(world, other)
    await learn(world)
    assert await whole(world, other) != alone(*TAUGHT)
    await teach(world, one)
    await learn(world)
    assert await whole(world, one) != alone(*TAUGHT, *TAUGHT)


async def test_more_merchants_than_one_round_takes_come_in_the_next(world: World) -> None:
    shops = [await world.shop() for _ in range(3)]
    for each in shops:
        await teach(world, each)
    found = await waiting(world, 2)
    assert found == tuple(sorted(each.merchant_id for each in shops)[:2])


async def test_a_merchant_may_agree_later_and_think_better_of_it(world: World, shop: Shop) -> None:
    share = ShareLessons(open_uow=world.open_uow, registry=world.registry, clock=world.clock)
    for shares in (True, True, False):
        await share(shop.merchant_id, shares=shares, actor="user:1")
        async with world.open_uow(shop.merchant_id) as uow:
            assert await uow.pool.is_fed_by_us() is shares
    with pytest.raises(NotFound):
        await share(uuid4(), shares=True, actor="user:1")
