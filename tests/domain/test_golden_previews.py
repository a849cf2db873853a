"""What previews show, every field of every step (see `golden_files`)."""

import json
from datetime import date, timedelta
from typing import Final

import msgspec
import pytest
from msgspec.structs import replace

from domain.decline import Decline, DeclineFamily
from domain.invoice import Card, Profile
from domain.policy import EndAction, FixedWaits, Plan, Policy, Template
from domain.simulate import Scenario, simulate
from tests.builders import DAY, HOUR, MONDAY, a_campaign, a_policy
from tests.domain.golden_files import assert_golden

SLOWLY: Final = Decline(code="card_declined", decline_code="processing_error")
ASKED_TO_WAIT: Final = Decline(
    code="card_declined", decline_code="insufficient_funds", network_advice_code="25"
)
SCENARIO: Final = Scenario(opened_at=MONDAY, amount_minor=29_00, currency="eur")
MASTERCARD: Final = Card(payment_method="pm_first", fingerprint="first", brand="mastercard")


def hasty(**changes: object) -> Policy:
    """Charges every two hours, as far as the limits of the card let it, for sixty days."""
    waits = FixedWaits(waits=(2 * HOUR,) * 9)
    told = a_campaign(Template.PAYMENT_FAILED, DAY, 40 * DAY)
    plans = {family: Plan(retries=waits, campaign=told) for family in (
        DeclineFamily.FUNDS, DeclineFamily.TEMPORARY)}  # fmt: skip
    return a_policy(plans=plans, window=60 * DAY, **changes)


PREVIEWS: Final[dict[str, tuple[Policy, Scenario]]] = {
    "refused till the end": (a_policy(end=EndAction.MARK_UNCOLLECTIBLE), SCENARIO),
    "paid by the third charge": (
        a_policy(),
        replace(
            SCENARIO,
            answers=(SLOWLY, ASKED_TO_WAIT, None),
            card=MASTERCARD,
            profile=Profile(country="US", timezone="America/Chicago", interval="month"),
        ),
    ),
    "another card, and it works": (
        a_policy(), replace(SCENARIO, new_card_after=5 * DAY, pays_after=9 * DAY)
    ),
    "paid by hand before another card": (
        a_policy(), replace(SCENARIO, new_card_after=9 * DAY, pays_after=DAY / 2)
    ),
    "as often as a day allows": (hasty(card_day_limit=2, card_month_limit=4), SCENARIO),
    "as often as a month allows": (hasty(card_month_limit=2), SCENARIO),
    "a bank that does not say whose card": (
        a_policy(), replace(SCENARIO, decline=replace(ASKED_TO_WAIT, brand="mastercard"))
    ),
    "an early morning and a holiday": (
        a_policy(),
        replace(
            SCENARIO,
            opened_at=MONDAY + timedelta(hours=17),
            holidays=(date(2026, 3, 6),),
            amount_minor=3,
            draw=0,
            merchant="the bakery",
            profile=Profile(interval="year"),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PREVIEWS)
def test_a_preview_shows_what_its_golden_file_says(name: str) -> None:
    shown = simulate(*PREVIEWS[name])
    lines = [f"{shown.phase}, {shown.ended}, closes {shown.closes_at:%d %b %H:%M}"]
    for entry in shown.entries:
        told = msgspec.to_builtins(entry)
        lines.append(f"{entry.at:%a %d %b %H:%M} {told.pop('what')} {_rest(told)}")
    file = name.replace(",", "").replace(" ", "_")
    assert_golden(f"previews/{file}.txt", "\n".join((*lines, "")))


def _rest(told: dict[str, object]) -> str:
    told.pop("at")
    return json.dumps(told) if told else ""
