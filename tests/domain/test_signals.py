"""What an event from Stripe asks of a case."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from domain.invoice import InvoiceStatus
from domain.recovery import commands as c
from domain.recovery.events import CardSource, DisputeState, Pauser, Payer, StopReason
from domain.recovery.signals import (
    SAME_MATTER,
    CustomerDeleted,
    Disconnected,
    DisputeSignal,
    FraudWarning,
    InvoiceNews,
    InvoiceSignal,
    MandateEnded,
    Origin,
    PaymentSignal,
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
    may_open,
    needs_reading,
    news_of,
    settled,
    unless_settled,
)
from tests.builders import (
    ACCOUNT,
    DAY,
    MONDAY,
    NEW_VISA,
    OLD_VISA,
    a_paid_invoice,
    an_invoice,
    declined,
)

OURS = Origin(by=Payer.CHARGECHASE, attempt=1)
THEIRS = Origin(by=Payer.CUSTOMER, at=MONDAY)
REFUSAL = c.RecordDecline(failure=declined(), by=Payer.CHARGECHASE)
BY_HAND = {"collection": "send_invoice", "last_failure": None}


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


def test_a_first_bill_and_a_first_debit_that_came_back_are_chased() -> None:
    """Neither lives in a checkout: the subscription runs by the time that they fail."""
    first = {"billing_reason": "subscription_create"}
    bill = an_invoice(**BY_HAND, **first)
    assert news_of(ACCOUNT, bill, InvoiceNews.DUE, OURS)
    account = replace(OLD_VISA, kind="sepa_debit", brand=None)
    debit = an_invoice(**first, card=account, last_failure=declined(card=account))
    assert c.OpenCase(account=ACCOUNT, invoice=debit) in commands_for(ACCOUNT, debit, OURS)
    card = an_invoice(**first, last_failure=declined())
    assert commands_for(ACCOUNT, card, OURS) == ()


def test_a_bill_that_is_paid_by_hand_is_taken_up_once_it_is_due() -> None:
    bill = an_invoice(**BY_HAND)
    assert news_of(ACCOUNT, bill, InvoiceNews.DUE, OURS) == (
        c.OpenCase(account=ACCOUNT, invoice=bill),
    )
    assert news_of(ACCOUNT, bill, InvoiceNews.FAILED, OURS) == ()
    assert news_of(ACCOUNT, an_invoice(), InvoiceNews.DUE, OURS) == ()


def test_stripes_count_of_its_tries_is_told_with_each_open_invoice() -> None:
    counted = an_invoice(attempt_count=3)
    count = c.RecordCount(attempt_count=3)
    assert count in commands_for(ACCOUNT, counted, OURS)
    assert count in changes_of(counted, OURS)


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


@pytest.mark.parametrize("news", InvoiceNews)
def test_an_event_either_says_all_itself_or_sends_us_to_read(news: InvoiceNews) -> None:
    says = {
        InvoiceNews.PAID: c.RecordPayment(amount_minor=29_00, by=Payer.CHARGECHASE, attempt=1),
        InvoiceNews.VOIDED: c.StopCase(reason=StopReason.VOIDED),
        InvoiceNews.DELETED: c.StopCase(reason=StopReason.GONE),
    }
    signal = InvoiceSignal(invoice_id="in_1", news=news, paid_minor=29_00)
    assert settled(signal, OURS) == ((says[news],) if news in says else ())
    assert needs_reading(news) == (news not in says)


def test_only_a_refusal_a_question_of_the_bank_and_a_due_bill_can_open_a_case() -> None:
    opening = {news for news in InvoiceNews if may_open(news)}
    assert opening == {InvoiceNews.FAILED, InvoiceNews.NEEDS_AUTHENTICATION, InvoiceNews.DUE}


PLAIN: list[tuple[Plain, c.Command]] = [
    (CustomerDeleted(customer_id="cus"), c.StopCase(reason=StopReason.CUSTOMER_DELETED)),
    (SubscriptionEnded(subscription_id="sub"), c.StopCase(reason=StopReason.CANCELLED)),
    (
        SubscriptionPaused(subscription_id="sub", until=MONDAY),
        c.PauseCase(by=Pauser.STRIPE, until=MONDAY),
    ),
    (SubscriptionResumed(subscription_id="sub"), c.ResumeCase(by=Pauser.STRIPE)),
    (
        RefundSignal(charge_id="ch", refunded_minor=9_00),
        c.RecordRefund(amount_minor=9_00, charge_id="ch"),
    ),
    (
        DisputeSignal(charge_id="ch", amount_minor=29_00, state=DisputeState.WON),
        c.RecordDispute(amount_minor=29_00, state=DisputeState.WON),
    ),
    (FraudWarning(charge_id="ch"), c.StopCase(reason=StopReason.FRAUD_WARNING)),
    (MandateEnded(payment_method_id="pm_1"), c.RevokeMandate(payment_method="pm_1")),
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
    assert news_of(ACCOUNT, part, InvoiceNews.CHANGED, OURS) == (told,)
    void = an_invoice(status=InvoiceStatus.VOID, last_failure=None)
    assert changes_of(void, OURS) == (c.StopCase(reason=StopReason.VOIDED),)


def test_news_of_cards_name_who_changed_them() -> None:
    replaced = c.ReplaceCard(card=NEW_VISA, by=CardSource.NETWORK)
    assert card_news(an_invoice(card=NEW_VISA), CardSource.NETWORK) == (replaced,)
    assert card_news(an_invoice(card=None), CardSource.NETWORK) == ()
    void = an_invoice(status=InvoiceStatus.VOID, last_failure=None)
    assert card_news(void, CardSource.NETWORK) == (c.StopCase(reason=StopReason.VOIDED),)


def test_a_payment_has_its_own_news_and_no_other_says_who_paid() -> None:
    paid = a_paid_invoice(MONDAY)
    refusal = c.RecordDecline(failure=declined(), by=Payer.CUSTOMER)
    payment = c.RecordPayment(amount_minor=29_00, by=Payer.CUSTOMER)
    assert news_of(ACCOUNT, paid, InvoiceNews.FAILED, THEIRS) == (refusal,)
    assert news_of(ACCOUNT, paid, InvoiceNews.WRITTEN_OFF, THEIRS) == (refusal,)
    assert news_of(ACCOUNT, paid, InvoiceNews.CHANGED, THEIRS) == (payment, refusal)
    credited_before = Origin(by=Payer.MERCHANT, at=MONDAY - DAY)
    by_stripe = c.RecordDecline(failure=declined(), by=Payer.STRIPE)
    assert news_of(ACCOUNT, paid, InvoiceNews.CHANGED, credited_before) == (by_stripe,)
    assert card_news(paid, CardSource.CUSTOMER) == ()
    assert unless_settled(paid, (c.WriteOff(),)) == ()


def test_a_stop_gives_way_to_an_end_that_says_more() -> None:
    stop = (c.StopCase(reason=StopReason.CANCELLED),)
    void = an_invoice(status=InvoiceStatus.VOID, last_failure=None)
    assert unless_settled(an_invoice(), stop) == stop
    assert unless_settled(void, stop) == (c.StopCase(reason=StopReason.VOIDED),)


@pytest.mark.parametrize(
    ("apart", "by"),
    [
        (timedelta(0), Payer.CUSTOMER),
        (SAME_MATTER, Payer.CUSTOMER),
        (-SAME_MATTER, Payer.CUSTOMER),
        (SAME_MATTER + timedelta(seconds=1), Payer.STRIPE),
        (-DAY, Payer.STRIPE),
    ],
)
def test_a_refusal_of_another_time_is_not_the_doing_of_who_caused_the_event(
    apart: timedelta, by: Payer
) -> None:
    origin = Origin(by=Payer.CUSTOMER, at=MONDAY + apart)
    assert c.RecordDecline(failure=declined(), by=by) in commands_for(ACCOUNT, an_invoice(), origin)


def test_what_is_to_be_paid_outside_stripe_is_not_chased() -> None:
    stop = (c.StopCase(reason=StopReason.ELSEWHERE),)
    assert news_of(ACCOUNT, an_invoice(), InvoiceNews.ELSEWHERE, OURS) == stop
    void = an_invoice(status=InvoiceStatus.VOID, last_failure=None)
    voided = (c.StopCase(reason=StopReason.VOIDED),)
    assert news_of(ACCOUNT, void, InvoiceNews.ELSEWHERE, OURS) == voided


def test_news_of_a_payment_are_news_of_its_invoice() -> None:
    payment = PaymentSignal(
        news=InvoiceNews.FAILED, idempotency_key="key", requested=True, occurred_at=MONDAY
    )
    assert payment.of_invoice("in_1") == InvoiceSignal(
        invoice_id="in_1",
        news=InvoiceNews.FAILED,
        idempotency_key="key",
        requested=True,
        occurred_at=MONDAY,
    )
