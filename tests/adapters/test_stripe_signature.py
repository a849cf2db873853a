"""The signature's laws: what Stripe signed passes, and nothing else does."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.stripe.signature import TOLERANCE_S, SignatureCheck, SignatureVerdict

SECRET, OTHER = "whsec_bakery_of_the_north", "whsec_somebody_else_entirely"
NOW = 1_772_445_600
VALID, MALFORMED = SignatureVerdict.VALID, SignatureVerdict.MALFORMED
STALE, MISMATCH = SignatureVerdict.STALE, SignatureVerdict.MISMATCH

check = SignatureCheck([SECRET])
bodies = st.binary(max_size=200)


def v1(raw: bytes, secret: str = SECRET, at: int = NOW) -> str:
    return hmac.digest(secret.encode(), f"{at}.".encode() + raw, "sha256").hex()


def signed(raw: bytes, secret: str = SECRET, at: int = NOW) -> str:
    return f"t={at},v1={v1(raw, secret, at)}"


@given(bodies, st.integers(-TOLERANCE_S, TOLERANCE_S))
def test_what_stripe_signed_within_the_tolerance_is_valid(raw: bytes, age: int) -> None:
    assert check(raw, signed(raw, at=NOW - age), NOW) is VALID


@given(bodies, st.integers(TOLERANCE_S + 1, 10**9), st.sampled_from([1, -1]))
def test_what_was_signed_long_ago_or_in_the_future_is_stale(
    raw: bytes, age: int, sign: int
) -> None:
    assert check(raw, signed(raw, at=max(0, NOW - sign * age)), NOW) is STALE


@given(bodies, bodies)
def test_the_signature_of_another_body_is_a_mismatch(raw: bytes, other: bytes) -> None:
    assert check(other, signed(raw), NOW) is (VALID if raw == other else MISMATCH)


@given(bodies, st.integers(0, 63), st.sampled_from("0123456789abcdef"))
def test_one_changed_digit_is_a_mismatch(raw: bytes, place: int, digit: str) -> None:
    true = v1(raw)
    changed = true[:place] + digit + true[place + 1 :]
    verdict = check(raw, f"t={NOW},v1={changed}", NOW)
    assert verdict is (VALID if changed == true else MISMATCH)


@given(bodies, st.integers(1, TOLERANCE_S))
def test_another_time_than_the_signed_one_is_a_mismatch(raw: bytes, shift: int) -> None:
    assert check(raw, f"t={NOW - shift},v1={v1(raw)}", NOW) is MISMATCH


@given(bodies, st.permutations([SECRET, OTHER]))
def test_while_a_secret_is_rolled_either_of_two_signatures_is_enough(
    raw: bytes, order: list[str]
) -> None:
    header = f"t={NOW}," + ",".join(f"v1={v1(raw, secret)}" for secret in order) + ",v0=ab"
    assert check(raw, header, NOW) is VALID
    assert SignatureCheck([OTHER])(raw, header, NOW) is VALID
    assert SignatureCheck(["whsec_a_third_one", SECRET])(raw, signed(raw), NOW) is VALID


@given(bodies, st.text(max_size=300))
def test_no_header_raises_or_passes(raw: bytes, header: str) -> None:
    assert check(raw, header, NOW) is not VALID


@given(bodies, st.lists(st.sampled_from(["t=", "v1=", ",", "=", str(NOW), "é", "0" * 64])))
def test_no_header_made_of_the_right_parts_passes_either(raw: bytes, parts: list[str]) -> None:
    assert check(raw, "".join(parts), NOW) is not VALID


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=" + "0" * 64,
        f"v1={'0' * 64}",
        f"t={NOW}",
        f"t={NOW},v1=",
        f"t={NOW},v0={v1(b'x')}",
        f"t={NOW},t={NOW},v1={v1(b'x')}",
        f"t={NOW},v1=é{v1(b'x')[1:]}",
        f"t={NOW},v1={v1(b'x')},\udc80",
        f"t=٣{NOW},v1={v1(b'x')}",
        f"t=-{NOW},v1={v1(b'x')}",
        f"t={'9' * 5_000},v1={v1(b'x')}",
        f"t={NOW}.0,v1={v1(b'x')}",
        f"t={NOW}," + f"v1={'0' * 64}," * 100,
    ],
)
def test_a_header_that_stripe_would_not_send_is_malformed(header: str) -> None:
    assert check(b"x", header, NOW) is MALFORMED


@pytest.mark.parametrize("secrets", [[], [""], ["  "], ["whsec_1"], [SECRET, ""]])
def test_an_empty_or_short_secret_is_refused_at_the_start(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="webhook secret"):
        SignatureCheck(secrets)
