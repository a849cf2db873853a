"""The intake: a clear 4xx for whatever is wrong, 200 only for what is kept, 503 if it cannot be."""

import asyncio

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.errors import Unavailable
from tests.web.deliveries import SIGNED, deliver, status
from tests.web.site import Site

GOOD = b'{"id": "evt_1", "type": "invoice.paid"}'


async def test_a_genuine_event_is_answered_200_once_it_is_kept(site: Site) -> None:
    assert await status(site, GOOD) == 200
    assert [event.event_id for event in site.intake.kept] == ["evt_1"]
    assert site.intake.kept[0].raw == GOOD


async def test_a_body_in_pieces_is_put_together(site: Site) -> None:
    assert await status(site, GOOD[:7], GOOD[7:20], GOOD[20:]) == 200
    assert site.intake.kept[0].raw == GOOD


@pytest.mark.parametrize("signature", ["", "bad", "t=1,v1=é", "\u00ff" * 50, "v1" * 5000])
async def test_a_signature_that_does_not_fit_is_400(site: Site, signature: str) -> None:
    assert await status(site, GOOD, headers={"stripe-signature": signature}) == 400
    assert not site.intake.kept


async def test_no_signature_is_400(site: Site) -> None:
    assert await status(site, GOOD, headers={}) == 400


HOSTILE = [
    b"",
    b"null",
    b"[]",
    b"7",
    b"{}",
    b'"text"',
    b"NaN",
    b'{"id": NaN}',
    b'{"id": null}',
    b'{"id": 7, "type": "x"}',
    b"\xff\xfe\x00",
    b'{"id": "\xc3\x28"}',
    b"{" * 10,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b"\x00" * 1000,
    b"<xml/>",
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_signed_body_that_is_no_event_is_422(site: Site, body: bytes) -> None:
    assert await status(site, body) == 422
    assert await status(site, GOOD) == 200


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=300), name=st.text(max_size=20), junk=st.binary(max_size=40))
async def test_nothing_that_is_sent_makes_a_5xx(
    site: Site, body: bytes, name: str, junk: bytes
) -> None:
    header = junk.decode("latin-1")
    headers = {"stripe-signature": header, "content-encoding": name.encode().hex()}
    assert 400 <= await status(site, body, headers=headers) < 500
    assert 400 <= await status(site, body, headers={"stripe-signature": header}) < 500
    assert await status(site, body) in (200, 422)


async def test_an_announced_body_that_is_too_large_is_refused_unread(site: Site) -> None:
    headers = {**SIGNED, "content-length": str(50_000_000)}
    assert await status(site, headers=headers) == 413


async def test_a_body_that_grows_too_large_is_refused_on_the_way(site: Site) -> None:
    assert await status(site, *[b"x" * 100_000] * 500) == 413


@pytest.mark.parametrize("length", ["-1", "ten", "1" * 30, "\u00b2"])
async def test_a_content_length_that_is_no_number_is_400(site: Site, length: str) -> None:
    assert await status(site, GOOD, headers={**SIGNED, "content-length": length}) == 400


async def test_a_body_cut_short_is_400_and_not_kept(site: Site) -> None:
    headers = {**SIGNED, "content-length": "9999"}
    assert await status(site, GOOD, headers=headers) == 400
    assert not site.intake.kept


async def test_a_compressed_body_is_415(site: Site) -> None:
    headers = {**SIGNED, "content-encoding": "gzip"}
    assert await status(site, GOOD, headers=headers) == 415


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
async def test_only_post_is_answered(site: Site, method: str) -> None:
    assert await status(site, GOOD, method=method) == 405


async def test_a_slow_body_is_cut_off_with_408() -> None:
    site = Site(webhook_deadline_s=0.05)
    assert await status(site, GOOD[:5], 1.0, GOOD[5:]) == 408
    assert await status(site, GOOD) == 200


async def test_a_sender_who_hangs_up_or_sends_broken_chunks_does_no_harm(site: Site) -> None:
    assert await status(site, GOOD[:5], None) == 400
    assert not site.intake.kept
    assert await status(site, GOOD) == 200


@pytest.mark.parametrize("fault", [Unavailable("busy"), OSError("gone"), RuntimeError("a bug")])
async def test_what_cannot_be_kept_is_503_and_asked_for_again(site: Site, fault: Exception) -> None:
    site.intake.fault = fault
    sent = await deliver(site, GOOD)
    assert sent[0]["status"] == 503
    assert (b"retry-after", b"5") in sent[0]["headers"]
    site.intake.fault = None
    assert await status(site, GOOD) == 200


async def test_the_same_event_fifty_times_at_once_is_answered_alike(site: Site) -> None:
    answers = await asyncio.gather(*(deliver(site, GOOD) for _ in range(50)))
    assert {answer[0]["status"] for answer in answers} == {200}
    assert len({answer[1]["body"] for answer in answers}) == 1


async def test_a_delivery_needs_no_form_token_no_origin_and_no_known_host(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    headers = {**SIGNED, "host": "hooks.example", "sec-fetch-site": "cross-site"}
    answer = await stranger.post("/webhooks/stripe", content=GOOD, headers=headers)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
