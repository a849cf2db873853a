"""One of each type of event that Stripe sends us, in every shape, and what it does to a case.

The case that is given: invoice `in_1` of `cus_anna`, from `sub_bread`, open and refused once
on `pm_old`.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field

from domain.invoice import Card, InvoiceStatus
from tests.builders import MONDAY, NEW_VISA, declined
from tests.stripe_shapes import NEW, OLD, SCHEDULED

AT = int(MONDAY.timestamp())
NOTHING: Mapping[str, Any] = MappingProxyType({})
BOTH = (OLD, NEW)
PAID = {"status": InvoiceStatus.PAID, "amount_remaining_minor": 0, "amount_paid_minor": 29_00,
        "paid_at": MONDAY, "last_failure": None}  # fmt: skip
WRITTEN_OFF = {"status": InvoiceStatus.UNCOLLECTIBLE}
REFUSED_AGAIN = {"last_failure": declined(charge="ch_2")}
ASKS_CUSTOMER = {"needs_authentication": True}
OTHER_CARD: dict[str, Card] = {"card": NEW_VISA}
BILL = {"collection": "send_invoice", "last_failure": None, "due_at": MONDAY}
UNPAID_INVOICE = {
    "id": "in_1", "object": "invoice", "amount_due": 2900, "amount_paid": 0,
    "amount_remaining": 2900, "collection_method": "charge_automatically", "customer": "cus_anna",
    "status": "open",
}  # fmt: skip
PAID_INVOICE = {**UNPAID_INVOICE, "status": "paid", "amount_paid": 2900, "amount_remaining": 0}
INTENT = {"id": "pi_1", "object": "payment_intent", "customer": "cus_anna"}
REFUSED_INTENT = {**INTENT, "status": "requires_payment_method", "latest_charge": "ch_2"}
CHARGE = {
    "id": "ch_2", "object": "charge", "customer": "cus_anna", "payment_intent": "pi_1",
    "amount": 2900,
}  # fmt: skip
REFUNDED = {**CHARGE, "id": "ch_3", "amount_refunded": 1000}
REFUND = {"id": "re_1", "object": "refund", "amount": 1000, "charge": "ch_3"}
DISPUTE = {
    "id": "dp_1", "object": "dispute", "amount": 2900, "charge": "ch_3", "payment_intent": "pi_1",
    "status": "needs_response",
}  # fmt: skip
WON = {**DISPUTE, "status": "won"}
WARNING = {
    "id": "issfr_1", "object": "radar.early_fraud_warning", "charge": "ch_3",
    "payment_intent": "pi_1", "fraud_type": "misc",
}  # fmt: skip
CUSTOMER = {"id": "cus_anna", "object": "customer"}
CARD = {"id": "card_1", "object": "card", "customer": "cus_anna"}
METHOD = {"id": "pm_new", "object": "payment_method", "customer": "cus_anna", "type": "card"}
SETUP = {"id": "seti_1", "object": "setup_intent", "customer": "cus_anna", "status": "succeeded"}
SESSION = {
    "id": "cs_1", "object": "checkout.session", "mode": "setup", "customer": "cus_anna",
    "status": "complete",
}  # fmt: skip
MANDATE = {
    "id": "mandate_1", "object": "mandate", "payment_method": "pm_old", "status": "inactive",
}  # fmt: skip
SUBSCRIPTION = {
    "id": "sub_bread", "object": "subscription", "customer": "cus_anna", "status": "active",
    "pause_collection": None,
}  # fmt: skip
HELD = {**SUBSCRIPTION, "pause_collection": {"behavior": "void", "resumes_at": None}}
ENDED = {**SUBSCRIPTION, "status": "canceled"}
ACCOUNT = {"id": "acct_bakery", "object": "account"}
APPLICATION = {"id": "ca_1", "object": "application", "name": "ChargeChase"}


class Row(Struct, frozen=True, kw_only=True):
    """An event, and what it does to the given case.

    `subject` is what both shapes share, `old` and `new` what only one of them tells. `bank` is how
    the invoice stands by then, `shows` what Stripe tells of things that an event only names.
    `happens` are the new events of the case by their tags, plans and messages left out.
    """

    type: str
    subject: Mapping[str, Any]
    happens: tuple[str, ...] = ()
    old: Mapping[str, Any] = NOTHING
    new: Mapping[str, Any] = NOTHING
    before: Mapping[str, Any] | None = None  # previous_attributes
    bank: Mapping[str, Any] = NOTHING
    shows: Mapping[str, Mapping[str, Any]] = NOTHING  # by kind
    after_payment: bool = False  # the case was recovered before
    paused: bool = False  # by the subscription's own pause
    opens: bool = True  # whether the case was there before
    versions: tuple[str, ...] = BOTH
    works: tuple[str, ...] = field(default_factory=tuple)  # chores that are put

    def snapshot(self, version: str) -> bytes:
        """As an endpoint of that version is sent it."""
        data: dict[str, Any] = {"object": self.body(version)}
        if self.before is not None:
            data["previous_attributes"] = self.before
        event = {
            "id": "evt_snapshot", "object": "event", "account": ACCOUNT["id"],
            "api_version": version, "created": AT, "data": data, "livemode": False,
            "pending_webhooks": 1, "request": SCHEDULED, "type": self.type,
        }  # fmt: skip
        return json.dumps(event).encode()

    def body(self, version: str) -> dict[str, Any]:
        """The event's subject."""
        return {**self.subject, **(self.old if version == OLD else self.new)}

    def thin(self, name: str | None = None, kind: str | None = None) -> bytes:
        """As an event destination that sends thin events does."""
        return thin(name or self.type, self.subject["id"], kind or self.subject["object"])


def thin(name: str, object_id: str, kind: str, **changes: Any) -> bytes:
    """The thin event of that name about one thing."""
    event = {
        "id": "evt_thin", "object": "v2.core.event", "context": ACCOUNT["id"],
        "created": datetime.fromtimestamp(AT, UTC).isoformat().replace("+00:00", ".000Z"),
        "livemode": False, "reason": None, "type": f"v1.{name}",
        "related_object": {"id": object_id, "type": kind, "url": f"/v1/{kind}s/{object_id}"},
        **changes,
    }  # fmt: skip
    return json.dumps(event).encode()


REFUSAL = ("charge_declined",)
PAYMENT = ("case_recovered",)
STOP = ("case_stopped",)
NEW_CARD = ("card_replaced",)
BACK = ("money_returned",)
OF_SUBSCRIPTION = {
    "parent": {
        "type": "subscription_details",
        "quote_details": None,
        "subscription_details": {"metadata": {}, "subscription": "sub_bread"},
    }
}
BY_INVOICE = {"invoice": "in_1"}

ROWS: tuple[Row, ...] = (
    Row(type="invoice.payment_failed", subject=UNPAID_INVOICE, bank=REFUSED_AGAIN,
        happens=REFUSAL),
    Row(type="invoice.payment_action_required", subject=UNPAID_INVOICE, bank=ASKS_CUSTOMER,
        happens=("customer_asked",)),
    Row(type="invoice.payment_attempt_required", subject=UNPAID_INVOICE, happens=STOP,
        versions=(NEW,)),
    Row(type="invoice.paid", subject=PAID_INVOICE, bank=PAID, happens=PAYMENT),
    Row(type="invoice.overpaid", subject={**PAID_INVOICE, "amount_overpaid": 2900}, bank=PAID,
        versions=(NEW,), after_payment=True, happens=("money_overpaid",)),
    Row(type="invoice.voided", subject={**UNPAID_INVOICE, "status": "void"},
        bank={"status": InvoiceStatus.VOID, "last_failure": None}, happens=STOP),
    Row(type="invoice.deleted", subject={"id": "in_1", "object": "invoice"}, happens=STOP),
    Row(type="invoice.marked_uncollectible",
        subject={**UNPAID_INVOICE, "status": "uncollectible"}, bank=WRITTEN_OFF,
        happens=("case_lost",)),
    Row(type="invoice.finalization_failed", subject={**UNPAID_INVOICE, "status": "draft"}),
    Row(type="invoice.will_be_due", subject=UNPAID_INVOICE, bank=BILL, opens=False,
        happens=("case_opened", "customer_asked")),
    Row(type="invoice.overdue", subject=UNPAID_INVOICE, bank=BILL, opens=False,
        happens=("case_opened", "customer_asked")),
    Row(type="invoice.upcoming", old={"subscription": "sub_bread"}, new=OF_SUBSCRIPTION,
        subject={"object": "invoice", "customer": "cus_anna", "next_payment_attempt": AT}),
    Row(type="invoice.updated", subject=UNPAID_INVOICE, before={"amount_remaining": 2900},
        bank={"amount_remaining_minor": 9_00, "amount_paid_minor": 20_00},
        happens=("amount_changed",)),
    Row(type="invoice_payment.paid", versions=(NEW,), bank=PAID, happens=PAYMENT,
        subject={"id": "inpay_1", "object": "invoice_payment", "invoice": "in_1",
                 "status": "paid"}),
    Row(type="payment_intent.payment_failed", subject=REFUSED_INTENT, old=BY_INVOICE,
        bank=REFUSED_AGAIN, happens=REFUSAL),
    Row(type="payment_intent.requires_action", subject={**INTENT, "status": "requires_action"},
        old=BY_INVOICE, bank=ASKS_CUSTOMER, happens=("customer_asked",)),
    Row(type="payment_intent.succeeded", subject={**INTENT, "status": "succeeded"},
        old=BY_INVOICE, bank=PAID, happens=PAYMENT),
    Row(type="payment_intent.processing", subject={**INTENT, "status": "processing"},
        old=BY_INVOICE, bank={"processing": True}),
    Row(type="payment_intent.canceled", subject={**INTENT, "status": "canceled"},
        old=BY_INVOICE),
    Row(type="charge.failed", subject={**CHARGE, "status": "failed"}, old=BY_INVOICE,
        bank=REFUSED_AGAIN, happens=REFUSAL),
    Row(type="charge.succeeded", subject={**CHARGE, "status": "succeeded"}, old=BY_INVOICE,
        bank=PAID, happens=PAYMENT),
    Row(type="charge.refunded", subject=REFUNDED, old=BY_INVOICE, shows={"charge": REFUNDED},
        after_payment=True, happens=BACK),
    *(
        Row(type=kind, subject=REFUND, shows={"charge": REFUNDED, "refund": REFUND},
            after_payment=True, happens=BACK)
        for kind in ("refund.created", "refund.updated", "charge.refund.updated")
    ),
    Row(type="refund.failed", subject=REFUND, after_payment=True,
        shows={"charge": {**REFUNDED, "amount_refunded": 0}, "refund": REFUND}),
    *(
        Row(type=kind, subject=DISPUTE, after_payment=True, happens=BACK)
        for kind in ("charge.dispute.created", "charge.dispute.updated",
                     "charge.dispute.funds_withdrawn")
    ),
    *(
        Row(type=kind, subject=WON, after_payment=True,
            happens=("money_returned", "money_reinstated"))
        for kind in ("charge.dispute.closed", "charge.dispute.funds_reinstated")
    ),
    Row(type="radar.early_fraud_warning.created", subject=WARNING, happens=STOP),
    Row(type="customer.updated", subject=CUSTOMER, bank=OTHER_CARD, happens=NEW_CARD,
        before={"invoice_settings": {"default_payment_method": "pm_old"}}),
    Row(type="customer.deleted", subject={**CUSTOMER, "deleted": True}, happens=STOP),
    *(
        Row(type=f"customer.source.{what}", subject=CARD, bank=OTHER_CARD, happens=NEW_CARD)
        for what in ("created", "updated", "deleted")
    ),
    *(
        Row(type=f"payment_method.{what}", subject=METHOD, bank=OTHER_CARD, happens=NEW_CARD)
        for what in ("attached", "updated", "automatically_updated")
    ),
    Row(type="payment_method.card_automatically_updated", subject=METHOD, bank=OTHER_CARD,
        happens=NEW_CARD, versions=(OLD,)),
    Row(type="payment_method.detached", subject={**METHOD, "customer": None}, bank=OTHER_CARD,
        before={"customer": "cus_anna"}, happens=NEW_CARD),
    Row(type="setup_intent.succeeded", subject=SETUP, bank=OTHER_CARD, happens=NEW_CARD),
    Row(type="checkout.session.completed", subject=SESSION, bank=OTHER_CARD, happens=NEW_CARD),
    Row(type="mandate.updated", subject=MANDATE, happens=("customer_asked",),
        shows={"mandate": MANDATE, "payment_method": {**METHOD, "id": "pm_old"}}),
    Row(type="customer.subscription.updated", subject=HELD, before={"pause_collection": None},
        shows={"subscription": HELD}, happens=("case_paused",)),
    Row(type="customer.subscription.deleted", subject=ENDED, happens=STOP),
    Row(type="customer.subscription.paused", subject={**SUBSCRIPTION, "status": "paused"},
        shows={"subscription": {**SUBSCRIPTION, "status": "paused"}}, happens=("case_paused",)),
    Row(type="customer.subscription.resumed", subject=SUBSCRIPTION, paused=True,
        shows={"subscription": SUBSCRIPTION}, happens=("case_resumed",)),
    Row(type="customer.subscription.trial_will_end", subject={**SUBSCRIPTION, "trial_end": AT}),
    Row(type="account.updated", subject=ACCOUNT, works=("preflight",)),
    Row(type="account.application.authorized", subject=APPLICATION, works=("preflight",)),
    Row(type="account.application.deauthorized", subject=APPLICATION, happens=STOP),
)  # fmt: skip
