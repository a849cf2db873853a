"""Lists of Stripe's: one odd thing in a page hides no other, and whatever fails is told as away."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from stripe.params import _webhook_endpoint_create_params

from adapters.stripe.records import LISTED_TYPES, StripeListings
from application.ports.payments import StripeUnavailable
from domain.invoice import InvoiceStatus

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SPAN = (NOW - timedelta(days=31), NOW)
INVOICE: dict[str, Any] = {
    "id": "in_1",
    "status": "paid",
    "currency": "eur",
    "amount_remaining": 0,
    "amount_paid": 2900,
    "collection_method": "charge_automatically",
    "created": 1_700_000_000,
    "attempted": True,
    "attempt_count": 1,
    "status_transitions": {"finalized_at": 1_700_003_600, "paid_at": 1_700_007_200},
}
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "invoice.paid",
    "livemode": False,
    "created": 1_700_000_000,
    "data": {"object": {}},
}


class Line:
    """The connection's one call, answered from a list; what was asked is kept."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked: list[Mapping[str, Any]] = []

    async def call(self, account: str, request: tuple[str, str], params: Mapping[str, Any]) -> str:
        self.asked.append(params)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return msgspec.json.encode(answer).decode()


def listings(*answers: Any) -> tuple[StripeListings, Line]:
    line = Line(*answers)
    return StripeListings(line, 100_000.0), line  # type: ignore[arg-type]


def a_page(*data: Any, has_more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(data), "has_more": has_more}


def test_stripe_knows_every_type_that_is_asked_for() -> None:
    known = Path(_webhook_endpoint_create_params.__file__).read_text()
    assert [kind for kind in sorted(LISTED_TYPES) if f'"{kind}"' not in known] == []


async def test_an_odd_event_hides_no_other_and_the_list_goes_on_behind_it() -> None:
    records, line = listings(a_page(EVENT, {"id": "evt_odd", "object": "?"}, has_more=True))
    page = await records.events("acct_1", ("invoice.paid",), SPAN, "evt_0")
    assert [event.event_id for event in page.events] == ["evt_1"]
    assert (page.looked_at, page.last) == (2, "evt_odd")
    (asked,) = line.asked
    assert asked["starting_after"] == "evt_0"
    assert asked["types"] == ["invoice.paid"]
    assert asked["created"] == {
        "gte": int(SPAN[0].timestamp()),
        "lt": int(SPAN[1].timestamp()),
    }


async def test_an_invoice_of_a_status_that_nobody_knows_yet_is_left_out() -> None:
    records, _ = listings(a_page({**INVOICE, "status": "frozen"}, INVOICE))
    page = await records.past_invoices("acct_1", SPAN, None)
    assert [record.invoice.status for record in page.invoices] == [InvoiceStatus.PAID]
    assert page.last is None


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({}, False),
        ({"attempt_count": 2}, True),
        ({"status_transitions": {"finalized_at": 1, "paid_at": 100_000}}, True),
        ({"status_transitions": {"paid_at": 100_000}}, False),
        ({"status": "open"}, True),
        ({"status": "open", "attempted": False}, False),
        ({"status": "void"}, True),
        ({"status": "uncollectible", "attempt_count": 0}, False),
        ({"status": "draft", "attempted": False, "attempt_count": 0}, False),
    ],
)
async def test_which_invoices_are_worth_a_look_at_their_charges(
    changes: dict[str, Any], failed: bool
) -> None:
    records, _ = listings(a_page({**INVOICE, **changes}))
    (record,) = (await records.past_invoices("acct_1", SPAN, None)).invoices
    assert record.once_failed is failed


async def test_charges_come_oldest_first_and_those_on_their_way_not_at_all() -> None:
    def charge(name: str, status: str) -> dict[str, Any]:
        return {"id": name, "status": status, "amount": 1, "created": 1}

    found = [charge("ch_3", "pending"), charge("ch_2", "succeeded"), charge("ch_1", "failed")]
    records, _ = listings(a_page(*found))
    charges = await records.charges("acct_1", "pi_1")
    assert [one.charge_id for one in charges] == ["ch_1", "ch_2"]
    assert [one.failure is None for one in charges] == [False, True]


class Forbidden(Exception):
    code = "permission_missing"


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (TimeoutError(), "timeout"),
        (Forbidden(), "permission_missing"),
        (ConnectionError("cut"), "ConnectionError: cut"),
        ({"odd": True}, "ValidationError: Object missing required field `data`"),
    ],
)
async def test_whatever_fails_is_told_with_its_reason(trouble: Any, said: str) -> None:
    records, _ = listings(trouble)
    with pytest.raises(StripeUnavailable, match=said):
        await records.open_invoices("acct_1", NOW, None)
