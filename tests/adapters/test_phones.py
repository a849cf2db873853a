"""Numbers as people type them: one number of the world, or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.phones import read_mobile


@pytest.mark.parametrize(
    ("typed", "country", "read"),
    [
        ("0171 3920055", "DE", "+491713920055"),
        ("+49 (0)171 3920055", None, "+491713920055"),
        ("0049 171/3920055", "DE", "+491713920055"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("+1 202.555.0123", "DE", "+12025550123"),
        ("090-1234-5678", "JP", "+819012345678"),
        ("\u0660\u0661\u0667\u0661 3920055", "DE", "+491713920055"),
    ],
)
def test_a_mobile_is_read_however_it_is_written(typed: str, country: str | None, read: str) -> None:
    assert read_mobile(typed, country) == read


@pytest.mark.parametrize(
    ("typed", "country"),
    [
        ("", "DE"),
        ("call me", "DE"),
        ("0171 3920055", None),  # of which country?
        ("030 123456", "DE"),  # a landline
        ("0900 1 123456", "DE"),  # at somebody's cost
        ("0800 1234567", "DE"),
        ("112", "DE"),
        ("+999 123456789", None),
        ("+49 171 3920055 ext. 5", None),
        ("+491713920055" + "0" * 40, None),
    ],
)
def test_what_no_text_reaches_is_none(typed: str, country: str | None) -> None:
    assert read_mobile(typed, country) is None


@given(st.text(max_size=60), st.none() | st.sampled_from(["DE", "US", "JP", "xx", ""]))
def test_whatever_is_typed_it_is_a_number_or_none(typed: str, country: str | None) -> None:
    read = read_mobile(typed, country)
    assert read is None or (read.startswith("+") and read[1:].isdigit() and 8 <= len(read) <= 16)
