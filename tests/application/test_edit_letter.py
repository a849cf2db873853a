"""Own words: drafts that nobody reads, one decision after another, and the way back to ours."""

from uuid import uuid4

import pytest
from msgspec.structs import replace

from adapters.email.render import JinjaLetters
from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import HeldWords, MemoryWorld
from application.ports.wordings import MOST_VERSIONS, LetterRef
from application.use_cases.edit_letter import EditLetter
from domain.letters import OURS, InUse, LetterKind, LetterText
from tests.builders import MONDAY

SHOP, WHO = uuid4(), "user:1"
FAILED = LetterRef(LetterKind.PAYMENT_FAILED, "de")
TEXT = LetterText(subject="{{amount}}", preview="", opening="Guten Tag.", button="Zahlen")


class Desk:
    """Where somebody writes."""

    def __init__(self) -> None:
        self.world = MemoryWorld()
        self.edit = EditLetter(
            open_uow=units_of_work(self.world), clock=lambda: MONDAY, desk=JinjaLetters()
        )

    async def writes(self, **blocks: str) -> int:
        saved = await self.edit.save(SHOP, FAILED, replace(TEXT, **blocks), WHO)
        assert not saved.faults
        return saved.version

    async def in_use(self) -> InUse:
        async with units_of_work(self.world)(SHOP) as uow:
            return await uow.wordings.in_use(FAILED)

    def told(self) -> list[tuple[str, dict[str, str | int | None]]]:
        return [(entry.action, entry.after) for entry in self.world.audit.values()]


async def test_a_draft_is_kept_and_read_by_nobody() -> None:
    desk = Desk()
    assert await desk.writes() == 1
    assert await desk.writes(body="Bitte.") == 2
    assert await desk.in_use() == InUse()
    assert desk.told() == [("write_letter", {"version": 1}), ("write_letter", {"version": 2})]


async def test_the_same_words_again_are_no_new_version() -> None:
    desk = Desk()
    assert [await desk.writes(), await desk.writes()] == [1, 1]
    assert len(desk.told()) == 1


async def test_our_own_words_are_ours() -> None:
    desk = Desk()
    ours = desk.edit.desk.ours(FAILED.kind, FAILED.language)
    assert (await desk.edit.save(SHOP, FAILED, ours, WHO)).version == OURS
    assert desk.world.wordings == {}


async def test_words_with_a_fault_are_not_kept() -> None:
    desk = Desk()
    saved = await desk.edit.save(SHOP, FAILED, replace(TEXT, body="{{amuont}}"), WHO)
    assert [(fault.block, fault.line, fault.column) for fault in saved.faults] == [("body", 1, 1)]
    assert (desk.world.wordings, desk.told()) == ({}, [])


async def test_there_is_an_end_of_versions() -> None:
    desk = Desk()
    held = HeldWords(text=TEXT, actor=WHO, at=MONDAY)
    desk.world.wordings[SHOP, FAILED] = (held,) * MOST_VERSIONS
    saved = await desk.edit.save(SHOP, FAILED, replace(TEXT, body="Bitte."), WHO)
    assert saved.is_full
    assert len(desk.world.wordings[SHOP, FAILED]) == MOST_VERSIONS


async def test_a_version_comes_into_use_and_ours_comes_back() -> None:
    desk = Desk()
    await desk.writes()
    assert await desk.edit.use(SHOP, FAILED, 1, WHO)
    assert await desk.edit.use(SHOP, FAILED, 1, WHO)
    assert await desk.in_use() == InUse(use=1, version=1)
    assert await desk.edit.use(SHOP, FAILED, OURS, WHO)
    assert await desk.in_use() == InUse(use=2, version=OURS)
    assert desk.told()[1:] == [("use_letter", {"version": 1}), ("use_letter", {"version": 0})]


@pytest.mark.parametrize("version", [2, -1, 99_999])
async def test_a_version_that_is_not_there_is_not_used(version: int) -> None:
    desk = Desk()
    await desk.writes()
    assert not await desk.edit.use(SHOP, FAILED, version, WHO)
    assert await desk.in_use() == InUse()


async def test_two_versions_are_compared_and_each_comparison_draws_anew() -> None:
    desk = Desk()
    await desk.writes()
    wish = InUse(version=OURS, rival=1, rival_percent=30)
    assert await desk.edit.compare(SHOP, FAILED, wish, WHO)
    assert await desk.in_use() == replace(wish, use=1)
    assert await desk.edit.use(SHOP, FAILED, 1, WHO)
    assert await desk.edit.compare(SHOP, FAILED, wish, WHO)
    assert await desk.in_use() == replace(wish, use=3)
    assert desk.told()[-1][1] == {"version": 0, "rival": 1, "rival_percent": 30}


@pytest.mark.parametrize(
    "wish",
    [
        InUse(version=1, rival=1, rival_percent=50),
        InUse(version=OURS, rival=2, rival_percent=50),
        InUse(version=-1, rival=1, rival_percent=50),
        InUse(version=OURS, rival=1, rival_percent=0),
        InUse(version=OURS, rival=1, rival_percent=100),
        InUse(version=OURS),
    ],
)
async def test_what_cannot_be_compared_is_not(wish: InUse) -> None:
    desk = Desk()
    await desk.writes()
    assert not await desk.edit.compare(SHOP, FAILED, wish, WHO)
    assert await desk.in_use() == InUse()


async def test_letters_without_an_outcome_are_not_compared() -> None:
    desk = Desk()
    wish = InUse(version=OURS, rival=1, rival_percent=50)
    for kind in (LetterKind.RECOVERED, LetterKind.CARD_EXPIRING, LetterKind.FRESH_LINK):
        letter = LetterRef(kind, "de")
        ours = desk.edit.desk.ours(kind, "de")
        await desk.edit.save(SHOP, letter, replace(ours, after="Danke."), WHO)
        assert not await desk.edit.compare(SHOP, letter, wish, WHO)
