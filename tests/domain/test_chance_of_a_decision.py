"""The one number of chance of a decision: nobody draws it, so that it can be made again."""

from hypothesis import given
from hypothesis import strategies as st

from domain.recovery.basis import draw_of

CASE = "486f21d1-a815-5035-9097-87b5ecccda16"
DRAWN = 1_400_530_180


@given(st.uuids().map(str), st.integers(0, 10_000))
def test_the_same_question_has_the_same_chance(case_id: str, version: int) -> None:
    assert draw_of(case_id, version) == draw_of(case_id, version)
    assert 0 <= draw_of(case_id, version) < 2**32


def test_it_is_what_it_was_when_the_first_decision_was_kept() -> None:
    assert draw_of(CASE, 0) == DRAWN
    assert draw_of(CASE, 1) != DRAWN


def test_it_is_spread_evenly() -> None:
    draws = [draw_of(CASE, version) / 2**32 for version in range(4_000)]
    tenths = [sum(low <= 10 * draw < low + 1 for draw in draws) for low in range(10)]
    assert all(330 <= count <= 470 for count in tenths)
