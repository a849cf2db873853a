"""What intake takes for an event of Stripe's, and the bodies that people try instead."""

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.stripe.events import StripeEventReader, read_envelope
from application.ports.payments import MalformedEvent

DEPTH = 100_000


def an_event(**changes: Any) -> bytes:
    event = {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1_772_445_600,
        "data": {"object": {"id": "in_1", "object": "invoice"}},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "invoice.payment_failed",
    }
    return json.dumps({**event, **changes}).encode()


def without(name: str) -> bytes:
    return json.dumps({k: v for k, v in json.loads(an_event()).items() if k != name}).encode()


def nested(opening: bytes, closing: bytes) -> bytes:
    return opening * DEPTH + b"1" + closing * DEPTH


def test_an_event_is_read_with_its_body_untouched() -> None:
    raw = an_event(account="acct_bakery", livemode=True)
    seen = read_envelope(raw)
    assert (seen.event_id, seen.account, seen.livemode) == ("evt_1", "acct_bakery", True)
    assert seen.type == "invoice.payment_failed"
    assert seen.raw is raw


def test_an_event_of_the_installations_own_account_names_none() -> None:
    assert read_envelope(an_event()).account is None
    assert read_envelope(an_event(account=None)).account is None


def test_a_field_that_stripe_adds_tomorrow_changes_nothing() -> None:
    assert read_envelope(an_event(context={"new": [1, 2]})).event_id == "evt_1"


def a_thin_event(**changes: Any) -> bytes:
    event = {
        "id": "evt_1",
        "object": "v2.core.event",
        "type": "v1.invoice.payment_failed",
        "livemode": False,
        "created": "2026-03-02T10:00:00.000Z",
        "related_object": {"id": "in_1", "type": "invoice", "url": "/v1/invoices/in_1"},
    }
    return json.dumps({**event, **changes}).encode()


@pytest.mark.parametrize(
    ("context", "account"),
    [(None, None), ("acct_bakery", "acct_bakery"), ("org_1/acct_bakery", "acct_bakery")],
)
def test_a_thin_event_is_read_with_the_account_that_its_context_leads_to(
    context: str | None, account: str | None
) -> None:
    raw = a_thin_event(context=context)
    seen = read_envelope(raw)
    assert (seen.event_id, seen.account, seen.livemode) == ("evt_1", account, False)
    assert seen.type == "v1.invoice.payment_failed"
    assert seen.raw is raw


def test_a_thin_event_of_the_installations_own_account_names_none() -> None:
    assert read_envelope(a_thin_event()).account is None


HOSTILE = {
    "nothing": b"",
    "an array": b"[]",
    "an array of events": b"[" + an_event() + b"]",
    "null": b"null",
    "a number": b"42",
    "a huge number": b"1" * 10_000,
    "a string": b'"evt_1"',
    "an empty object": b"{}",
    "NaN": b"NaN",
    "NaN inside": an_event(data={"object": float("nan")}),
    "infinity as time": an_event(created=float("inf")),
    "not UTF-8": b"\xff\xfe" + an_event(),
    "not UTF-8 inside": an_event().replace(b"in_1", b"in_\xff"),
    "UTF-16": an_event().decode().encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + an_event(),
    "cut short": an_event()[:-1],
    "something behind it": an_event() + b"{}",
    "arrays without end": b"[" * DEPTH,
    "arrays 100,000 deep": nested(b"[", b"]"),
    "objects 100,000 deep": nested(b'{"a":', b"}"),
    "100,000 levels inside": b'{"data":' + nested(b"[", b"]") + b"}",
    "100,000 levels in the object": an_event(data={"object": {"a": "§"}}).replace(
        b'"\\u00a7"', nested(b'{"a":', b"}")
    ),
    "no id": without("id"),
    "no type": without("type"),
    "no livemode": without("livemode"),
    "no data": without("data"),
    "a null object": an_event(data={"object": None}),
    "an id that is a number": an_event(id=7),
    "an id that is null": an_event(id=None),
    "an empty id": an_event(id=""),
    "an id of 256 characters": an_event(id="e" * 256),
    "an id with NUL": an_event(id="evt_\0"),
    "an id with a line break": an_event(id="evt_1\n"),
    "an id with letters of the world": an_event(id="evt_é"),
    "an id with half a letter": an_event(id="\ud800"),
    "a type that is a number": an_event(type=42),
    "a livemode that is a word": an_event(livemode="false"),
    "a livemode that is a number": an_event(livemode=0),
    "an account that is an object": an_event(account={"id": "acct_1"}),
    "an empty account": an_event(account=""),
    "a time before time": an_event(created=-1),
    "a time of 10^30": an_event(created=10**30),
    "a time that is broken": an_event(created=1.5),
    "another object": an_event(object="list"),
    "a thin event with a body": an_event(object="v2.core.event"),
    "a thin event without a time": a_thin_event(created=None),
    "a thin event at a time of no zone": a_thin_event(created="2026-03-02T10:00:00"),
    "a thin event of a broken context": a_thin_event(context={"account": "acct_1"}),
    "a thin event of an empty context": a_thin_event(context=""),
    "a thin event without a type": a_thin_event(type=None),
    "a thin event without an id": a_thin_event(id=""),
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_it_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedEvent):
        read_envelope(raw)


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_it_cannot_hurt_the_reader_behind_intake(raw: bytes) -> None:
    with contextlib.suppress(MalformedEvent):
        StripeEventReader().signal(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.sampled_from("id object type livemode created data account request".split()), json_values)
def test_whatever_a_field_holds_there_is_an_event_or_a_refusal(name: str, value: Any) -> None:
    raw = an_event(**{name: value})
    try:
        seen = read_envelope(raw)
    except MalformedEvent:
        return
    assert msgspec.json.decode(raw)["id"] == seen.event_id
    assert seen.event_id.isascii()
    assert 1 <= len(seen.event_id) <= 255


@given(st.binary(max_size=300))
def test_whatever_comes_there_is_a_refusal(raw: bytes) -> None:
    with pytest.raises(MalformedEvent):
        read_envelope(raw)
