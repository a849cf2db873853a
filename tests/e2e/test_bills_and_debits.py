"""Sixty days with bills that are paid by hand, and with debits that take days: what was charged,
written and credited, held against the rehearsal Stripe's own ledger."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import aiohttp
import pytest

from domain.decline import DeclineFamily
from domain.policy import FixedWaits, Plan, Policy, StripeRetries, Template, balanced
from domain.recovery import events as e
from rehearsal.stripe_double.scripts import set_script
from tests.builders import a_campaign, a_policy
from tests.e2e.stepping import BEGINS_AT, Product, beside_stripe
from tests.stripe_shop import ACCOUNT

DAY = timedelta(days=1)
DAYS = 60
DUE_IN = 14
EMPTY: dict[str, Any] = {"scene": "empty"}


@dataclass
class Payer:
    """Somebody with one bill, and the day on which they pay it on its page; None: never."""

    name: str
    on_day: int | None
    invoice: str = ""
    page: str = ""


async def bill(product: Product, payer: Payer) -> None:
    """A yearly subscription by bill: one invoice in these days."""
    stripe = (await product.connection.open()).v1
    anna: Any = {"email": f"{payer.name}@example.com", "name": payer.name}
    buyer = await stripe.customers.create_async(anna)
    price = await a_price(product)
    asked: Any = {
        "customer": buyer.id,
        "items": [{"price": price}],
        "collection_method": "send_invoice",
        "days_until_due": DUE_IN,
        "expand": ["latest_invoice"],
    }
    made: Any = await stripe.subscriptions.create_async(asked)
    payer.invoice, payer.page = made.latest_invoice.id, made.latest_invoice.hosted_invoice_url


async def a_price(product: Product) -> str:
    stripe = (await product.connection.open()).v1
    bread = await stripe.products.create_async({"name": "Bread"})
    given: Any = {
        "currency": "eur",
        "product": bread.id,
        "unit_amount": 490_00,
        "recurring": {"interval": "year"},
    }
    return (await stripe.prices.create_async(given)).id


async def pay(payer: Payer) -> None:
    """As a customer does, without JavaScript."""
    form = {"action": "pay", "pm": "pm_card_visa"}
    async with aiohttp.ClientSession() as browser, browser.post(payer.page, data=form) as answer:
        assert answer.status == 200
        assert "Paid. Thank you." in await answer.text()


async def test_bills_are_written_about_and_never_charged() -> None:
    people = [
        Payer("early", 3),
        Payer("reminded", 12),
        Payer("late", 20),
        Payer("very-late", 30),
        Payer("never", None),
    ]
    async with beside_stripe(balanced("Europe/Berlin"), EMPTY) as product:
        for payer in people:
            await bill(product, payer)
        for day in range(DAYS):
            for payer in people:
                if payer.on_day == day:
                    await pay(payer)
            await product.lives(DAY)
        ledger, verdict = product.double.ledger(), product.double.verdict()
        letters = {
            name: [letter for letter in product.mailer.letters if letter.to.startswith(f"{name}@")]
            for name in (payer.name for payer in people)
        }
    assert verdict["ok"], verdict
    assert {line["by"] for line in ledger} == {"hosted_page"}
    histories = product.histories()
    by_name = {payer.name: histories.get(payer.invoice, ()) for payer in people}
    assert by_name["early"] == ()  # paid before anybody spoke of it
    assert not letters["early"]
    for payer in people[1:]:
        _is_a_bill(by_name[payer.name])
        _only_thanks_come_after_paying(payer, by_name[payer.name])
        assert len(letters[payer.name]) == _written(by_name[payer.name])
    assert _templates(by_name["reminded"]) == [Template.INVOICE_DUE, Template.RECOVERED]
    assert _templates(by_name["late"])[:2] == [Template.INVOICE_DUE, Template.INVOICE_OVERDUE]
    assert _templates(by_name["never"])[-1] is Template.FINAL_NOTICE
    for name in ("reminded", "late", "very-late"):
        (end,) = [event for event in by_name[name] if isinstance(event, e.CaseRecovered)]
        assert (end.by, end.amount_minor) == (e.Payer.CUSTOMER, 490_00)
    assert isinstance(by_name["never"][-1], e.CaseLost | e.EndActionDone)


def _is_a_bill(history: tuple[e.Event, ...]) -> None:
    opened = history[0]
    assert isinstance(opened, e.CaseOpened)
    due_at = BEGINS_AT + DUE_IN * DAY
    assert opened.due_at is not None
    assert abs(opened.due_at - due_at) < timedelta(hours=1)
    assert not any(isinstance(event, e.AttemptPlanned | e.AttemptStarted) for event in history)


def _only_thanks_come_after_paying(payer: Payer, history: tuple[e.Event, ...]) -> None:
    ends = [event.at for event in history if isinstance(event, e.CaseRecovered)]
    said = [event for event in history if isinstance(event, e.ReminderStarted)]
    assert len(ends) == (payer.on_day is not None)
    late = [event.template for event in said for end in ends if event.at >= end]
    assert late == [Template.RECOVERED] * len(ends)


def _templates(history: tuple[e.Event, ...]) -> list[Template]:
    """What was said, in order."""
    planned = {
        event.step: event.template for event in history if isinstance(event, e.ReminderPlanned)
    }
    return [planned[event.step] for event in history if isinstance(event, e.ReminderStarted)]


def _written(history: tuple[e.Event, ...]) -> int:
    return sum(isinstance(event, e.ReminderStarted) for event in history)


def often(retries: StripeRetries) -> Policy:
    """Would charge more often than the schemes allow."""
    waits = FixedWaits(waits=tuple(n * DAY for n in (3, 3, 3, 5, 5, 5)))
    told = a_campaign(Template.PAYMENT_FAILED, DAY)
    plan = Plan(retries=waits, campaign=told)
    families = (DeclineFamily.FUNDS, DeclineFamily.TEMPORARY, DeclineFamily.UNKNOWN)
    return a_policy(
        plans={**a_policy().plans, **dict.fromkeys(families, plan)},
        window=50 * DAY,
        stripe_retries=retries,
    )


DEBITORS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "settles": ("pm_sepaDebit_success", []),
    "comes back once": (
        "pm_sepaDebit_success",
        [{"first_n": 1, "then": {"decline": "insufficient_funds"}}],
    ),
    "comes back twice": (
        "pm_sepaDebit_success",
        [{"first_n": 2, "then": {"decline": "insufficient_funds"}}],
    ),
    "never has money": ("pm_sepaDebit_insufficientFunds", []),
    "has closed the account": ("pm_sepaDebit_accountClosed", []),
    "slow bank": (
        "pm_sepaDebit_success",
        [{"first_n": 1, "then": {"decline": "insufficient_funds", "settles_after_s": 9 * 86_400}}],
    ),
    "bacs": ("pm_bacsDebit_insufficientFunds", []),
}


PAY = {"method": "POST", "path": "/v1/invoices/*/pay"}
TROUBLES: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "a clock behind": [{"do": "clock_skew", "seconds": -60}],
    "a clock ahead": [{"do": "clock_skew", "seconds": 60}],
    "answers that are lost": [{"do": "reset_after_effect", "match": PAY, "times": 3}],
    "away": [{"do": "503", "match": PAY, "times": 3}],
    "away for many hours": [{"do": "503", "match": PAY, "times": 12}],
    "what was": [{"do": "stale_read", "seconds": 3_600, "match": {"path": "/v1/invoices/*"}}],
}


async def debited(product: Product, name: str) -> str:
    """A yearly subscription by debit whose first invoice is on its way; the invoice."""
    method, rules = DEBITORS[name]
    stripe = (await product.connection.open()).v1
    buyer = await stripe.customers.create_async({"email": "anna@example.com", "name": name})
    held = await stripe.payment_methods.attach_async(method, {"customer": buyer.id})
    await stripe.customers.update_async(
        buyer.id, {"invoice_settings": {"default_payment_method": held.id}}
    )
    if rules:
        set_script(product.double.world, ACCOUNT, buyer.id, rules)
    asked: Any = {"customer": buyer.id, "items": [{"price": await a_price(product)}]}
    made = await stripe.subscriptions.create_async(asked)
    return str(made.latest_invoice)


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("retries", [StripeRetries.TAKE_OVER, StripeRetries.FOLLOW])
async def test_debits_are_waited_for_and_made_again_within_their_schemes_caps(
    retries: StripeRetries, trouble: str
) -> None:
    """Also beside a Stripe that stumbles, or whose clock is a little wrong."""
    async with beside_stripe(often(retries), EMPTY) as product:
        product.double.faults.replace(TROUBLES[trouble])
        invoices = {name: await debited(product, name) for name in DEBITORS}
        await product.lives(DAYS * DAY)
        ledger, verdict = product.double.ledger(), product.double.verdict()
    assert verdict["ok"], verdict
    histories = product.histories()
    begun = {
        name: [
            line
            for line in ledger
            if line["invoice"] == invoice and line["outcome"] == "processing"
        ]
        for name, invoice in invoices.items()
    }
    tries = {name: len(lines) for name, lines in begun.items()}
    assert tries == {
        "settles": 1,
        "comes back once": 2,
        "comes back twice": 3,
        "never has money": 3,  # one and two again
        "has closed the account": 1,
        "slow bank": 2,
        # one and one again; where Stripe goes on by itself, as often as it likes
        "bacs": 2 if retries is StripeRetries.TAKE_OVER else 3,
    }
    assert invoices["settles"] not in histories
    for name, invoice in invoices.items():
        _one_at_a_time(begun[name], ledger)
        if name != "settles":
            _credit_is_as_in_the_ledger(histories[invoice], ledger, invoice)
    if retries is StripeRetries.TAKE_OVER:
        again = [line["by"] for lines in begun.values() for line in lines[1:]]
        assert set(again) == {"api"}


def _one_at_a_time(lines: list[dict[str, Any]], ledger: list[dict[str, Any]]) -> None:
    """The next debit is begun after the bank has answered the one before."""
    answered = {
        line["charge"]: datetime.fromisoformat(line["virtual_at"])
        for line in ledger
        if line["by"] == "bank"
    }
    for one, following in pairwise(lines):
        assert answered[one["charge"]] <= datetime.fromisoformat(following["virtual_at"])


def _credit_is_as_in_the_ledger(
    history: tuple[e.Event, ...], ledger: list[dict[str, Any]], invoice: str
) -> None:
    begun = [line for line in ledger if line["invoice"] == invoice and line["charge"]]
    begun = [line for line in begun if line["outcome"] == "processing"]
    # The first is that of the subscription: whoever asked for it, it was Stripe's charge.
    ours = {line["charge"] for line in begun[1:] if line["by"] == "api"}
    settled = [line for line in ledger if line["invoice"] == invoice and line["by"] == "bank"]
    refused = [
        event for event in history if isinstance(event, e.AttemptDeclined | e.ChargeDeclined)
    ]
    told = Counter(isinstance(event, e.AttemptDeclined) for event in refused)
    assert told == Counter(
        line["charge"] in ours for line in settled if line["outcome"] == "declined"
    )
    paid = [event for event in history if isinstance(event, e.CaseRecovered)]
    assert len(paid) == sum(line["money_moved"] for line in settled)
