"""What was said about a refused charge, and the family that follows."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given

from domain.decline import (
    MASTERCARD_WAITS,
    Decline,
    DeclineFamily,
    family_of,
    is_known,
    wait_advised,
)
from domain.decline.codes import (
    ADVICE_CODES,
    DECLINE_CODES,
    ERROR_CODES,
    LAYERS,
    MASTERCARD_ADVICE,
    VISA_RESPONSES,
)
from domain.decline.disputed import DISPUTED, POLAR_STOPS, REASONS, STRIPE_STOPS
from domain.decline.telling import OF_DECLINE_CODE, OF_ERROR_CODE, Tellable, tellable
from domain.network import BARRING
from tests.domain.any_decline import TABLES, declines

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "decline_codes.json"
FAMILY_OF_CATEGORY = {
    "soft_retryable": DeclineFamily.FUNDS,
    "issuer_temporary": DeclineFamily.TEMPORARY,
    "api_transient": DeclineFamily.TEMPORARY,
    "unknown": DeclineFamily.UNKNOWN,
    "needs_new_card": DeclineFamily.NEEDS_NEW_CARD,
    "in_person_only": DeclineFamily.NEEDS_NEW_CARD,
    "needs_authentication": DeclineFamily.NEEDS_AUTHENTICATION,
    "do_not_retry": DeclineFamily.NEVER,
    "check_state": DeclineFamily.CHECK,
    "merchant_config": DeclineFamily.CHECK,
    "test_only": DeclineFamily.CHECK,
}
A_CARD_WILL_DO = {DeclineFamily.NEEDS_NEW_CARD, DeclineFamily.NEEDS_NEW_DETAILS}
RETRIED = {DeclineFamily.FUNDS, DeclineFamily.TEMPORARY, DeclineFamily.UNKNOWN}


def said(kind: str, code: str) -> Decline:
    """A decline of which only one layer speaks."""
    match kind:
        case "decline_code":
            return Decline(decline_code=code)
        case "error_code":
            return Decline(code=code)
        case "advice":
            return Decline(advice_code=code)
        case "mac":
            return Decline(network_advice_code=code, brand="mastercard")
        case _:
            return Decline(network_decline_code=code, brand="visa")


EVERY_CODE = [(kind, code) for kind, table in TABLES.items() for code in table]


@pytest.mark.parametrize(("kind", "code"), EVERY_CODE, ids=lambda part: part)
def test_a_code_that_speaks_alone_decides(kind: str, code: str) -> None:
    assert family_of(said(kind, code)) is TABLES[kind][code]


def test_the_tables_hold_every_code_of_the_reference_with_its_family() -> None:
    if not REFERENCE.exists():
        print(f"no reference table at {REFERENCE}: only the built-in tables were checked")
        assert {family for table in TABLES.values() for family in table.values()} == set(
            DeclineFamily
        )
        return
    rows = json.loads(REFERENCE.read_text())
    assert {(row["kind"], row["code"]) for row in rows} == set(EVERY_CODE)
    for row in rows:
        family = TABLES[row["kind"]][row["code"]]
        # The reference has one word for a dead number and for details that can be set right.
        found = DeclineFamily.NEEDS_NEW_CARD if family in A_CARD_WILL_DO else family
        assert found is FAMILY_OF_CATEGORY[row["category"]], row
        cautious = row["kind"] == "mac" and row["code"] == "99"  # tried, though "be conservative"
        assert row["retryable"] == (family in RETRIED) or cautious, row


@given(declines)
def test_whatever_is_said_there_is_one_family_and_the_same_each_time(decline: Decline) -> None:
    assert family_of(decline) is family_of(decline)
    assert wait_advised(decline) >= timedelta()
    assert is_known(decline) in (True, False)


@given(declines)
def test_what_stripe_blocked_is_never_charged_again(decline: Decline) -> None:
    if decline.outcome_type == "blocked":
        assert family_of(decline) is DeclineFamily.NEVER


@given(declines)
def test_no_milder_voice_outdoes_a_bar_of_the_network_or_of_stripes_advice(
    decline: Decline,
) -> None:
    voices = [ADVICE_CODES.get(decline.advice_code or "")]
    if decline.brand == "mastercard":
        voices.append(MASTERCARD_ADVICE.get(decline.network_advice_code or ""))
    if decline.brand == "visa":
        voices.append(VISA_RESPONSES.get(decline.network_decline_code or ""))
    if any(voice in BARRING for voice in voices):
        assert family_of(decline) in BARRING


def test_the_network_outranks_the_code() -> None:
    never = Decline(decline_code="insufficient_funds", brand="mastercard", network_advice_code="03")
    assert family_of(never) is DeclineFamily.NEVER
    lost = Decline(decline_code="do_not_honor", brand="visa", network_decline_code="41")
    assert family_of(lost) is DeclineFamily.NEEDS_NEW_CARD


def test_a_network_speaks_only_for_its_own_cards() -> None:
    for brand in (None, "amex", "visa"):
        other = Decline(decline_code="do_not_honor", brand=brand, network_advice_code="42")
        assert family_of(other) is DeclineFamily.UNKNOWN
    for brand in (None, "amex", "mastercard"):
        other = Decline(decline_code="do_not_honor", brand=brand, network_decline_code="R1")
        assert family_of(other) is DeclineFamily.UNKNOWN


@pytest.mark.parametrize("advice", ["03", "21"])
@pytest.mark.parametrize("brand", [None, "visa", "mastercard", "amex", "Visa"])
def test_do_not_try_again_is_obeyed_for_every_card(advice: str, brand: str | None) -> None:
    decline = Decline(decline_code="insufficient_funds", brand=brand, network_advice_code=advice)
    assert family_of(decline) is DeclineFamily.NEVER
    sorted_otherwise = {"insufficient_funds": DeclineFamily.TEMPORARY}
    assert family_of(decline, sorted_otherwise) is DeclineFamily.NEVER


def test_a_mild_word_of_the_network_yields_to_what_stripe_knows() -> None:
    expired = Decline(decline_code="expired_card", brand="mastercard", network_advice_code="02")
    assert family_of(expired) is DeclineFamily.NEEDS_NEW_DETAILS
    assert wait_advised(expired) == timedelta(hours=72)


def test_the_decline_code_outranks_the_error_code_and_advice_comes_last() -> None:
    decline = Decline(code="expired_card", decline_code="insufficient_funds")
    assert family_of(decline) is DeclineFamily.FUNDS
    assert family_of(Decline(code="card_declined", advice_code="try_again_later")) is (
        DeclineFamily.UNKNOWN
    )
    assert family_of(Decline(advice_code="try_again_later")) is DeclineFamily.FUNDS


@pytest.mark.parametrize("decline", [Decline(), Decline(decline_code="brand_new_code")])
def test_an_unknown_decline_is_tried_carefully_and_counted_as_unknown(decline: Decline) -> None:
    assert family_of(decline) is DeclineFamily.UNKNOWN
    assert not is_known(decline)


def test_a_known_code_is_known_by_either_name() -> None:
    assert is_known(Decline(decline_code="lost_card"))
    assert is_known(Decline(code="expired_card"))


@pytest.mark.parametrize(
    ("code", "wait"),
    [
        ("02", timedelta(hours=72)),
        ("24", timedelta(hours=1)),
        ("25", timedelta(hours=24)),
        ("26", timedelta(days=2)),
        ("27", timedelta(days=4)),
        ("28", timedelta(days=6)),
        ("29", timedelta(days=8)),
        ("30", timedelta(days=10)),
    ],
)
def test_mastercard_says_how_long_to_wait(code: str, wait: timedelta) -> None:
    assert wait_advised(Decline(brand="mastercard", network_advice_code=code)) == wait
    assert MASTERCARD_WAITS[code] == wait
    assert wait_advised(Decline(brand="visa", network_advice_code=code)) == timedelta()


def test_the_layers_are_all_tables() -> None:
    assert {id(table) for table in LAYERS.values()} == {id(table) for table in TABLES.values()}


def test_the_disputed_codes_are_those_after_which_one_stops_and_the_other_does_not() -> None:
    assert {one.code for one in DISPUTED} == STRIPE_STOPS ^ POLAR_STOPS == set(REASONS)
    assert {"do_not_honor", "expired_card", "authentication_required"} <= set(REASONS)
    for one in DISPUTED:
        assert one.family is DECLINE_CODES[one.code]
        assert {one.stripe, one.others} in (
            {"Stripe stops", "Polar does not stop"},
            {"Stripe does not stop", "Polar stops"},
        )
        assert "smart-retries" in one.source
        assert "polar" in one.source


# Stripe asks to show a generic text for these; the last rows are ours.
DELICATE = """
    fraudulent lost_card stolen_card merchant_blacklist pickup_card restricted_card
    highest_risk_level rule low_probability_of_authorization security_violation
    stop_payment_order revocation_of_authorization revocation_of_all_authorizations
    partner_high_risk_customer compliance_violation payment_disputed generic_decline do_not_honor
    debit_not_authorized charge_disputed request_blocked action_blocked
""".split()


@pytest.mark.parametrize("code", DELICATE)
def test_of_fraud_loss_theft_and_blocks_a_customer_is_told_nothing(code: str) -> None:
    assert tellable(Decline(code="card_declined", decline_code=code)) is Tellable.GENERIC
    assert tellable(Decline(code=code)) is Tellable.GENERIC


@pytest.mark.parametrize(("kind", "code"), EVERY_CODE, ids=lambda part: part)
def test_of_every_code_only_what_the_tables_name_is_told(kind: str, code: str) -> None:
    told = tellable(said(kind, code))
    tables = {"decline_code": OF_DECLINE_CODE, "error_code": OF_ERROR_CODE}
    assert told is tables.get(kind, {}).get(code, Tellable.GENERIC)
    if TABLES[kind][code] in (DeclineFamily.NEVER, DeclineFamily.CHECK, DeclineFamily.UNKNOWN):
        assert told is Tellable.GENERIC


def test_what_may_be_told_stands_in_the_tables_of_codes() -> None:
    assert set(OF_DECLINE_CODE) <= set(DECLINE_CODES)
    assert set(OF_ERROR_CODE) <= set(ERROR_CODES)
    assert {*OF_DECLINE_CODE.values(), *OF_ERROR_CODE.values()} == set(Tellable) - {
        Tellable.GENERIC
    }


def test_no_row_of_the_reference_that_is_delicate_is_told() -> None:
    if not REFERENCE.exists():
        print(f"no reference table at {REFERENCE}: only the built-in tables were checked")
        rows = []
    else:
        rows = json.loads(REFERENCE.read_text())
    for row in rows:
        delicate = row["category"] in ("do_not_retry", "merchant_config", "check_state", "unknown")
        if delicate or "generic message" in row["meaning"] or "stolen" in row["meaning"]:
            assert tellable(said(row["kind"], row["code"])) is Tellable.GENERIC, row


@given(declines)
def test_where_never_was_said_or_a_code_is_new_the_customer_is_told_nothing(
    decline: Decline,
) -> None:
    told = tellable(decline)
    if family_of(decline) is DeclineFamily.NEVER or not is_known(decline):
        assert told is Tellable.GENERIC


def test_a_new_decline_code_is_not_told_by_the_error_code_beside_it() -> None:
    assert tellable(Decline(code="expired_card", decline_code="brand_new")) is Tellable.GENERIC
    assert tellable(Decline(code="expired_card")) is Tellable.EXPIRED
    assert tellable(Decline(code="card_declined", decline_code="insufficient_funds")) is (
        Tellable.FUNDS
    )
    assert tellable(Decline(decline_code="insufficient_funds", outcome_type="blocked")) is (
        Tellable.GENERIC
    )
