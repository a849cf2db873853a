"""Merchants' own words: versions that stay, one use after another, and what became of two."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from application.letter_pages import ArmOutcome, LetterStanding
from application.ports.stores import ConcurrentWrite, NewMessage
from application.ports.wordings import MOST_TESTS, TESTS_WITHIN, LetterRef, WordsUsed
from domain.attribution import PeopleOutcome
from domain.letters import BLOCKS, OURS, InUse, LetterKind, LetterText
from domain.recovery import events as e
from tests.builders import DAY, MONDAY
from tests.contract.worlds import Shop, World, opened, tell

FAILED = LetterRef(LetterKind.PAYMENT_FAILED, "pt-BR")
OTHER = LetterRef(LetterKind.UPDATE_CARD, "pt-BR")
WHO = "user:1"
COMPARED = InUse(use=1, version=OURS, rival=1, rival_percent=50)


def a_text(number: int = 1) -> LetterText:
    return LetterText(
        subject=f"Words {number}",
        preview="{{ 7*7 }}",
        opening="{{merchant}}\n| <b>Hello</b>",
        button="Pay",
    )


async def test_versions_are_counted_and_stay(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.wordings.latest(FAILED) == 0
        assert await uow.wordings.add(FAILED, a_text(1), WHO, MONDAY) == 1
        assert await uow.wordings.add(FAILED, a_text(2), WHO, MONDAY + DAY) == 2
        assert await uow.wordings.add(OTHER, a_text(3), WHO, MONDAY) == 1
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.wordings.latest(FAILED) == 2
        assert await uow.wordings.version(FAILED, 1) == a_text(1)
        assert await uow.wordings.version(FAILED, 2) == a_text(2)
        assert [await uow.wordings.version(FAILED, no) for no in (0, 3, -1)] == [None] * 3
    pages, mine = world.letters, shop.merchant_id
    assert await pages.version(mine, FAILED, 2) == a_text(2)
    assert [await pages.version(mine, FAILED, no) for no in (0, 3, -1)] == [None] * 3
    found = await world.letters.versions(shop.merchant_id, FAILED, 1)
    assert [(one.version, one.text, one.actor, one.at) for one in found] == [
        (2, a_text(2), WHO, MONDAY + DAY)
    ]


async def test_a_text_at_the_limit_of_every_block_is_kept(world: World, shop: Shop) -> None:
    whole = LetterText(**{block: "\N{GRINNING FACE}" * most for block, most in BLOCKS.items()})
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.wordings.add(FAILED, whole, WHO, MONDAY)
        assert await uow.wordings.version(FAILED, 1) == whole


async def test_the_last_decision_counts_and_each_has_its_number(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.wordings.in_use(FAILED) == InUse()
        await uow.wordings.add(FAILED, a_text(1), WHO, MONDAY)
        await uow.wordings.add(FAILED, a_text(2), WHO, MONDAY)
        for use in (
            InUse(use=1, version=1),
            InUse(use=2, version=OURS, rival=2, rival_percent=30),
            InUse(use=3, version=2, rival=OURS, rival_percent=1),
            InUse(use=4, version=OURS),
        ):
            await uow.wordings.put_in_use(FAILED, use, WHO, MONDAY)
            assert await uow.wordings.in_use(FAILED) == use
        assert await uow.wordings.in_use(OTHER) == InUse()
    with pytest.raises(ConcurrentWrite):
        async with world.open_uow(shop.merchant_id) as uow:
            await uow.wordings.put_in_use(FAILED, InUse(use=4, version=1), WHO, MONDAY)


async def test_one_merchants_words_are_nobody_elses(world: World, shop: Shop) -> None:
    other = await world.shop()
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.wordings.add(FAILED, a_text(), WHO, MONDAY)
        await uow.wordings.put_in_use(FAILED, InUse(use=1, version=1), WHO, MONDAY)
    async with world.open_uow(other.merchant_id) as uow:
        assert await uow.wordings.latest(FAILED) == 0
        assert await uow.wordings.version(FAILED, 1) is None
        assert await uow.wordings.in_use(FAILED) == InUse()
    assert list(await world.letters.standings(other.merchant_id)) == []
    assert list(await world.letters.versions(other.merchant_id, FAILED, 9)) == []
    assert await world.letters.version(other.merchant_id, FAILED, 1) is None
    assert list(await world.letters.arms(other.merchant_id, FAILED, 1)) == []


async def test_a_letter_stands_where_somebody_wrote_or_decided(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.wordings.add(FAILED, a_text(1), WHO, MONDAY)
        await uow.wordings.put_in_use(FAILED, InUse(use=1, version=1), WHO, MONDAY + DAY)
        await uow.wordings.add(OTHER, a_text(2), WHO, MONDAY + 2 * DAY)
    found = {one.letter: one for one in await world.letters.standings(shop.merchant_id)}
    assert found == {
        FAILED: LetterStanding(
            letter=FAILED, in_use=InUse(use=1, version=1), latest=1, changed_at=MONDAY + DAY
        ),
        OTHER: LetterStanding(letter=OTHER, latest=1, changed_at=MONDAY + 2 * DAY),
    }
    assert [found[FAILED].has_draft, found[OTHER].has_draft] == [False, True]


async def test_a_person_tests_so_often_and_no_more(world: World, shop: Shop) -> None:
    mine, theirs = uuid4(), uuid4()
    async with world.open_uow(shop.merchant_id) as uow:
        sent = [await uow.wordings.note_test(mine, FAILED, MONDAY) for _ in range(MOST_TESTS + 1)]
        assert sent == [True] * MOST_TESTS + [False]
        assert await uow.wordings.note_test(theirs, FAILED, MONDAY)
        assert not await uow.wordings.note_test(mine, OTHER, MONDAY + TESTS_WITHIN - DAY / 1440)
        assert await uow.wordings.note_test(mine, OTHER, MONDAY + TESTS_WITHIN)


async def sent(
    world: World, shop: Shop, person: str, version: int, *more: e.Event, use: int = 1
) -> tuple[UUID, bytes]:
    """A case of this person's with one letter of this version; its link's hash."""
    case_id, token = uuid4(), uuid4().bytes * 2
    first = replace(opened(shop, f"in_{case_id.hex}"), customer_id=person)
    await tell(world, shop, case_id, first, *more)
    message = NewMessage(
        step=1,
        message_id=f"{case_id}@mail",
        subject="s",
        at=MONDAY,
        token_hash=token,
        words=WordsUsed(letter=FAILED, version=version, use=use),
    )
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.begin(case_id, message)
        await uow.messages.sent(message.message_id, MONDAY)
    return case_id, token


def paid() -> e.CaseRecovered:
    return e.CaseRecovered(at=MONDAY + DAY, amount_minor=29_00, by=e.Payer.STRIPE)


def lot(cases: int, paid_of_them: int, customers: int = 1) -> PeopleOutcome:
    return PeopleOutcome(
        held_out=False, arm=None, cases=cases, paid=paid_of_them, customers=customers
    )


async def test_what_became_of_each_version_is_counted_by_customer(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.wordings.add(FAILED, a_text(1), WHO, MONDAY)
        await uow.wordings.put_in_use(FAILED, COMPARED, WHO, MONDAY)
    await sent(world, shop, "cus_anna", OURS, paid())
    await sent(world, shop, "cus_anna", OURS)
    _, token = await sent(world, shop, "cus_bert", 1, paid())
    await sent(world, shop, "cus_carl", 1, paid())
    await sent(world, shop, "cus_dora", 1, paid(), use=2)  # of another comparison
    for _ in range(2):
        await sent(world, shop, "cus_emma", OURS)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.visited(token, MONDAY + DAY)
        await uow.messages.visited(token, MONDAY + 2 * DAY)
        await uow.messages.visited(b"x" * 32, MONDAY)
    ours, theirs = await world.letters.arms(shop.merchant_id, FAILED, 1)
    assert (ours.version, ours.sent, ours.visited) == (OURS, 4, 0)
    assert set(ours.people) == {lot(2, 1), lot(2, 0)}
    assert theirs == ArmOutcome(version=1, sent=2, visited=1, people=(lot(1, 1, customers=2),))


async def test_who_read_both_versions_is_in_neither(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.wordings.add(FAILED, a_text(1), WHO, MONDAY)
        await uow.wordings.put_in_use(FAILED, COMPARED, WHO, MONDAY)
    await sent(world, shop, "cus_anna", OURS)
    await sent(world, shop, "cus_anna", 1, paid())
    found = await world.letters.arms(shop.merchant_id, FAILED, 1)
    assert [(one.sent, one.people) for one in found] == [(1, ()), (1, ())]


async def test_another_merchants_link_is_no_visit(world: World, shop: Shop) -> None:
    other = await world.shop()
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.wordings.add(FAILED, a_text(1), WHO, MONDAY)
        await uow.wordings.put_in_use(FAILED, COMPARED, WHO, MONDAY)
    _, token = await sent(world, shop, "cus_anna", 1)
    async with world.open_uow(other.merchant_id) as uow:
        await uow.messages.visited(token, MONDAY)
    (found,) = await world.letters.arms(shop.merchant_id, FAILED, 1)
    assert found.visited == 0


async def test_what_did_not_go_out_is_not_counted(world: World, shop: Shop) -> None:
    case_id, _ = await sent(world, shop, "cus_anna", OURS)
    again = NewMessage(
        step=2,
        message_id=f"{case_id}.2@mail",
        subject="s",
        at=MONDAY + timedelta(hours=1),
        words=WordsUsed(letter=FAILED, version=OURS, use=1),
    )
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.begin(case_id, again)
        await uow.messages.failed(again.message_id)
    (found,) = await world.letters.arms(shop.merchant_id, FAILED, 1)
    assert found.sent == 1
