"""Keys, origins and signatures as texts: what is taken, and what never is."""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.customer_signature import is_signed, signature_of
from application.origins import origin_of
from application.ports.api_keys import (
    ALPHABET,
    SECRET_BYTES,
    hint_of,
    is_spelled_right,
    spelled,
)

NOW = datetime(2026, 7, 10, 8, 30, tzinfo=UTC)
SECRET, OLD = "the secret of a shop", "the one before"
secrets = st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES)


@given(secrets, st.booleans())
def test_a_key_says_its_mode_and_is_spelled_right(secret: bytes, livemode: bool) -> None:
    key = spelled(secret, livemode=livemode)
    assert key.startswith("cc_live_" if livemode else "cc_test_")
    assert len(key) == 57
    assert is_spelled_right(key)
    assert key not in hint_of(key)


@given(secrets, st.integers(0, 56), st.sampled_from(ALPHABET))
def test_one_wrong_letter_is_a_typo(secret: bytes, place: int, letter: str) -> None:
    key = spelled(secret, livemode=True)
    wrong = key[:place] + letter + key[place + 1 :]
    assert is_spelled_right(wrong) == (wrong == key)


@given(st.text(max_size=80))
def test_no_other_text_is_a_key(text: str) -> None:
    assert not is_spelled_right(text)


@given(secrets, secrets)
def test_different_secrets_make_different_keys(one: bytes, other: bytes) -> None:
    same = spelled(one, livemode=True) == spelled(other, livemode=True)
    assert same == (one == other)


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://app.example.com", "https://app.example.com"),
        (" https://App.Example.com/ ", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("https://app.example.com:8443", "https://app.example.com:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_origin_is_kept_as_a_browser_sends_it(typed: str, origin: str) -> None:
    assert origin_of(typed) == origin
    assert origin_of(origin) == origin


@pytest.mark.parametrize(
    "typed",
    [
        "", "*", "null", "app.example.com", "https://*.example.com", "https://",
        "https://a b.example",
        "http://app.example.com", "ftp://app.example.com", "javascript:alert(1)", "file:///etc",
        "https://app.example.com/path", "https://app.example.com?x", "https://app.example.com#x",
        "https://user@app.example.com", "https://u:p@app.example.com", "https://a.example:port",
        "https://a.example:99999", "https://[::2]", "https://" + "a" * 300 + ".example",
        "https://a.example\r\nX: y", "https://a.example,https://b.example", "https://<script>",
    ],
)  # fmt: skip
def test_what_no_browser_would_send_is_no_origin(typed: str) -> None:
    assert origin_of(typed) is None


@given(st.text(max_size=60))
def test_any_text_is_an_origin_or_none(text: str) -> None:
    found = origin_of(text)
    assert found is None or (found.isascii() and "*" not in found and found == origin_of(found))


def test_a_signature_is_what_every_language_computes() -> None:
    expected = hmac.new(SECRET.encode(), b"1790000000.cus_1", sha256).hexdigest()
    assert signature_of(SECRET, "cus_1", "1790000000") == expected
    plain = hmac.new(SECRET.encode(), b"cus_1", sha256).hexdigest()
    assert signature_of(SECRET, "cus_1") == plain


def fits(customer: str, signature: str, expires: str = "", now: datetime = NOW) -> bool:
    return is_signed((SECRET, OLD), customer, signature, expires, now)


def test_the_new_secret_and_the_one_before_are_honoured_and_no_third() -> None:
    for secret in (SECRET, OLD):
        assert fits("cus_1", signature_of(secret, "cus_1"))
    assert not fits("cus_1", signature_of("another", "cus_1"))
    assert not is_signed((), "cus_1", signature_of("", "cus_1"), "", NOW)


def test_a_signature_is_good_for_its_customer_and_until_it_ends() -> None:
    ends = str(int((NOW + timedelta(hours=1)).timestamp()))
    signature = signature_of(SECRET, "cus_1", ends)
    assert fits("cus_1", signature, ends)
    assert not fits("cus_2", signature, ends)
    assert not fits("cus_1", signature)
    assert not fits("cus_1", signature, str(int(ends) + 1))
    assert not fits("cus_1", signature, ends, NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    "expires", ["0", "-1", "1e12", "٣", "9" * 12, " 1790000000", "1790000000.0", "never"]
)
def test_an_end_that_is_no_plain_number_is_none(expires: str) -> None:
    assert not fits("cus_1", signature_of(SECRET, "cus_1", expires), expires)


@pytest.mark.parametrize("customer", ["", "1790000000.cus_1", "cus 1", "cus_1\n", "é", "c" * 256])
def test_an_id_that_could_be_read_as_two_things_is_not_believed(customer: str) -> None:
    assert not fits(customer, signature_of(SECRET, customer))


@given(st.text(max_size=100))
def test_no_text_is_a_signature(text: str) -> None:
    assert not fits("cus_1", text)
