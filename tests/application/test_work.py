"""A worker's errand: done, or counted as failed; never forgotten."""

import pytest

from application.errors import NetworkLimitReached, Unavailable
from application.ports.conveyor import ScheduledAction
from application.ports.stores import ActionRef, EventRef
from application.work import (
    FOR_EVER,
    MOST_TRIES,
    CarryOut,
    Failures,
    NothingHappened,
    describe,
    tries_for,
)
from domain.recovery.actions import ActionKind
from tests.application.bakery import FAILED, Bakery
from tests.builders import DAY


def failures(bakery: Bakery) -> tuple[Failures, list[tuple[str, bool]]]:
    counted: list[tuple[str, bool]] = []
    kept = Failures(
        inbox=bakery.inbox,
        actions=bakery.actions,
        count=lambda rows, dead: counted.append((rows, dead)),
    )
    return kept, counted


async def fails(
    bakery: Bakery, ref: EventRef | ActionRef, error: Exception, times: int
) -> list[bool]:
    kept, counted = failures(bakery)
    for _ in range(times):
        if isinstance(ref, EventRef):
            await kept.of_event(ref, error)
        else:
            await kept.of_action(ref, error)
    return [dead for _, dead in counted]


async def test_a_poison_event_is_dead_after_five_tries_and_no_earlier() -> None:
    bakery = await Bakery().opens()
    ref = await bakery.keeps(FAILED)
    dead = await fails(bakery, ref, ValueError("poison"), MOST_TRIES)
    assert dead == [False] * (MOST_TRIES - 1) + [True]
    assert await bakery.inbox.read(ref) is None


async def test_a_poison_action_is_dead_after_five_tries_and_no_earlier() -> None:
    bakery = await Bakery().opens()
    ref = await bakery.due()
    assert ref is not None
    dead = await fails(bakery, ref, ValueError("poison"), MOST_TRIES)
    assert dead == [False] * (MOST_TRIES - 1) + [True]
    assert await bakery.actions.read(ref) is None


async def test_a_row_never_dies_of_stripe_being_away() -> None:
    bakery = await Bakery().opens()
    ref = await bakery.due()
    assert ref is not None
    assert not any(await fails(bakery, ref, Unavailable("away"), 3 * MOST_TRIES))
    bakery.now += DAY
    assert await bakery.actions.read(ref) is not None


def test_who_is_to_blame_decides_how_often() -> None:
    assert tries_for(ValueError()) == MOST_TRIES
    no_fault = (Unavailable(), OSError(), TimeoutError(), ConnectionResetError())
    for error in (*no_fault, NetworkLimitReached()):
        assert tries_for(error) == FOR_EVER


def test_an_error_is_kept_in_its_own_words_cut_short() -> None:
    assert describe(ValueError("no")) == "ValueError: no"
    assert len(describe(ValueError("x" * 10_000))) == 500


async def test_an_action_that_changes_nothing_is_a_bug_that_is_seen() -> None:
    bakery = await Bakery().opens()
    ref = await bakery.due()
    assert ref is not None

    bakery.now += 2 * DAY

    async def does_nothing(action: ScheduledAction) -> None:
        """An errand that forgot its case."""

    carry_out = CarryOut(
        actions=bakery.actions,
        by_kind=dict.fromkeys(ActionKind, does_nothing),
        clock=lambda: bakery.now,
    )
    with pytest.raises(NothingHappened):
        await carry_out(ref)
    assert tries_for(NothingHappened()) == MOST_TRIES


async def test_an_action_that_is_done_already_is_not_done_again() -> None:
    bakery = await Bakery().opens()
    ref = await bakery.due()
    assert ref is not None
    await bakery.does_what_is_next()
    before = bakery.history()
    await bakery.carry_out(ref)
    assert bakery.history() == before
