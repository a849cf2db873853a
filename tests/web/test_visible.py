"""What a page shows of a text: all that can be seen of it, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from web.visible import visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Anna\u202egpj.exe", "Annagpj.exe"),
        ("\ufeffAn\u200bna\x00", "Anna"),
        ("one\ttwo\r\nthree", "one\ttwo\r\nthree"),
        ("\u2066left\u2069", "left"),
        ("half \ud83d", "half "),
    ],
)
def test_what_nobody_sees_is_left_out(text: str, seen: str) -> None:
    assert visible(text) == seen


@pytest.mark.parametrize(
    "text", ["👩\u200d💻", "\u0645\u06cc\u200c\u062e", "1\u00a0234,00", "日本", "soft\u00adly"]
)
def test_what_words_and_emoji_are_written_with_stays(text: str) -> None:
    assert visible(text) == text


@given(st.text())
def test_twice_is_once_and_what_is_printable_stays(text: str) -> None:
    once = visible(text)
    assert visible(once) == once
    assert [c for c in once if c.isprintable()] == [c for c in text if c.isprintable()]


def test_what_is_no_text_or_ready_html_stays() -> None:
    ready = Markup("<b>\u200b</b>")
    assert visible(ready) is ready
    assert visible(None) is None
