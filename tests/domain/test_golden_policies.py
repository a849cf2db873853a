"""What presets hold and what a faulty policy is told, word for word (see `golden_files`)."""

from datetime import timedelta
from typing import Any, Final

import pytest

from adapters.policy_files.writing import to_toml
from domain.decline import DeclineFamily
from domain.policy import (
    PRESETS,
    Arm,
    Channel,
    ContactBudget,
    FixedWaits,
    Learned,
    Match,
    PayDays,
    Plan,
    PolicyInvalid,
    Retries,
    Segment,
    Since,
    Step,
)
from tests.domain.golden_files import assert_golden
from tests.domain.policy_faults import DAY, ECONOMICS, FUNDS, GERMANS, SECOND, a_step
from tests.domain.policy_faults import plain as a_policy_with

HALF_A_SECOND: Final = timedelta(seconds=0.5)
WRONG_PLAN: Final = {FUNDS: Plan(retries=Learned(tries=0, gap=DAY))}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_what_its_golden_file_says(name: str) -> None:
    assert_golden(f"presets/{name}.toml", to_toml(PRESETS[name]("Europe/Berlin")))


def charging(retries: Retries) -> dict[str, Any]:
    return {"plans": {FUNDS: Plan(retries=retries)}}


def telling(*steps: Step) -> dict[str, Any]:
    return {"plans": {FUNDS: Plan(campaign=steps)}}


def matching(**asked: Any) -> dict[str, Any]:
    return {"segments": (Segment(name="some", when=Match(**asked)),)}


def retried(family: DeclineFamily) -> dict[str, Any]:
    return {"plans": {family: Plan(retries=PayDays(tries=1, gap=DAY))}}


FAULTY: Final[dict[str, dict[str, Any]]] = {
    "a version before the first": {"version": 0},
    "no name": {"name": ""},
    "too short a window": {"window": SECOND},
    "half a second in a window": {"window": DAY + HALF_A_SECOND},
    "no such time zone": {"timezone": "Mars/Olympus"},
    "no such hour": {"charge_hour": 24},
    "no hour for messages": {"first_mail_hour": 9, "last_mail_hour": 9},
    "no hour for texts": {"first_text_hour": 20, "last_text_hour": 8},
    "texts at night only": {
        "last_mail_hour": 9,
        "first_mail_hour": 0,
        **telling(a_step(channel=Channel.SMS)),
    },
    "texts without end": {"most_texts": 5},
    "contacts out of bounds": {
        "contacts": ContactBudget(gap=SECOND, per_day=5, per_week=11, per_month=21)
    },
    "contacts that disagree": {
        "contacts": ContactBudget(gap=DAY, per_day=3, per_week=2, per_month=1)
    },
    "limits beyond every network's": {"card_month_limit": 36, "card_day_limit": 11},
    "a brand that is none": {"brand_month_limits": {"Visa": 1}},
    "a brand with too many": {"card_month_limit": 9, "brand_month_limits": {"visa": 10}},
    "free money": {
        "economics": type(ECONOMICS)(
            attempt_cents=-1, message_cents=-1, cancelled_months=-1, exploration_percent=-1
        )
    },
    "more held out than half": {"hold_out_percent": 51},
    "a segment of everybody": matching(),
    "words that Stripe does not use": matching(
        currencies=("EUR",), countries=("de",), intervals=("day",), prices=("",), collections=("",)
    ),
    "too many values": matching(countries=("DE",) * 301),
    "amounts without a currency": matching(at_least_minor=1),
    "amounts out of bounds": matching(
        at_least_minor=-1, below_minor=10**12 + 1, currencies=("eur",)
    ),
    "amounts that nothing has": matching(at_least_minor=2, below_minor=2, currencies=("eur",)),
    "tenures out of bounds": matching(tenure_at_least=-DAY, tenure_below=36_501 * DAY),
    "tenures that nobody has": matching(tenure_at_least=DAY, tenure_below=DAY),
    "a segment at fault": {
        "segments": (
            Segment(name="", when=GERMANS, window=61 * DAY, plans=WRONG_PLAN),
            Segment(name="twice", when=GERMANS),
            Segment(name="twice", when=GERMANS),
        )
    },
    "an arm at fault": {
        "arms": (
            Arm(name="", weight=0, window=61 * DAY, plans=WRONG_PLAN),
            Arm(name="twice", weight=1001),
            Arm(name="twice", weight=1),
        )
    },
    "too many segments": {
        "segments": tuple(Segment(name=f"s{n}", when=GERMANS) for n in range(51))
    },
    "too many arms": {"arms": tuple(Arm(name=f"a{n}", weight=1) for n in range(11))},
    "too many codes": {"families": {f"new_{n}": FUNDS for n in range(301)}},
    "a code that is none": {"families": {" x": FUNDS}},
    "a forbidden card allowed": {"families": {"lost_card": FUNDS}},
    **{f"charges of {family}": retried(family) for family in DeclineFamily if family is not FUNDS},
    "chosen charges out of bounds": charging(Learned(tries=36, gap=15 * DAY)),
    "no waits": charging(FixedWaits(waits=())),
    "waits out of bounds": charging(FixedWaits(waits=(SECOND, 15 * DAY, DAY + HALF_A_SECOND))),
    "waits beyond the window": charging(FixedWaits(waits=(7 * DAY, 7 * DAY))),
    "too many steps": telling(*(a_step(n * DAY / 4) for n in range(13))),
    "steps out of bounds": telling(
        a_step(-DAY), a_step(DAY, at_least_cents=1_000_001), a_step(15 * DAY, Since.END)
    ),
    "steps since two things in the wrong order": telling(
        a_step(DAY, Since.END), a_step(DAY, Since.ASKED), a_step(DAY, Since.OPENED)
    ),
    "steps in the wrong order": telling(
        a_step(2 * DAY), a_step(DAY), a_step(DAY, Since.END), a_step(2 * DAY, Since.END)
    ),
}


def told(changes: dict[str, Any]) -> list[str]:
    try:
        a_policy_with(**changes)
    except PolicyInvalid as invalid:
        lines = [f"{fault.field}: {fault.message}" for fault in invalid.faults]
        words = str(invalid)
    else:
        return ["(nothing)"]
    assert words == "; ".join(lines)
    return lines


def test_a_faulty_policy_is_told_what_its_golden_file_says() -> None:
    told_of = ("\n".join((f"# {what}", *told(changes), "")) for what, changes in FAULTY.items())
    assert_golden("policy_faults.txt", "\n".join(told_of))
