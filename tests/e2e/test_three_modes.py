"""Sixty days beside a Stripe that retries by itself, once in each mode: whose was what, and how
often a card was charged, held against the rehearsal Stripe's own ledger."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.policy import Policy, StripeRetries, assertive, balanced, follow_stripe
from domain.recovery import events as e
from domain.recovery.charges import CLEARANCE
from tests.e2e.stepping import Product, beside_stripe
from web.wording.modes import tries_of_stripe

DAYS = 60
STRIPES = "stripe_retry"  # how the ledger calls what Stripe charges by itself
MONTH = timedelta(days=30)
RENEWALS = 3  # at most, of each subscription in these days
BURST: dict[str, Any] = {"scene": "burst", "scene_size": 24}
WHOSE = {"api": e.Payer.CHARGECHASE, STRIPES: e.Payer.STRIPE, "customer": e.Payer.CUSTOMER}


def charging_beside_stripe() -> Policy:
    """Stripe goes on, and we charge too: what is hardest to keep apart."""
    return replace(balanced("Europe/Berlin"), stripe_retries=StripeRetries.FOLLOW)


POLICIES = {
    "take over": balanced("Europe/Berlin"),
    "take over, assertive": assertive("Europe/Berlin"),
    "follow": follow_stripe("Europe/Berlin"),
    "follow, and charge too": charging_beside_stripe(),
    "hold out": replace(balanced("Europe/Berlin"), stripe_retries=StripeRetries.HOLD_OUT),
}


@pytest.mark.parametrize("name", POLICIES)
async def test_sixty_days_beside_stripes_own_retries(name: str) -> None:
    policy = POLICIES[name]
    async with beside_stripe(policy, BURST) as product:
        await product.lives(timedelta(days=DAYS))
        ledger = [line for line in product.double.ledger() if line["by"] != "seed"]
        verdict = product.double.verdict()
    assert verdict["ok"], verdict
    histories = product.histories()
    assert histories
    charges = [line for line in ledger if line["charge"] and not line["replayed"]]
    by = Counter(line["by"] for line in charges)
    _each_side_did_what_its_mode_lets_it_do(policy, by, product)
    _no_charge_of_ours_beyond_the_budget(policy, charges)
    _none_of_ours_near_one_of_stripes(charges)
    for invoice, history in histories.items():
        mine = [line for line in charges if line["invoice"] == invoice]
        credit_is_as_in_the_ledger(history, mine)
        _what_never_reached_the_bank_is_told(history, mine)


@pytest.mark.parametrize("wrong_by_s", [-100, 100])
@pytest.mark.parametrize("name", ["take over", "follow, and charge too"])
async def test_a_stripe_whose_clock_is_wrong_is_credited_and_charged_beside_alike(
    name: str, wrong_by_s: float
) -> None:
    async with beside_stripe(POLICIES[name], {**BURST, "scene_size": 12}) as product:
        product.double.faults.replace({"do": "clock_skew", "seconds": wrong_by_s})
        await product.lives(timedelta(days=DAYS // 2))
        ledger = [line for line in product.double.ledger() if line["by"] != "seed"]
        verdict = product.double.verdict()
    assert verdict["ok"], verdict
    charges = [line for line in ledger if line["charge"] and not line["replayed"]]
    assert any(line["by"] == "api" for line in charges)
    _none_of_ours_near_one_of_stripes(charges, CLEARANCE - timedelta(seconds=abs(wrong_by_s)))
    for invoice, history in product.histories().items():
        credit_is_as_in_the_ledger(
            history, [line for line in charges if line["invoice"] == invoice]
        )


def _what_never_reached_the_bank_is_told(
    history: tuple[e.Event, ...], charges: list[dict[str, Any]]
) -> None:
    """Stripe counts on without charging a card that said never; the page tells the two apart."""
    counted = [event.attempt_count for event in history if isinstance(event, e.StripeCounted)]
    made = sum(line["by"] == STRIPES and line["outcome"] == "declined" for line in charges)
    told = tries_of_stripe(history)
    if not counted or counted[-1] == made:
        assert told is None
    else:
        assert told is not None
        assert told.startswith(f"Stripe counts {counted[-1]} tries; {made} of them w")


def _each_side_did_what_its_mode_lets_it_do(
    policy: Policy, by: Counter[str], product: Product
) -> None:
    match policy.stripe_retries:
        case StripeRetries.TAKE_OVER:  # each case began with a charge of Stripe's, and no more
            assert by["api"] > 0
            assert by[STRIPES] <= RENEWALS * BURST["scene_size"]
        case StripeRetries.FOLLOW:
            assert by[STRIPES] > len(product.histories())
            assert product.mailer.letters
        case _:
            assert by["api"] == 0
            assert not product.mailer.letters
            assert by[STRIPES] > len(product.histories())


def _no_charge_of_ours_beyond_the_budget(policy: Policy, charges: list[dict[str, Any]]) -> None:
    """Both sides' refusals count: whoever made them, the card's network sees one merchant."""
    refused: dict[tuple[str, int], list[datetime]] = {}
    for line in sorted(charges, key=lambda each: each["seq"]):
        at, card = datetime.fromisoformat(line["virtual_at"]), (line["fingerprint"], line["amount"])
        before = [each for each in refused.get(card, []) if each > at - MONTH]
        if line["by"] == "api":
            assert len(before) < policy.month_limit(line["brand"]), line
        if line["outcome"] == "declined":
            refused.setdefault(card, []).append(at)


def _none_of_ours_near_one_of_stripes(
    charges: list[dict[str, Any]], clearance: timedelta = CLEARANCE
) -> None:
    """Stripe's first charge of a renewal is nobody's retry, and nothing of ours comes before."""
    for line in charges:
        if line["by"] != "api":
            continue
        at = datetime.fromisoformat(line["virtual_at"])
        for other in charges:
            if other["invoice"] == line["invoice"] and other["by"] == STRIPES:
                apart = abs(datetime.fromisoformat(other["virtual_at"]) - at)
                assert apart >= clearance, (line, other)


def credit_is_as_in_the_ledger(history: tuple[e.Event, ...], charges: list[dict[str, Any]]) -> None:
    refused = Counter(WHOSE[line["by"]] for line in charges if line["outcome"] == "declined")
    told = Counter(
        e.Payer.CHARGECHASE if isinstance(event, e.AttemptDeclined) else event.by
        for event in history
        if isinstance(event, e.ChargeDeclined | e.AttemptDeclined)
    )
    assert told == refused, (history[0], charges)
    paid = [WHOSE[line["by"]] for line in charges if line["money_moved"]]
    credited = [
        event.by for event in history if isinstance(event, e.CaseRecovered | e.MoneyCameLate)
    ]
    assert credited == paid
