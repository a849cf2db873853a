"""One batch of references: a few at a time, each on its own, leases kept."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog

from adapters.jobs.batch import BatchWork

LEASE = timedelta(seconds=60)


class Diary:
    """What a batch did, in the order in which it did it."""

    def __init__(self, *, fails: Callable[[int], bool] = lambda ref: False) -> None:
        self.fails = fails
        self.done: list[int] = []
        self.failed: list[tuple[int, str]] = []
        self.leases: list[tuple[tuple[int, ...], timedelta]] = []
        self.bound: dict[int, str] = {}
        self.busy = self.busiest = 0

    async def do(self, ref: int) -> None:
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        await asyncio.sleep(0.005)
        self.busy -= 1
        self.bound[ref] = structlog.contextvars.get_contextvars()["correlation_id"]
        if self.fails(ref):
            raise RuntimeError(f"no {ref}")
        self.done.append(ref)

    async def note_failure(self, ref: int, error: Exception) -> None:
        self.failed.append((ref, str(error)))

    async def renew(self, refs: tuple[int, ...], lease: timedelta) -> None:
        self.leases.append((refs, lease))


def work(diary: Diary, **changes: Any) -> BatchWork[int]:
    given: dict[str, Any] = {
        "do": diary.do,
        "failed": diary.note_failure,
        "renew": diary.renew,
        "name": "evt_{}".format,
        "concurrency": 4,
        "lease": LEASE,
    }
    return BatchWork(**{**given, **changes})


async def test_every_reference_is_handled_and_never_more_than_the_limit_at_once() -> None:
    diary = Diary()
    await work(diary)(tuple(range(30)))
    assert sorted(diary.done) == list(range(30))
    assert diary.busiest == 4


async def test_a_failure_is_reported_and_stops_no_other() -> None:
    diary = Diary(fails=lambda ref: ref % 3 == 0)
    await work(diary)(tuple(range(9)))
    assert sorted(diary.done) == [1, 2, 4, 5, 7, 8]
    assert sorted(diary.failed) == [(0, "no 0"), (3, "no 3"), (6, "no 6")]


async def test_a_failure_that_cannot_be_reported_stops_nobody_either() -> None:
    async def no_database(ref: int, error: Exception) -> None:
        raise ConnectionError

    diary = Diary(fails=lambda ref: ref == 0)
    await work(diary, failed=no_database)((0, 1, 2))
    assert sorted(diary.done) == [1, 2]


async def test_leases_are_renewed_at_the_start_and_for_what_is_left_while_it_runs() -> None:
    diary = Diary()
    await work(diary, concurrency=1, lease=timedelta(seconds=0.03))(tuple(range(8)))
    first, later = diary.leases[0], diary.leases[-1]
    assert first == (tuple(range(8)), timedelta(seconds=0.03))
    assert len(diary.leases) >= 3
    assert set(later[0]) < set(first[0])


async def test_a_renewal_that_fails_does_not_end_the_batch() -> None:
    async def no_database(refs: tuple[int, ...], lease: timedelta) -> None:
        raise ConnectionError

    diary = Diary()
    await work(diary, renew=no_database, lease=timedelta(seconds=0.01))(tuple(range(8)))
    assert sorted(diary.done) == list(range(8))


async def test_draining_ends_what_was_begun_and_frees_the_rest_at_once() -> None:
    diary = Diary()
    await work(diary, concurrency=2, draining=lambda: bool(diary.done))(tuple(range(10)))
    rest = tuple(ref for ref in range(10) if ref not in diary.done)
    assert diary.busy == 0
    assert len(rest) >= 6
    assert diary.leases[-1] == (rest, timedelta())


async def test_each_reference_logs_under_its_own_correlation_id() -> None:
    diary = Diary()
    await work(diary)((1, 2, 3, 4, 5))
    assert diary.bound == {ref: f"evt_{ref}" for ref in (1, 2, 3, 4, 5)}
