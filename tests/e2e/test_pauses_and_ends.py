"""Sixty days in which subscriptions are paused, go on and end in Stripe: whoever is paused or gone
is neither charged nor written to, and the others as ever."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.recovery import events as e
from tests.e2e.stepping import BEGINS_AT, Product, beside_stripe
from tests.e2e.test_three_modes import POLICIES, credit_is_as_in_the_ledger

DAY = timedelta(days=1)
DAYS = 60
BURST: dict[str, Any] = {"scene": "burst", "scene_size": 24}
Doing = tuple[int, str, dict[str, Any]]  # on which day, what of the subscription, with which form

# One customer in so many has each of these happen; the rest are left alone.
LIVES: dict[str, tuple[Doing, ...]] = {
    "not collected from for a while": (
        (2, "", {"pause_collection": {"behavior": "void"}}),
        (12, "", {"pause_collection": ""}),
    ),
    "not collected from until a day": (
        (2, "", {"pause_collection": {
            "behavior": "keep_as_draft",
            "resumes_at": int((BEGINS_AT + 10 * DAY).timestamp()),
        }}),
    ),
    "written off while not collected from": (
        (4, "", {"pause_collection": {"behavior": "mark_uncollectible"}}),
        (40, "", {"pause_collection": ""}),
    ),
    "stands still": ((3, "/pause", {}), (15, "/resume", {})),
    "ends with its period": ((3, "", {"cancel_at_period_end": True}),),
    "ends": ((5, "DELETE", {}),),
}  # fmt: skip
# Between which days nobody is charged or written to because of it.
SILENT = {
    "not collected from for a while": (2, 12),
    "not collected from until a day": (2, 10),
    "written off while not collected from": (4, 40),
    "stands still": (3, 15),
    "ends with its period": (30, DAYS),
    "ends": (5, DAYS),
}
ENDS = (e.CaseStopped, e.CaseRecovered, e.CaseLost, e.EndActionDone)


def monthly(product: Product) -> list[str]:
    """The subscriptions, all by the month and of the kind that can be paused."""
    store = product.double.world.store
    found = store.all("subscription")
    for each in found:
        each["billing_mode"] = {"flexible": None, "type": "flexible"}
        for item in each["items"]["data"]:
            item["plan"]["interval"] = "month"
            item["price"]["recurring"]["interval"] = "month"
        store.touch(each)
    return [each["id"] for each in found]


async def do(product: Product, subscription: str, what: str, form: dict[str, Any]) -> None:
    """As the merchant's own program does."""
    stripe = (await product.connection.open()).v1.subscriptions
    asked: Any = form
    match what:
        case "/pause":
            await stripe.pause_async(subscription, asked)
        case "/resume":
            await stripe.resume_async(subscription, asked)
        case "DELETE":
            await stripe.cancel_async(subscription, asked)
        case _:
            await stripe.update_async(subscription, asked)


@pytest.mark.parametrize("name", ["take over", "follow", "follow, and charge too"])
async def test_what_is_paused_or_gone_is_left_in_peace(name: str) -> None:
    async with beside_stripe(POLICIES[name], BURST) as product:
        led = dict(zip(monthly(product), [*LIVES, *LIVES, *LIVES, *[""] * 9], strict=False))
        for day in range(DAYS):
            for subscription, life in led.items():
                for on_day, what, form in LIVES.get(life, ()):
                    if on_day == day:
                        await do(product, subscription, what, form)
            await product.lives(DAY)
        ledger = [line for line in product.double.ledger() if line["by"] != "seed"]
        verdict, invoices = product.double.verdict(), product.double.world.store
        of = {each["id"]: led[each["_subscription"]] for each in invoices.all("invoice")}
    assert verdict["ok"], verdict
    histories = product.histories()
    assert {of[invoice] for invoice in histories} == {*LIVES, ""}
    for invoice, history in histories.items():
        mine = [line for line in ledger if line["invoice"] == invoice and line["charge"]]
        credit_is_as_in_the_ledger(history, mine)
        if silence := SILENT.get(of[invoice]):
            _nobody_is_charged_or_written_to(history, mine, *silence)
        if of[invoice].startswith("ends"):
            assert any(isinstance(event, ENDS) for event in history), history[-1]
    paused = {of[invoice] for invoice, history in histories.items() if _paused(history)}
    assert paused == {life for life in SILENT if not life.startswith("ends")}


def _nobody_is_charged_or_written_to(
    history: tuple[e.Event, ...], charges: list[dict[str, Any]], begins: int, ends: int
) -> None:
    """By us: what Stripe goes on with is the merchant's own choice."""
    ours = [datetime.fromisoformat(line["virtual_at"]) for line in charges if line["by"] == "api"]
    said = [event.at for event in history if isinstance(event, e.ReminderStarted)]
    silence = BEGINS_AT + begins * DAY, BEGINS_AT + ends * DAY
    assert not [at for at in (*ours, *said) if silence[0] < at < silence[1]]


def _paused(history: tuple[e.Event, ...]) -> bool:
    return any(isinstance(event, e.CasePaused) for event in history)
