"""The design system keeps its own rules: contrast, tokens, sizes."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "web/static"
SHEETS = {path.name: path.read_text() for path in sorted(STATIC.glob("*.css"))}
CSS = "".join(SHEETS.values())
TOKENS, BASE = SHEETS["app.css"].split("@layer base {", maxsplit=1)
REST = BASE + "".join(text for name, text in SHEETS.items() if name != "app.css")
PAIRS = dict(re.findall(r"--([a-z]+): light-dark\((#\w{6}, #\w{6})\)", TOKENS))
TEXT = ("ink", "muted", "recovered", "waiting", "customer", "stopped", "lost")
GROUNDS = ("paper", "rail", "raised", "hover")


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXT)
def test_every_word_can_be_read_on_every_ground(text: str, ground: str, theme: int) -> None:
    front, back = PAIRS[text].split(", ")[theme], PAIRS[ground].split(", ")[theme]
    assert contrast(front, back) >= 4.5


def test_every_sheet_can_be_held_in_mind_and_keeps_to_the_layers() -> None:
    layers = set(re.findall(r"@layer ([a-z, ]+);", SHEETS["app.css"])[0].split(", "))
    for name, text in SHEETS.items():
        assert text.count("\n") <= 450, name
        assert set(re.findall(r"@layer (\w+) {", text)) <= layers, name
        assert text.count("{") == text.count("}"), name


def test_only_the_tokens_name_a_colour() -> None:
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", REST)


def test_there_are_five_sizes_of_type_and_two_weights() -> None:
    assert len(re.findall(r"--t-[a-z]+:", TOKENS)) == 5
    assert not re.findall(r"font-size:\s*[\d.]", REST)
    assert set(re.findall(r"font-weight:\s*(\d+)", REST)) <= {"400", "600"}


def test_motion_is_short_and_none_for_who_asked_for_none() -> None:
    assert "prefers-reduced-motion" in TOKENS
    assert set(re.findall(r"(\d+)ms", CSS)) <= {"120", "0"}
