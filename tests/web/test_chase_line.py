"""The chase line: dips where a charge fails, comes back where money does, stays in its frame."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.memory.pages import MemoryPages
from application.views import CaseRow
from domain.recovery.case import MarkKind
from tests.web.site import ACME, NOW, Site
from tests.web.stories import Story
from web.chase_line import WELL, chase_line, path_of
from web.spark import HEIGHT, WIDTH, spark

DAY = timedelta(days=1)


async def row_of(**changes: object) -> CaseRow:
    site = Site()
    await site.open_house()
    given_ = {"invoice_id": "in_0001", "opened_at": NOW - 3 * DAY, **changes}
    await site.tell(Story(**given_))  # type: ignore[arg-type]
    return (await MemoryPages(site.world).cases(ACME, None, None, 1)).rows[0]


async def test_it_comes_in_high_and_dips_where_the_charge_failed() -> None:
    line = chase_line(await row_of(), NOW)
    assert line.past[0] == (0.0, WELL)
    assert line.points[0].kind is MarkKind.FAILED
    assert line.points[0].y > 0.5


async def test_each_decline_takes_it_lower_and_a_new_card_lifts_it() -> None:
    line = chase_line(await row_of(opened_at=NOW - 13 * DAY), NOW)
    falls = [point.y for point in line.points if point.kind is MarkKind.FAILED]
    assert falls == sorted(falls)
    lifted = chase_line(
        await row_of(decline_code="expired_card", new_card_at=NOW - DAY, answers=("silence",)), NOW
    )
    before, card = (lifted.points[0], next(p for p in lifted.points if p.kind == "customer"))
    assert card.y < before.y


async def test_paid_money_brings_it_back_to_where_it_came_from() -> None:
    line = chase_line(await row_of(pays_at=NOW - DAY), NOW)
    assert line.points[-1].y == WELL
    assert line.back == line.points[-1].x
    assert line.now is None
    assert not line.ahead


async def test_what_is_planned_stands_right_of_now() -> None:
    line = chase_line(await row_of(), NOW)
    assert line.now is not None
    assert all(point.x <= line.now for point in line.points)
    assert line.ahead
    assert all(ahead.x >= line.now for ahead in line.ahead)


@pytest.mark.parametrize("days", [0, 1, 13, 14, 15, 400])
async def test_every_point_stays_inside_the_frame_whenever_one_looks(days: int) -> None:
    row = await row_of()
    line = chase_line(row, row.opened_at + days * DAY)
    for x in (*(point.x for point in line.points), *(ahead.x for ahead in line.ahead)):
        assert 0 <= x <= 1
    for x, y in line.past:
        assert 0 <= x <= 1
        assert 0 <= y <= 1
    drawn = [float(n) for n in re.findall(r"M(\d+\.\d)", str(spark(row, NOW)))]
    assert all(0 <= x <= WIDTH for x in drawn)
    assert HEIGHT < WIDTH


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20))
def test_a_path_is_numbers_and_never_runs_backwards(steps: list[tuple[float, float]]) -> None:
    steps = sorted(steps)
    path = path_of(steps, 1000, 100, 0)
    assert re.fullmatch(r"M[\d.]+ [\d.]+([HC][\d. ]+)*", path)
    levels = [float(x) for x in re.findall(r"H([\d.]+)", path)]
    assert levels == sorted(levels)
