"""The checkpoint itself: it lets everything pass, and notices what is not as described."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from rehearsal.stripe_double import DoubleOptions, StripeDouble
from tests.e2e.checkpoint import Checkpoint
from tests.rehearsal.openapi import SPECS

KEY = {"Idempotency-Key": "cc:0a5d7a0e-54b1-5a2e-8a4e-1c6a9f1f2d10:1"}
TOLD = {"Authorization": "Bearer sk_test_rehearsal", "Stripe-Version": "2026-10-28.endive"}

# Where Stripe's specifications are not beside the repository, nothing can be held to them, and the
# checks say so loudly.
BLIND = not SPECS.exists()


@pytest.fixture
async def checkpoint() -> AsyncIterator[Checkpoint]:
    one = Checkpoint("http://127.0.0.1:9")
    double = StripeDouble(DoubleOptions())
    one.stripe = await double.start()
    await one.start()
    yield one
    await one.stop()
    await double.stop()


async def call(
    checkpoint: Checkpoint, method: str, path: str, form: Any = None, **headers: str
) -> int:
    sent = {**TOLD, **headers}
    async with aiohttp.request(method, checkpoint.url + path, data=form, headers=sent) as answer:
        return answer.status


async def test_what_is_as_described_passes_without_a_word(checkpoint: Checkpoint) -> None:
    assert await call(checkpoint, "GET", "/v1/customers?limit=3&created[gte]=1") == 200
    assert await call(checkpoint, "POST", "/v1/customers", {"email": "a@example.com"}, **KEY) == 200
    assert await call(checkpoint, "GET", "/v1/invoices/in_absent") == 404
    assert not checkpoint.problems
    assert BLIND or checkpoint.seen == {
        "Customer.list": 1, "Customer.create": 1, "Invoice.retrieve": 1
    }  # fmt: skip


@pytest.mark.parametrize(
    ("request_line", "form", "headers", "wrong"),
    [
        ("POST /v1/customers", {}, {}, "not one of ours"),
        ("POST /v1/customers", {}, {"Idempotency-Key": "a-random-one"}, "not one of ours"),
        ("POST /v1/customers", {"colour": "red"}, KEY, "colour"),
        ("GET /v1/customers?limit=many", None, {}, "many"),
        ("GET /v1/nothing_of_the_kind", None, {}, "has no GET"),
        ("GET /v1/customers", None, {"Stripe-Version": ""}, "no version"),
    ],
)
async def test_a_request_that_stripe_does_not_describe_is_noticed(
    checkpoint: Checkpoint, request_line: str, form: Any, headers: Any, wrong: str
) -> None:
    method, path = request_line.split()
    await call(checkpoint, method, path, form, **headers)
    found = any(wrong in problem for problem in checkpoint.problems)
    assert BLIND or found, checkpoint.problems


@pytest.mark.parametrize("damage", [{"surprise": 1}, {"id": None}, {"object": "card"}])
async def test_an_event_that_stripe_would_not_send_is_noticed(
    checkpoint: Checkpoint, damage: dict[str, Any]
) -> None:
    event = {
        "id": "evt_1", "object": "event", "api_version": "2026-10-28.endive", "created": 1,
        "livemode": False, "pending_webhooks": 1, "type": "customer.deleted", "request": None,
        "data": {"object": {"id": "cus_1", "object": "customer", **damage}},
    }  # fmt: skip
    async with aiohttp.request("POST", f"{checkpoint.url}/webhooks/stripe", json=event) as answer:
        assert answer.status == 502  # nobody is behind it
    assert BLIND or checkpoint.problems
