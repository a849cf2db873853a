"""What an event from Stripe asks of a case."""

import pytest

from domain.invoice import InvoiceStatus
from domain.recovery import commands as c
from domain.recovery.events import CardSource, DisputeState, Pauser, Payer, StopReason
from domain.recovery.signals import (
    CustomerDeleted,
    CustomerSignal,
    Disconnected,
    DisputeSignal,
    InvoiceNews,
    InvoiceSignal,
    Origin,
    Plain,
    RefundSignal,
    SubscriptionEnded,
    SubscriptionPaused,
    SubscriptionResumed,
    after_settlement,
    card_news,
    changes_of,
    commands_for,
    commands_of,
    needs_reading,
    settled,
)
from tests.builders import ACCOUNT, MONDAY, NEW_VISA, a_paid_invoice, an_invoice, declined

OURS = Origin(by=Payer.CHARGECHASE, attempt=1)


REFUSAL = c.RecordDecline(failure=declined(), by=Payer.CHARGECHASE)


def test_a_failed_invoice_is_taken_up_and_its_latest_refusal_is_nobodys_answer() -> None:
    invoice = an_invoice()
    opening = c.OpenCase(account=ACCOUNT, invoice=invoice)
    assert commands_for(ACCOUNT, invoice, OURS) == (opening, REFUSAL)


def test_a_bank_that_wants_to_see_the_customer_is_told_of() -> None:
    invoice = an_invoice(last_failure=None, needs_authentication=True)
    assert commands_for(ACCOUNT, invoice, OURS) == (
        c.OpenCase(account=ACCOUNT, invoice=invoice),
        c.RequestAuthentication(attempt=1),
    )


def test_an_invoice_that_was_settled_meanwhile_is_not_taken_up() -> None:
    paid = a_paid_invoice(MONDAY, last_failure=None)
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
    invoice = an_invoice(status=status, last_failure=None)
    assert after_settlement(invoice, OURS) == ((command,) if command else ())


def test_a_refusal_counts_though_its_invoice_is_settled() -> None:
    written_off = an_invoice(status=InvoiceStatus.UNCOLLECTIBLE)
    assert after_settlement(written_off, OURS) == (c.WriteOff(), REFUSAL)


@pytest.mark.parametrize(
    ("news", "command"),
    [
        (InvoiceNews.PAID, c.RecordPayment(amount_minor=29_00, by=Payer.CHARGECHASE, attempt=1)),
        (InvoiceNews.VOIDED, c.StopCase(reason=StopReason.VOIDED)),
        (InvoiceNews.DELETED, c.StopCase(reason=StopReason.GONE)),
        (InvoiceNews.WRITTEN_OFF, c.WriteOff()),
        (InvoiceNews.CHANGED, None),
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


PLAIN: list[tuple[Plain, c.Command]] = [
    (CustomerDeleted(customer_id="cus"), c.StopCase(reason=StopReason.CUSTOMER_DELETED)),
    (SubscriptionEnded(subscription_id="sub"), c.StopCase(reason=StopReason.CANCELLED)),
    (
        SubscriptionPaused(subscription_id="sub", until=MONDAY),
        c.PauseCase(by=Pauser.STRIPE, until=MONDAY),
    ),
    (SubscriptionResumed(subscription_id="sub"), c.ResumeCase(by=Pauser.STRIPE)),
    (RefundSignal(charge_id="ch", refunded_minor=9_00), c.RecordRefund(amount_minor=9_00)),
    (
        DisputeSignal(charge_id="ch", amount_minor=29_00, state=DisputeState.WON),
        c.RecordDispute(amount_minor=29_00, state=DisputeState.WON),
    ),
    (Disconnected(), c.StopCase(reason=StopReason.DISCONNECTED)),
]


@pytest.mark.parametrize(("signal", "command"), PLAIN, ids=lambda one: type(one).__name__)
def test_a_plain_event_asks_one_thing_of_each_case(signal: Plain, command: c.Command) -> None:
    assert commands_of(signal) == (command,)


def test_what_is_no_signal_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        commands_of(object())  # type: ignore[arg-type]


def test_a_changed_invoice_opens_nothing_and_tells_of_parts_that_are_paid() -> None:
    part = an_invoice(amount_paid_minor=9_00, amount_remaining_minor=20_00)
    told = c.RecordPartialPayment(amount_paid_minor=9_00, amount_remaining_minor=20_00)
    assert changes_of(part, OURS) == (told,)
    void = an_invoice(status=InvoiceStatus.VOID, last_failure=None)
    assert changes_of(void, OURS) == (c.StopCase(reason=StopReason.VOIDED),)


def test_news_of_cards_name_who_changed_them() -> None:
    renewed = CustomerSignal(customer_id="cus", by=CardSource.NETWORK)
    assert card_news(an_invoice(card=NEW_VISA), renewed, OURS) == (
        c.ReplaceCard(card=NEW_VISA, by=CardSource.NETWORK),
    )
    assert card_news(an_invoice(card=None), renewed, OURS) == ()
    void = an_invoice(status=InvoiceStatus.VOID, last_failure=None)
    assert card_news(void, renewed, OURS) == (c.StopCase(reason=StopReason.VOIDED),)
