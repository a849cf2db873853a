"""The networks' rules, exactly at their edges."""

import pytest

from rehearsal.worlds.issuer import NEVER_CODES
from rehearsal.worlds.network import CardHistory
from rehearsal.worlds.shapes import Card, Decline, Fix
from tests.rehearsal.made_worlds import (
    ALWAYS,
    DAY,
    HOUR,
    OPENED_AT,
    SAID,
    Scripted,
    after,
    card,
    in_turn,
    retry,
    run,
    truth,
    wait,
)


def _tried(tried: Card, instants: list[int], first_at: int = 0) -> CardHistory:
    history = CardHistory(tried, "US")
    history.first(first_at, SAID)
    for at in instants:
        history.retried(at, SAID)
    return history


def test_the_15th_visa_retry_is_within_the_rule_and_the_16th_breaks_it() -> None:
    assert _tried(card(), [DAY * n for n in range(1, 15)]).judge(15 * DAY) == ((), 0)
    sixteenth = _tried(card(), [DAY * n for n in range(1, 16)]).judge(16 * DAY)
    assert sixteenth == (("visa_15",), 10.0)


def test_a_21st_visa_retry_is_reported_by_the_newer_rule_too_and_fined_once() -> None:
    retries = [HOUR * n for n in range(1, 21)]
    assert _tried(card(), retries[:19]).judge(DAY) == (("visa_15",), 10.0)
    assert _tried(card(), retries).judge(DAY) == (("visa_15", "visa_20"), 10.0)


def test_a_visa_retry_counts_for_30_days_to_the_second() -> None:
    retries = [HOUR * n for n in range(1, 16)]
    assert _tried(card(), retries).judge(HOUR + 30 * DAY)[0] == ("visa_15",)
    assert _tried(card(), retries).judge(HOUR + 30 * DAY + 1)[0] == ()


def test_a_fine_across_borders_is_dearer() -> None:
    history = _tried(card(country="CA"), [DAY * n for n in range(1, 16)])
    assert history.judge(16 * DAY)[1] == 15.0


def test_mastercard_counts_the_first_attempt_and_allows_35_in_30_days() -> None:
    mastercard = card(brand="mastercard")
    spread = [HOUR * 20 * n for n in range(1, 35)]
    assert _tried(mastercard, spread[:33]).judge(29 * DAY) == ((), 0)
    assert _tried(mastercard, spread).judge(29 * DAY) == (("mastercard_35",), 50.0)
    assert _tried(mastercard, spread).judge(30 * DAY)[0] == ("mastercard_35",)
    assert _tried(mastercard, spread).judge(30 * DAY + 1)[0] == ()


def test_mastercard_allows_10_attempts_in_24_hours() -> None:
    mastercard = card(brand="mastercard")
    assert _tried(mastercard, [HOUR * n for n in range(1, 9)]).judge(20 * HOUR)[0] == ()
    ten = _tried(mastercard, [HOUR * n for n in range(1, 10)])
    assert ten.judge(24 * HOUR) == (("mastercard_10_a_day",), 50.0)
    assert ten.judge(24 * HOUR + 1)[0] == ()


def test_other_brands_have_no_numeric_limit() -> None:
    assert _tried(card(brand="amex"), [HOUR * n for n in range(1, 100)]).judge(100 * HOUR)[0] == ()


@pytest.mark.parametrize("code", sorted(NEVER_CODES))
@pytest.mark.parametrize("brand", ["visa", "amex"])
def test_a_retry_after_a_never_code_is_a_violation_of_every_brand(code: str, brand: str) -> None:
    history = CardHistory(card(brand=brand), "US")
    history.first(0, Decline(code, None, None))
    assert history.judge(DAY) == (("never",), 10.0)


@pytest.mark.parametrize("advice", ["03", "21"])
def test_never_is_said_by_the_networks_advice_too_and_costs_mastercard_more(advice: str) -> None:
    history = CardHistory(card(brand="mastercard"), "US")
    history.first(0, SAID)
    history.retried(DAY, Decline("do_not_honor", None, advice))
    assert history.judge(2 * DAY) == (("never",), 50.0)


def test_never_stays_when_a_later_answer_is_vague() -> None:
    history = CardHistory(card(), "US")
    history.first(0, Decline("lost_card", None, None))
    history.retried(DAY, Decline("do_not_honor", None, None))
    assert history.judge(2 * DAY)[0] == ("never",)


def test_another_card_starts_new_counts() -> None:
    stolen = truth(
        first=Decline("stolen_card", None, None),
        updater=Fix(OPENED_AT + 2 * DAY, card(windows=ALWAYS)),
    )
    (ending,) = run(Scripted(in_turn(retry(after(1)), wait(after(9)), retry(after(2)))), stolen)
    assert ending.broken == ("never",)
    assert ending.fine_cents == 10.0
