"""Answers are used again for a while, never for longer, and never without bound."""

from adapters.postgres.remembered import Remembered


class Passing:
    """Time that a test lets pass."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_good_for_half_a_minute() -> None:
    passing = Passing()
    known = Remembered[str, int](fresh_s=30, now=passing)
    assert known.get("a") is None
    assert known.put("a", 1) == 1
    passing.now += 29.9
    assert known.get("a") == (1,)
    passing.now += 0.1
    assert known.get("a") is None


def test_that_there_is_none_is_an_answer_too() -> None:
    known = Remembered[str, int | None](now=Passing())
    known.put("a", None)
    assert known.get("a") == (None,)


def test_what_is_forgotten_is_asked_anew() -> None:
    known = Remembered[str, int](now=Passing())
    known.put("a", 1)
    known.forget("a")
    known.forget("never known")
    assert known.get("a") is None


def test_the_oldest_answer_makes_room() -> None:
    known = Remembered[str, int](most=2, now=Passing())
    for key in ("a", "b", "a", "c"):
        known.put(key, 1)
    assert [known.get(key) for key in "abc"] == [(1,), None, (1,)]
