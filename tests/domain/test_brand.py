"""A brand can always be read, and holds nothing that could be smuggled on."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.brand import (
    BRAND_TEXTS,
    Brand,
    Colour,
    Logo,
    brand_faults,
    contrast,
    is_wanted_in,
    look_of,
    parse,
    tidied,
)
from domain.brand.colour import BLACK, DARK_GROUNDS, LIGHT_GROUNDS, SHAPE, TEXT, WHITE

COLOURS = st.builds(Colour, *[st.integers(0, 255)] * 3)
SHADES = [("light", LIGHT_GROUNDS), ("dark", DARK_GROUNDS)]


def faulty(**fields: Any) -> list[str]:
    return [fault.field for fault in brand_faults(tidied(Brand(**fields)))]


@pytest.mark.parametrize(("name", "grounds"), SHADES)
@given(colour=COLOURS)
def test_whatever_the_colour_all_can_be_read(
    name: str, grounds: tuple[Colour, ...], colour: Colour
) -> None:
    shade = getattr(look_of(colour), name)
    assert shade.button == colour
    assert contrast(shade.on_button, shade.button) >= TEXT
    assert all(contrast(shade.text, ground) >= TEXT for ground in grounds)
    assert all(contrast(shade.edge, ground) >= SHAPE for ground in grounds)


@pytest.mark.parametrize(("name", "grounds"), SHADES)
@given(colour=COLOURS)
def test_a_colour_that_can_be_read_stays_itself_and_its_correction_stays_what_it_is(
    name: str, grounds: tuple[Colour, ...], colour: Colour
) -> None:
    text = getattr(look_of(colour), name).text
    if all(contrast(colour, ground) >= TEXT for ground in grounds):
        assert text == colour
    assert getattr(look_of(text), name).text == text


@given(COLOURS)
def test_a_corrected_colour_keeps_the_order_of_its_hue(colour: Colour) -> None:
    for shade in (look_of(colour).light, look_of(colour).dark):
        for one, other in (("red", "green"), ("green", "blue"), ("red", "blue")):
            if getattr(colour, one) >= getattr(colour, other):
                assert getattr(shade.text, one) >= getattr(shade.text, other)


@given(COLOURS)
def test_a_colour_is_written_and_read(colour: Colour) -> None:
    assert parse(colour.hex) == parse(colour.hex.upper()[1:]) == colour


@given(COLOURS, COLOURS)
def test_contrast_knows_no_order_and_has_bounds(one: Colour, other: Colour) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21.0001


def test_contrast_is_that_of_the_textbook() -> None:
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast(Colour(0x77, 0x77, 0x77), WHITE) == pytest.approx(4.48, abs=0.01)
    assert parse("#0a6") == Colour(0, 0xAA, 0x66)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#",
        "#12",
        "#12345",
        "red",
        "#12345g",
        "#1234567",
        "#\uff11\uff12\uff13",
        "url(x)",
        "#000;x:y",
    ],
)
def test_what_is_no_colour_is_none(text: str) -> None:
    assert parse(text) is None


def test_nothing_at_all_is_a_brand() -> None:
    assert brand_faults(Brand()) == ()


def test_a_whole_brand_is_tidied_and_kept() -> None:
    brand = tidied(
        Brand(
            colour="0A6A45",
            display_name=" Nordlicht ",
            sender_name="Anna of Nordlicht",
            reply_to="hello@nordlicht.example",
            footer="Books since 1987",
            legal_address="Nordlicht Verlag GmbH\r\n\r\n Hafenstr. 1 \r\n20457 Hamburg",
            support_email="help+letters@nordlicht.example",
            support_url="https://nordlicht.example/help?from=letter",
        )
    )
    assert brand_faults(brand) == ()
    assert (brand.colour, brand.display_name) == ("#0a6a45", "Nordlicht")
    assert brand.legal_address == "Nordlicht Verlag GmbH\nHafenstr. 1\n20457 Hamburg"
    assert tidied(brand) == brand


@pytest.mark.parametrize("field", BRAND_TEXTS)
def test_each_field_has_a_length_and_shows_all_that_it_holds(field: str) -> None:
    for text in ("a" * 10_000, "a\x00b", "a\u202eb", "a\u2028b", "a\rb"):
        assert faulty(**{field: text}) == [field], repr(text)
    if field != "legal_address":
        assert faulty(**{field: "a\nBcc: all@example.com"}) == [field]
    assert faulty(legal_address="\n".join("abcdefg")) == ["legal_address"]


NO_ADDRESSES = [
    *"a @ a@b a@b. a..b@example.com .a@b.example a@-b.example a@b_c.example a@[127.0.0.1]".split(),
    "a b@example.com",
    "a@example.com, b@example.com",
    "<a@example.com>",
    "Anna <a@example.com>",
    "a@example.com\nBcc: b@example.com",
    '"a b"@example.com',
    "\u00e4@example.com",
]


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_single_address_is_refused(text: str) -> None:
    assert faulty(reply_to=text) == ["reply_to"]
    assert faulty(support_email=text) == ["support_email"]


@pytest.mark.parametrize(
    "text",
    [
        "http://example.com", "javascript:alert(1)", "data:text/html,x", "//example.com", "https://",
        "https:///x", "https://user@example.com", "https://a:b@example.com/", "https://localhost/",
        "https://example.com/ x", 'https://example.com/"onclick', "https://exämple.com", "https://[",
        "https://example.com:99999/", "https://example.com/<b>", " javascript:alert(1)", "HTTPS",
        "https://example.com\\@evil.example",
    ],
)  # fmt: skip
def test_only_an_address_that_is_what_it_seems_is_taken(text: str) -> None:
    assert faulty(support_url=text) == ["support_url"]


@given(st.text(max_size=400), st.sampled_from(sorted(BRAND_TEXTS)))
def test_what_is_kept_has_no_line_but_in_the_address(text: str, field: str) -> None:
    brand = tidied(Brand(**{field: text}))
    if not brand_faults(brand):
        value = getattr(brand, field)
        assert len(value) <= BRAND_TEXTS[field]
        assert len(value.splitlines()) <= (6 if field == "legal_address" else 1)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_a_logo_fits_and_never_grows(width: int, height: int) -> None:
    shown = Logo(digest="", width=width, height=height).fitted(240, 64)
    assert 1 <= shown[0] <= min(240, width)
    assert 1 <= shown[1] <= min(64, height)


def test_some_countries_want_an_address() -> None:
    assert is_wanted_in("DE")
    assert not is_wanted_in("JP")
    assert not is_wanted_in(None)
