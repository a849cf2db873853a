"""The ways to pay that the customer's page offers: the first is the one it asks for."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from application.change_case import CaseRef
from application.owed import Debt
from domain.money import Money, sums
from domain.recovery.events import Ask
from web import money
from web.wording.customer import Speech

# Where a way leads, behind the link's own address.
PAGE, CARD, NOW = "", "/card", "/now"


class Asked(Struct, frozen=True, kw_only=True):
    """What the page asks of its reader, and what can be done."""

    ask: Ask | None
    by_page: bool  # on Stripe's page of the invoice alone: a bill, or something is wrong
    at_once: tuple[Money, ...]  # what the card on file can be charged with just now
    several: bool  # invoices, each with a way of its own
    rests: bool  # nothing is asked for: a day was picked, or something is wrong
    refused: bool  # the card on file, a moment ago


class Way(Struct, frozen=True):
    """One button."""

    leads: str
    label: str
    quiet: bool


class Line(Struct, frozen=True):
    """One invoice of several; `choice` is how a form names it, None for the page's own."""

    name: str
    amount: Markup
    choice: str | None


def choice_of(ref: CaseRef) -> str:
    """How a form names a case."""
    return sha256(ref.case_id.bytes).hexdigest()[:16]


def shown(asked: Asked, speech: Speech) -> dict[str, Any]:
    """For the template."""
    found = list(_ways(asked, speech))
    return {
        "ways": [
            Way(leads, label, quiet=asked.rests or number > 0)
            for number, (leads, label) in enumerate(found)
        ]
    }


def _ways(asked: Asked, speech: Speech) -> Iterable[tuple[str, str]]:
    if asked.by_page:
        if not asked.several:
            yield PAGE, speech.pay["pay_now"]
        return
    if asked.refused:
        yield CARD, speech.pay["use_card"]
    if asked.at_once:
        amount = _joined(asked.at_once, speech)
        yield NOW, speech.pay["with_this"].format(amount=amount)
    elif asked.ask is Ask.AUTHENTICATION:
        yield PAGE, speech.pay["confirm"]
    elif asked.ask is not Ask.CARD and not asked.several:
        yield PAGE, speech.pay["pay_now"]
    if not asked.refused:
        yield CARD, speech.pay["use_card"]
    if (asked.at_once or asked.ask is Ask.CARD) and not asked.several:
        yield PAGE, speech.pay["other_way"]


def figures(amounts: Iterable[Money], speech: Speech) -> list[Markup]:
    """What is owed in all, an amount for each currency."""
    return [money.html(each.amount_minor, each.currency, speech.point) for each in sums(amounts)]


def lines(
    own: tuple[str | None, Money], others: Sequence[Debt], speech: Speech
) -> tuple[Line, ...]:
    """The invoices, the page's own first."""
    number, amount = own
    mine = Line(_name(number, speech), _html(amount, speech), None)
    return (mine, *(_line(debt, speech) for debt in others))


def _line(debt: Debt, speech: Speech) -> Line:
    name = _name(debt.case.number, speech)
    return Line(name, _html(debt.case.owed, speech), choice_of(debt.ref))


def _name(number: str | None, speech: Speech) -> str:
    return speech.owed["invoice"].format(number=number) if number else speech.owed["nameless"]


def _html(amount: Money, speech: Speech) -> Markup:
    return money.html(amount.amount_minor, amount.currency, speech.point)


def _joined(amounts: Iterable[Money], speech: Speech) -> str:
    return " + ".join(
        money.plain(each.amount_minor, each.currency, speech.point) for each in amounts
    )
