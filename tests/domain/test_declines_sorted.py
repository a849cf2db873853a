"""A merchant may sort codes otherwise, and cannot lift what Stripe or a network forbids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.decline import FINAL, JUDGED, Decline, DeclineFamily, family_of, may_sort
from domain.decline.codes import DECLINE_CODES, ERROR_CODES
from domain.network import BARRING
from tests.domain.any_decline import declines

# Written out: a code must not become a matter of judgement unseen.
FORBIDDEN_BY_NETWORKS = """
    incorrect_number invalid_number invalid_account lost_card stolen_card pickup_card
    restricted_card
    invalid_customer_account invalid_billing_agreement invalid_authorization stop_payment_order
    revocation_of_authorization revocation_of_all_authorizations do_not_try_again
    partner_high_risk_customer compliance_violation payment_disputed
""".split()

SORTED = st.dictionaries(
    st.sampled_from([*DECLINE_CODES, *ERROR_CODES, "brand_new_code", ""]),
    st.sampled_from(DeclineFamily),
    max_size=30,
)


def test_a_merchant_may_sort_a_code_otherwise() -> None:
    own = {"do_not_honor": DeclineFamily.NEEDS_NEW_CARD, "brand_new_code": DeclineFamily.FUNDS}
    assert family_of(Decline(decline_code="do_not_honor"), own) is DeclineFamily.NEEDS_NEW_CARD
    assert family_of(Decline(decline_code="brand_new_code"), own) is DeclineFamily.FUNDS
    assert family_of(Decline(code="card_declined", decline_code="brand_new_code"), own) is (
        DeclineFamily.FUNDS
    )
    assert family_of(Decline(decline_code="call_issuer"), own) is DeclineFamily.UNKNOWN
    error = {"expired_card": DeclineFamily.UNKNOWN, "card_declined": DeclineFamily.CHECK}
    assert family_of(Decline(code="expired_card"), error) is DeclineFamily.UNKNOWN


def test_a_merchants_word_on_an_error_code_yields_to_the_decline_code() -> None:
    own = {"card_declined": DeclineFamily.CHECK}
    spoken = Decline(code="card_declined", decline_code="insufficient_funds")
    assert family_of(spoken, own) is DeclineFamily.FUNDS
    assert family_of(Decline(code="card_declined", decline_code="brand_new_code"), own) is (
        DeclineFamily.CHECK
    )


def test_a_merchants_word_replaces_the_code_and_nothing_above_it() -> None:
    own = {"do_not_honor": DeclineFamily.FUNDS}
    advised = Decline(decline_code="do_not_honor", advice_code="confirm_card_data")
    assert family_of(advised, own) is DeclineFamily.NEEDS_NEW_DETAILS
    blocked = Decline(decline_code="do_not_honor", outcome_type="blocked")
    assert family_of(blocked, own) is DeclineFamily.NEVER
    lost = Decline(decline_code="do_not_honor", brand="visa", network_decline_code="41")
    assert family_of(lost, own) is DeclineFamily.NEEDS_NEW_CARD


def test_a_new_code_beside_a_forbidden_one_does_not_soften_it() -> None:
    decline = Decline(code="incorrect_number", decline_code="brand_new_code")
    assert family_of(decline, {"brand_new_code": DeclineFamily.FUNDS}) is (
        DeclineFamily.NEEDS_NEW_CARD
    )
    assert family_of(decline, {"brand_new_code": DeclineFamily.NEVER}) is DeclineFamily.NEVER
    judged = Decline(code="brand_new_code", decline_code="fraudulent")
    assert family_of(judged, {"brand_new_code": DeclineFamily.FUNDS}) is DeclineFamily.NEVER
    beside = Decline(code="incorrect_number", decline_code="brand_new_code")
    assert family_of(beside, {"fraudulent": DeclineFamily.FUNDS}) is DeclineFamily.NEEDS_NEW_CARD


@given(declines, SORTED)
def test_no_sorting_by_a_merchant_makes_a_forbidden_charge_allowed(
    decline: Decline, own: dict[str, DeclineFamily]
) -> None:
    judged = decline.decline_code in JUDGED and decline.decline_code in own
    if family_of(decline) in FINAL and not judged:
        assert family_of(decline, own) in FINAL


@given(declines, SORTED)
def test_no_sorting_outdoes_a_block_or_a_bar_of_the_network_or_of_stripes_advice(
    decline: Decline, own: dict[str, DeclineFamily]
) -> None:
    without_code = replace(decline, decline_code=None, code=None)
    if family_of(without_code) in FINAL:
        assert family_of(decline, own) in FINAL


def test_what_may_be_judged_are_decline_codes_that_forbid_and_no_more() -> None:
    assert {DECLINE_CODES[code] for code in JUDGED} == set(FINAL)
    assert JUDGED.isdisjoint(ERROR_CODES)
    assert JUDGED.isdisjoint(FORBIDDEN_BY_NETWORKS)
    assert {*JUDGED, *FORBIDDEN_BY_NETWORKS} == {
        code for code, family in DECLINE_CODES.items() if family in FINAL
    }


@pytest.mark.parametrize("code", FORBIDDEN_BY_NETWORKS)
@pytest.mark.parametrize("family", sorted(set(DeclineFamily) - set(FINAL)))
def test_what_networks_forbid_no_merchant_softens(code: str, family: DeclineFamily) -> None:
    assert not may_sort(code, family)
    for error in (None, "card_declined", "brand_new_code"):
        own = {code: family, "card_declined": family, "brand_new_code": family}
        found = family_of(Decline(code=error, decline_code=code), own)
        assert found is DECLINE_CODES[code]


def test_no_code_makes_a_bill_of_a_charge() -> None:
    assert not any(may_sort(code, DeclineFamily.OUTSTANDING) for code in (*JUDGED, "brand_new"))


@pytest.mark.parametrize("code", sorted(JUDGED))
@pytest.mark.parametrize("family", sorted({*DeclineFamily} - {DeclineFamily.OUTSTANDING}))
def test_a_judged_code_is_what_the_merchant_says_and_forbids_where_they_say_nothing(
    code: str, family: DeclineFamily
) -> None:
    for error in (None, "card_declined"):
        decline = Decline(code=error, decline_code=code, outcome_type="issuer_declined")
        assert may_sort(code, family)
        assert family_of(decline, {code: family}) is family
        assert family_of(decline) is DECLINE_CODES[code]
        assert family_of(decline, {"card_declined": family}) is DECLINE_CODES[code]


BARS = [
    {"outcome_type": "blocked"},
    {"advice_code": "do_not_try_again"},
    *({"network_advice_code": code} for code in ("03", "21")),
    *({"brand": "mastercard", "network_advice_code": code} for code in ("03", "21", "42")),
    *(
        {"brand": "visa", "network_decline_code": code}
        for code in "04 07 12 14 15 41 43 46 57 R0 R1 R3".split()
    ),
]


@pytest.mark.parametrize("bar", BARS, ids=lambda bar: "-".join(bar.values()))
def test_a_judged_code_stays_forbidden_where_stripe_or_the_network_bars_the_card(
    bar: dict[str, str],
) -> None:
    for code in sorted(JUDGED):
        decline = Decline(decline_code=code, **bar)
        for family in DeclineFamily:
            assert family_of(decline, {code: family}) in FINAL


def test_a_judged_code_that_may_be_tried_still_asks_for_the_details_that_stripe_names() -> None:
    decline = Decline(decline_code="card_not_supported", advice_code="confirm_card_data")
    assert family_of(decline, {"card_not_supported": DeclineFamily.UNKNOWN}) is (
        DeclineFamily.NEEDS_NEW_DETAILS
    )


@given(declines, SORTED)
def test_a_merchants_sorting_of_other_codes_changes_nothing(
    decline: Decline, own: dict[str, DeclineFamily]
) -> None:
    others = {
        code: family
        for code, family in own.items()
        if code not in ((decline.decline_code or ""), (decline.code or ""))
    }
    assert family_of(decline, others) is family_of(decline)


def test_forbidden_codes_may_only_be_sorted_among_the_forbidding_families() -> None:
    assert may_sort("do_not_honor", DeclineFamily.NEVER)
    assert may_sort("do_not_honor", DeclineFamily.FUNDS)
    assert may_sort("brand_new_code", DeclineFamily.FUNDS)
    assert may_sort("lost_card", DeclineFamily.NEVER)
    assert not may_sort("lost_card", DeclineFamily.NEEDS_AUTHENTICATION)
    assert not may_sort("account_closed", DeclineFamily.FUNDS)  # an error code
    assert set(FINAL) == BARRING
