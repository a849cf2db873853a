"""Into how many segments a text is cut, and what somebody who answers wants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.letters import Wish, fits_gsm, segments_of, wish_of


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("\u20ac" * 80, 1),
        ("\u20ac" * 81, 2),
        ("\u20ac" * 153, 3),  # no sign is cut in two
        ("\u00e9" * 160, 1),
        ("\u00ea" * 70, 1),
        ("\u00ea" * 71, 2),
        ("\u00ea" * 134, 2),
        ("\u00ea" * 135, 3),
        ("\U0001f35e" * 35, 1),
        ("\U0001f35e" * 36, 2),
    ],
)
def test_the_borders_are_those_of_the_standard(text: str, segments: int) -> None:
    assert segments_of(text) == segments


@given(st.text(max_size=400), st.text(max_size=100))
def test_more_words_never_take_fewer_segments(text: str, more: str) -> None:
    assert 1 <= segments_of(text) <= segments_of(text + more)
    if fits_gsm(text + more):
        assert fits_gsm(text)
        assert segments_of(text) <= 1 + 2 * len(text) // 152


@pytest.mark.parametrize(
    "words",
    ["STOP", "stop", "Stop!", " STOP. ", "stop it now", "STOPALL", "Unsubscribe", "CANCEL", "End",
     "QUIT", "revoke", "opt out", "OPTOUT", "Arr\u00eat", "ARRET", "baja", "\u505c\u6b62",
     "\uff33\uff34\uff2f\uff30", "Stopp bitte"],
)  # fmt: skip
def test_these_mean_stop(words: str) -> None:
    assert wish_of(words) is Wish.STOP


@pytest.mark.parametrize(
    "words",
    ["", "   ", "ok", "End of May I can pay", "I will not stop", "who is this?", "cancel my order",
     "1234", "\U0001f44d", "helpless", "restart"],
)  # fmt: skip
def test_these_mean_nothing_that_we_could_do(words: str) -> None:
    assert wish_of(words) is None


@pytest.mark.parametrize(
    ("words", "wish"),
    [("START", Wish.START), ("unstop", Wish.START), ("help", Wish.HELP), ("INFO?", Wish.HELP)],
)
def test_so_do_these(words: str, wish: Wish) -> None:
    assert wish_of(words) is wish


@given(st.text(max_size=200))
def test_any_words_mean_something_or_nothing(words: str) -> None:
    assert wish_of(words) in {None, *Wish}
    assert wish_of(f"STOP {words}") is Wish.STOP
