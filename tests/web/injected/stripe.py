"""Cases as Stripe's own words make them: JSON of its API, read by the code that reads it."""

import json
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from adapters.memory.unit_of_work import units_of_work
from adapters.stripe import documents as doc
from adapters.stripe.invoices import to_invoice
from application.case_ids import case_id_for
from domain.invoice import Customer, Invoice
from domain.recovery import commands as c
from domain.recovery.actions import next_action
from domain.recovery.case import RecoveryCase, evolve, replay
from domain.recovery.decide import decide
from tests.stripe_shapes import invoice_since_basil
from tests.web.site import ACME, NOW, Site
from tests.web.stories import ACCOUNT, BASIS

OPENED: Final = NOW - timedelta(days=2)
# What people type, and what machines say: tried apart, for the one can hide the other.
PEOPLE: Final = frozenset(
    "customer name/customer email/customer phone/customer locale/customer metadata"
    "/customer country/invoice number/invoice line/subscription".split("/")
)
MACHINES: Final = frozenset(
    "decline code/decline message/advice code/card brand/card last4/card funding/card country"
    "/bank name".split("/")
)
CURRENCY: Final = frozenset({"invoice currency"})


def invoice_of(number: int, text: str, said: frozenset[str]) -> Invoice:
    """The invoice of which `text` is said in these fields. Raises ValueError where it is none."""

    def word(name: str, harmless: str | None) -> str | None:
        return text if name in said else harmless

    raw = json.dumps(_invoice(number, word)).encode()
    intent = json.dumps(_intent(number, word)).encode()
    return to_invoice(
        msgspec.json.decode(raw, type=doc.Invoice),
        msgspec.json.decode(intent, type=doc.PaymentIntent),
    )


async def opened(site: Site, number: int, text: str, said: frozenset[str]) -> UUID | None:
    """Its case, with a link `t<number>`; None where there is no such invoice."""
    try:
        invoice = invoice_of(number, text, said)
    except ValueError:
        return None
    case_id = case_id_for(str(ACME), invoice.invoice_id)
    opening = c.OpenCase(account=ACCOUNT, invoice=invoice)
    history = decide(RecoveryCase(), opening, BASIS, OPENED)
    async with units_of_work(site.world)(ACME) as work:
        case = RecoveryCase()
        for version, happened in enumerate(history):
            case = evolve(case, happened)
            await work.cases.append(case_id, version, (happened,), case)
        await work.actions.put(case_id, next_action(replay(history)))
        assert isinstance(invoice.customer, Customer)
        await work.customers.keep(ACCOUNT, invoice.customer)
    await site.link(f"t{number}", case_id)
    return case_id


def _invoice(number: int, word: Any) -> dict[str, Any]:
    customer = {
        "id": f"cus_{number}",
        "name": word("customer name", "Anna"),
        "email": word("customer email", f"anna{number}@ours.example"),
        "phone": word("customer phone", None),
        "preferred_locales": [word("customer locale", "en")],
        "metadata": {"chargechase_texts": word("customer metadata", "no")},
        "address": {"country": word("customer country", "DE")},
    }
    return invoice_since_basil(
        id=f"in_{number}",
        customer=customer,
        number=word("invoice number", "A-1"),
        currency=word("invoice currency", "eur"),
        default_payment_method=_method(number, word),
        lines={"data": [{"amount": 1, "description": word("invoice line", "x")}]},
        parent={"subscription_details": {"subscription": word("subscription", "sub_1")}},
    )


def _method(number: int, word: Any) -> dict[str, Any]:
    return {"id": f"pm_{number}", "type": "card", "card": _card(number, word)}


def _card(number: int, word: Any) -> dict[str, Any]:
    return {
        "brand": word("card brand", "visa"),
        "last4": word("card last4", "4242"),
        "funding": word("card funding", "credit"),
        "country": word("card country", "DE"),
        "bank_name": word("bank name", None),
        "fingerprint": f"fp_{number}",
    }


def _intent(number: int, word: Any) -> dict[str, Any]:
    created, code = int(OPENED.timestamp()), word("decline code", "insufficient_funds")
    return {
        "id": f"pi_{number}",
        "status": "requires_payment_method",
        "amount": 2900,
        "created": created,
        "latest_charge": {
            "id": f"ch_{number}",
            "status": "failed",
            "amount": 2900,
            "created": created,
            "failure_code": "card_declined",
            "payment_method": f"pm_{number}",
            "payment_method_details": {"type": "card", "card": _card(number, word)},
            "outcome": {"type": "issuer_declined", "reason": code},
        },
        "last_payment_error": {
            "type": "card_error",
            "code": "card_declined",
            "charge": f"ch_{number}",
            "decline_code": code,
            "message": word("decline message", "It was declined."),
            "advice_code": word("advice code", "try_again_later"),
        },
    }
