"""Charging and reading over real HTTP: whatever Stripe answers, the right word comes back."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from aiohttp import web

from adapters.stripe.client import StripeConnection
from adapters.stripe.payments import StripePayments
from application.ports.payments import (
    ActionNeeded,
    AlreadySettled,
    Declined,
    Paid,
    Refused,
    StripeUnavailable,
    Unknown,
)
from domain.invoice import InvoiceStatus
from tests.stripe_shop import ACCOUNT, LACKS_FUNDS, LOST, WANTS_CUSTOMER, a_shop, access_to


async def test_a_decline_comes_with_its_charge_its_reason_and_its_card() -> None:
    async with a_shop() as shop:
        invoice = await shop.invoice(LACKS_FUNDS)
        outcome = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        assert isinstance(outcome, Declined)
        failure = outcome.failure
        assert failure.charge_id == shop.double.ledger()[-1]["charge"]
        assert failure.amount_minor == 29_00
        assert abs(failure.at - datetime.now(UTC)) < timedelta(minutes=1)
        assert failure.decline.decline_code == "insufficient_funds"
        assert failure.decline.code == "card_declined"
        assert failure.decline.outcome_type == "issuer_declined"
        assert failure.decline.brand == "visa"
        assert failure.card is not None
        assert failure.card.last4 == "9995"


async def test_the_decline_of_a_charge_reads_the_same_later() -> None:
    async with a_shop() as shop:
        invoice = await shop.invoice(LOST)
        outcome = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        shown = await shop.payments.read_invoice(ACCOUNT, invoice)
        assert isinstance(outcome, Declined)
        assert shown is not None
        assert shown.last_failure == outcome.failure
        assert shown.card == outcome.failure.card


async def test_a_card_that_wants_its_owner_needs_action_and_shows_it() -> None:
    async with a_shop() as shop:
        invoice = await shop.invoice(WANTS_CUSTOMER)
        outcome = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        shown = await shop.payments.read_invoice(ACCOUNT, invoice)
        assert isinstance(outcome, ActionNeeded)
        assert shown is not None
        assert shown.needs_authentication


async def test_an_invoice_without_any_card_is_refused_for_a_person_to_look() -> None:
    async with a_shop() as shop:
        invoice = await shop.invoice(None)
        outcome = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        shown = await shop.payments.read_invoice(ACCOUNT, invoice)
        assert isinstance(outcome, Refused)
        assert shown is not None
        assert shown.card is None


async def test_a_voided_invoice_is_settled_and_not_refused() -> None:
    async with a_shop() as shop:
        invoice = await shop.invoice()
        await shop.void(invoice)
        outcome = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        assert outcome == AlreadySettled()
        await shop.payments.stop_stripe_retries(ACCOUNT, invoice, idempotency_key="t")


async def test_a_key_used_for_another_invoice_is_refused_and_charges_nothing() -> None:
    async with a_shop() as shop:
        first, second = await shop.invoice(), await shop.invoice()
        await shop.payments.pay_invoice(ACCOUNT, first, idempotency_key="same")
        outcome = await shop.payments.pay_invoice(ACCOUNT, second, idempotency_key="same")
        assert outcome == Refused(reason="idempotency_error")
        assert shop.captures(second) == 0


async def test_an_account_that_was_disconnected_is_refused_and_cannot_be_read() -> None:
    async with a_shop() as shop:
        invoice = await shop.invoice()
        outcome = await shop.payments.pay_invoice("acct_gone", invoice, idempotency_key="a:1")
        assert outcome == Refused(reason="deauthorised")
        with pytest.raises(StripeUnavailable, match="deauthorised"):
            await shop.payments.read_invoice("acct_gone", invoice)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("500_before", "api_error"),
        ("500_after_effect", "api_error"),
        ("503", "http_503"),
        ("reset_before", "no_answer"),
        ("reset_after_effect", "no_answer"),
        ("truncated_json", "unreadable"),
    ],
)
async def test_an_answer_that_cannot_be_trusted_is_unknown(fault: str, reason: str) -> None:
    async with a_shop() as shop:
        invoice = await shop.invoice()
        shop.fault(fault)
        outcome = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        assert outcome == Unknown(reason=reason)


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after_effect", "slow_body"])
async def test_silence_is_unknown_within_the_time_that_was_set(fault: str) -> None:
    async with a_shop(charge_timeout_s=0.3) as shop:
        invoice = await shop.invoice()
        shop.fault(fault, seconds=20)
        async with asyncio.timeout(3):
            outcome = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        assert outcome == Unknown(reason="timeout")


@pytest.mark.parametrize("fault", ["timeout_after_effect", "reset_after_effect", "truncated_json"])
async def test_after_an_unknown_outcome_the_same_key_tells_and_money_moved_once(fault: str) -> None:
    async with a_shop(charge_timeout_s=0.3) as shop:
        invoice = await shop.invoice()
        shop.fault(fault, seconds=20, times=1)
        first = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        await asyncio.sleep(0.1)
        second = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        assert isinstance(first, Unknown)
        assert second == Paid(amount_minor=29_00)
        assert shop.captures(invoice) == 1


async def test_a_short_rate_limit_is_waited_out_with_the_same_key() -> None:
    async with a_shop() as shop:
        invoice = await shop.invoice()
        shop.fault("429", times=2)
        outcome = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        assert outcome == Paid(amount_minor=29_00)
        assert shop.seen[-3:] == [
            ("invoices.pay", "limited"),
            ("invoices.pay", "limited"),
            ("invoices.pay", "ok"),
        ]
        assert shop.captures(invoice) == 1


async def test_a_long_rate_limit_is_unknown_after_about_a_second() -> None:
    async with a_shop() as shop:
        invoice = await shop.invoice()
        shop.fault("429")
        async with asyncio.timeout(2):
            outcome = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        assert outcome == Unknown(reason="rate_limit")
        assert shop.seen.count(("invoices.pay", "limited")) == 3


async def test_a_decline_whose_charge_cannot_be_read_is_asked_for_later_and_not_lost() -> None:
    async with a_shop() as shop:
        invoice = await shop.invoice(LACKS_FUNDS)
        shop.fault("500_before", path="/v1/charges/*", times=1)
        first = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        second = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        assert first == Unknown(reason="decline_unread")
        assert isinstance(second, Declined)


@pytest.mark.parametrize("fault", ["500_before", "503", "reset_before", "429", "truncated_json"])
async def test_stripe_that_cannot_be_read_is_unavailable_and_never_none(fault: str) -> None:
    async with a_shop() as shop:
        invoice = await shop.invoice()
        shop.fault(fault, path="/v1/*")
        with pytest.raises(StripeUnavailable):
            await shop.payments.read_invoice(ACCOUNT, invoice)
        with pytest.raises(StripeUnavailable):
            await shop.payments.stop_stripe_retries(ACCOUNT, invoice, idempotency_key="t")


async def test_an_invoice_shows_whom_to_write_to_and_what_to_pay() -> None:
    async with a_shop() as shop:
        shown = await shop.payments.read_invoice(ACCOUNT, await shop.invoice(amount=1_234))
        assert shown is not None
        assert shown.status is InvoiceStatus.OPEN
        assert (shown.amount_remaining_minor, shown.currency) == (1_234, "eur")
        assert shown.customer is not None
        assert (shown.customer.email, shown.customer.name) == ("anna@example.com", "Anna")
        assert shown.customer.locale == "de"
        assert shown.hosted_url is not None
        assert shown.last_failure is None


async def test_a_new_card_in_the_slot_shows_at_the_next_reading() -> None:
    async with a_shop() as shop:
        invoice = await shop.invoice(LACKS_FUNDS)
        await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        before = await shop.payments.read_invoice(ACCOUNT, invoice)
        assert before is not None
        assert before.customer is not None
        method = await shop.new_card(before.customer.customer_id, "pm_card_mastercard")
        after = await shop.payments.read_invoice(ACCOUNT, invoice)
        assert after is not None
        assert after.card is not None
        assert after.card.payment_method == method
        assert after.card.brand == "mastercard"
        assert after.last_failure == before.last_failure


async def test_each_call_is_logged_with_its_request_and_without_personal_data() -> None:
    async with a_shop() as shop:
        with structlog.testing.capture_logs() as lines:
            invoice = await shop.invoice(LACKS_FUNDS)
            await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="a:1")
        calls = [line for line in lines if line["event"] == "stripe_call"]
        charged = next(line for line in calls if line["endpoint"] == "invoices.pay")
        assert charged["outcome"] == "declined"
        assert charged["request_id"].startswith("req_")
        assert "anna" not in repr(lines).lower()


BUSY = '{"error": {"type": "invalid_request_error", "code": "rate_limit"}}'


@asynccontextmanager
async def answering(
    status: int | tuple[int, ...], *bodies: str, **headers: str
) -> AsyncIterator[tuple[Any, Any]]:
    """A Stripe that gives these answers in turn, whatever is asked, and keeps the requests."""
    requests: list[web.Request] = []
    turns = itertools.cycle(bodies)
    statuses = itertools.cycle((status,) if isinstance(status, int) else status)

    async def answer(request: web.Request) -> web.Response:
        requests.append(request)
        kind = "application/json"
        return web.Response(
            status=next(statuses), text=next(turns), content_type=kind, headers=headers
        )

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = runner.addresses[0]
    connection = StripeConnection(access_to(f"http://127.0.0.1:{address[1]}"))
    try:
        with structlog.testing.capture_logs():
            yield StripePayments(connection), requests
    finally:
        await connection.close()
        await runner.cleanup()


NOT_STRIPES = (
    "", "null", "[]", "5", '"x"', "{}", "NaN", "<html>", '{"error": null}', '{"error": 5}',
    '{"error": "x"}', '{"error": {"code": 5}}', '{"id": 5, "status": []}',
    '{"error": {"charge": {}, "payment_intent": "pi_1"}}', "[" * 5_000,
)  # fmt: skip


@pytest.mark.parametrize("status", [200, 400, 401, 402, 403, 404, 409, 500])
async def test_an_answer_in_words_that_are_not_stripes_leaves_a_charge_unknown(
    status: int,
) -> None:
    async with answering(status, *NOT_STRIPES) as (payments, _):
        for body in NOT_STRIPES:
            outcome = await payments.pay_invoice(ACCOUNT, "in_1", idempotency_key="a:1")
            assert isinstance(outcome, Unknown), body


@pytest.mark.parametrize("status", [200, 400, 402, 404, 500])
async def test_no_answer_to_a_reading_is_mistaken_for_an_invoice(status: int) -> None:
    async with answering(status, *NOT_STRIPES) as (payments, _):
        for _body in NOT_STRIPES:
            with pytest.raises(StripeUnavailable):
                await payments.read_invoice(ACCOUNT, "in_1")


async def test_an_invoice_whose_intent_is_missing_is_not_taken_for_gone() -> None:
    shown = (
        '{"id": "in_1", "object": "invoice", "status": "open", "currency": "eur",'
        ' "amount_remaining": 1, "amount_paid": 0, "collection_method": "charge_automatically",'
        ' "payments": {"data": [{"is_default": true, "payment": {"payment_intent": "pi_1"}}]}}'
    )
    missing = '{"error": {"type": "invalid_request_error", "code": "resource_missing"}}'
    async with answering((200, 404), shown, missing) as (payments, _):
        with pytest.raises(StripeUnavailable, match="resource_missing"):
            await payments.read_invoice(ACCOUNT, "in_1")


async def test_a_404_that_is_not_about_the_invoice_does_not_make_it_disappear() -> None:
    body = '{"error": {"type": "invalid_request_error", "message": "Unrecognized request URL"}}'
    async with answering(404, body) as (payments, _):
        outcome = await payments.pay_invoice(ACCOUNT, "in_1", idempotency_key="a:1")
        assert outcome == Unknown(reason="unreadable")
        with pytest.raises(StripeUnavailable):
            await payments.read_invoice(ACCOUNT, "in_1")


async def test_a_status_that_no_version_has_had_is_not_guessed_at() -> None:
    body = (
        '{"id": "in_1", "object": "invoice", "status": "haggling", "currency": "eur",'
        ' "amount_remaining": 1, "amount_paid": 0, "collection_method": "charge_automatically"}'
    )
    async with answering(200, body) as (payments, _):
        with pytest.raises(StripeUnavailable, match="unreadable"):
            await payments.read_invoice(ACCOUNT, "in_1")


async def test_a_bank_debit_that_is_on_its_way_is_unknown_and_not_paid() -> None:
    body = (
        '{"id": "in_1", "object": "invoice", "status": "open", "currency": "eur",'
        ' "amount_remaining": 1, "amount_paid": 0, "collection_method": "charge_automatically"}'
    )
    async with answering(200, body) as (payments, _):
        outcome = await payments.pay_invoice(ACCOUNT, "in_1", idempotency_key="a:1")
    assert outcome == Unknown(reason="processing")


async def test_the_own_account_goes_without_a_header_and_every_call_pins_the_version() -> None:
    async with answering(500, "{}") as (payments, requests):
        await payments.pay_invoice(ACCOUNT, "in_1", idempotency_key="case:1")
        await payments.pay_invoice("acct_other", "in_1", idempotency_key="case:2")
    own, other = (request.headers for request in requests)
    assert "Stripe-Account" not in own
    assert other["Stripe-Account"] == "acct_other"
    assert own["Stripe-Version"] == other["Stripe-Version"] == "2026-10-28.endive"
    assert (own["Idempotency-Key"], other["Idempotency-Key"]) == ("case:1", "case:2")


async def test_stripes_wish_to_wait_longer_than_a_second_ends_the_tries_at_once() -> None:
    async with answering(429, BUSY, **{"Retry-After": "30"}) as (
        payments,
        requests,
    ):
        outcome = await payments.pay_invoice(ACCOUNT, "in_1", idempotency_key="a:1")
    assert outcome == Unknown(reason="rate_limit")
    assert len(requests) == 1
