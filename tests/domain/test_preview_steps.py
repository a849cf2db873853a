"""A preview's own part: what it tells the machine, in which order, and when it has had enough."""

from datetime import date
from typing import Final

import msgspec
import pytest
from msgspec.structs import replace

from domain.decline import Decline
from domain.invoice import Card, Profile
from domain.policy import EndAction, Policy, balanced, gentle
from domain.simulate import Scenario, simulate
from domain.simulate.simulate import Preview
from domain.timing.features import Key
from domain.timing.knowledge import Bucket, Knowledge
from tests.builders import DAY, HOUR, MONDAY, a_policy
from tests.domain.golden_files import assert_golden

STOLEN: Final = Decline(code="card_declined", decline_code="stolen_card", network_advice_code="01")
SCENARIO: Final = Scenario(opened_at=MONDAY, amount_minor=29_00, currency="eur")
WORLDS: Final[dict[str, Scenario]] = {
    "refused till the end": SCENARIO,
    "refused for another reason, then paid": replace(
        SCENARIO, answers=(replace(SCENARIO.decline, decline_code="processing_error"), None)
    ),
    "a Mastercard stolen meanwhile": replace(
        SCENARIO,
        answers=(STOLEN,),
        card=Card(payment_method="pm_first", fingerprint="first", brand="mastercard"),
        profile=Profile(country="DE", interval="year"),
    ),
    "another card": replace(SCENARIO, new_card_after=3 * DAY),
    "paid by hand": replace(SCENARIO, pays_after=3 * DAY),
}


def ready(scenario: Scenario, policy: Policy | None = None) -> Preview:
    """A preview whose case is taken up."""
    preview = Preview(policy or a_policy(), scenario, Knowledge())
    preview.open()
    return preview


@pytest.mark.parametrize("name", WORLDS)
def test_the_case_behind_a_preview_is_what_its_golden_file_says(name: str) -> None:
    """Every event with all its fields: what the preview told the machine stands in them."""
    preview = ready(WORLDS[name], a_policy(end=EndAction.MARK_UNCOLLECTIBLE))
    while preview.step():
        pass
    assert preview.timeline().messages or preview.timeline().charges
    lines = [msgspec.json.encode(event).decode() for event in preview._history]
    file = name.replace(",", "").replace(" ", "_")
    assert_golden(f"previews/events/{file}.jsonl", "\n".join((*lines, "")))


@pytest.mark.parametrize("steps", range(6))
def test_it_takes_exactly_the_steps_it_is_allowed(steps: int) -> None:
    preview = ready(SCENARIO)
    for _ in range(steps):
        assert preview.step()
    assert simulate(a_policy(), SCENARIO, most_steps=steps) == preview.timeline()


def test_it_says_when_nothing_is_left_to_do() -> None:
    preview = ready(replace(SCENARIO, pays_after=HOUR))
    assert preview.step()
    assert not preview.step()
    assert preview.timeline().ended


def test_a_customer_who_pays_at_the_instant_of_a_charge_is_not_charged() -> None:
    first = simulate(a_policy(), SCENARIO).charges[0]
    found = simulate(a_policy(), replace(SCENARIO, pays_after=first - MONDAY))
    assert found.charges == ()
    assert (found.phase, found.entries[-1].at) == ("recovered", first)


def test_of_what_a_customer_does_at_one_instant_the_card_comes_first() -> None:
    found = simulate(a_policy(), replace(SCENARIO, new_card_after=DAY, pays_after=DAY))
    then = [entry.what for entry in found.entries if entry.at == MONDAY + DAY]
    assert (then[0], then[-1]) == ("card_replaced", "case_recovered")
    assert found.charges == ()


def test_a_preview_keeps_off_the_holidays_it_is_told_of() -> None:
    world = replace(SCENARIO, profile=Profile(country="DE", timezone="Europe/Berlin"))
    shut = replace(world, holidays=(date(2026, 3, 13),))
    policy = gentle("Europe/Berlin")
    first, earlier = (simulate(policy, one).charges[0].date() for one in (world, shut))
    assert (first, earlier) == (date(2026, 3, 13), date(2026, 3, 12))


def test_a_preview_looks_at_what_its_own_merchant_has_learned() -> None:
    unlucky: dict[Key, Bucket] = {
        ("merchant", "", "bakery"): Bucket(-2.0, 0.01, 90.0, 0.0, MONDAY.toordinal())
    }
    policy, learned = balanced("Europe/Berlin"), Knowledge(unlucky)

    def chance(merchant: str) -> int:
        found = simulate(policy, replace(SCENARIO, merchant=merchant), learned)
        return next(entry.why.percent for entry in found.entries if entry.why) or 0

    assert 0 < chance("bakery") < chance("florist") == chance("")
