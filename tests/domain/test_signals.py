"""What an event from Stripe asks of a case."""

import pytest

from domain.invoice import InvoiceStatus
from domain.recovery import commands as c
from domain.recovery.events import Payer, StopReason
from domain.recovery.signals import (
    InvoiceNews,
    InvoiceSignal,
    Origin,
    after_settlement,
    commands_for,
    needs_reading,
    settled,
)
from tests.builders import ACCOUNT, MONDAY, a_paid_invoice, an_invoice, declined

OURS = Origin(by=Payer.CHARGECHASE, attempt=1)


def test_a_failed_invoice_is_taken_up_and_its_decline_recorded() -> None:
    invoice = an_invoice()
    assert commands_for(ACCOUNT, invoice, OURS) == (
        c.OpenCase(account=ACCOUNT, invoice=invoice),
        c.RecordDecline(failure=declined(), by=Payer.CHARGECHASE, attempt=1),
    )


def test_a_bank_that_wants_to_see_the_customer_is_told_of() -> None:
    invoice = an_invoice(last_failure=None, needs_authentication=True)
    assert commands_for(ACCOUNT, invoice, OURS) == (
        c.OpenCase(account=ACCOUNT, invoice=invoice),
        c.RequestAuthentication(attempt=1),
    )


def test_an_invoice_that_was_settled_meanwhile_is_not_taken_up() -> None:
    paid = a_paid_invoice(MONDAY)
    payment = c.RecordPayment(amount_minor=29_00, by=Payer.CHARGECHASE, attempt=1)
    assert commands_for(ACCOUNT, paid, OURS) == (payment,)


@pytest.mark.parametrize(
    "changes", [{"collection": "send_invoice"}, {"billing_reason": "subscription_create"}]
)
def test_what_is_not_ours_to_chase_is_left_alone(changes: dict[str, str]) -> None:
    assert commands_for(ACCOUNT, an_invoice(**changes), OURS) == ()


@pytest.mark.parametrize(
    ("status", "command"),
    [
        (InvoiceStatus.PAID, c.RecordPayment(amount_minor=0, by=Payer.CHARGECHASE, attempt=1)),
        (InvoiceStatus.VOID, c.StopCase(reason=StopReason.VOIDED)),
        (InvoiceStatus.UNCOLLECTIBLE, c.WriteOff()),
        (InvoiceStatus.OPEN, None),
        (InvoiceStatus.DRAFT, None),
    ],
)
def test_the_status_says_how_a_case_ends(status: InvoiceStatus, command: c.Command | None) -> None:
    assert after_settlement(an_invoice(status=status), OURS) == ((command,) if command else ())


@pytest.mark.parametrize(
    ("news", "command"),
    [
        (InvoiceNews.PAID, c.RecordPayment(amount_minor=29_00, by=Payer.CHARGECHASE, attempt=1)),
        (InvoiceNews.VOIDED, c.StopCase(reason=StopReason.VOIDED)),
        (InvoiceNews.DELETED, c.StopCase(reason=StopReason.GONE)),
        (InvoiceNews.WRITTEN_OFF, c.WriteOff()),
        (InvoiceNews.FAILED, None),
        (InvoiceNews.NEEDS_AUTHENTICATION, None),
    ],
)
def test_an_event_either_says_all_itself_or_sends_us_to_read(
    news: InvoiceNews, command: c.Command | None
) -> None:
    signal = InvoiceSignal(invoice_id="in_1", news=news, paid_minor=29_00)
    assert settled(signal, OURS) == ((command,) if command else ())
    assert needs_reading(news) == (command is None)
