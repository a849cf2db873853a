"""What comes back of texts: only from the carrier, only about its own number, and never twice."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from adapters.sms.signature import signature_of
from application.ports.suppressions import Suppression, hash_of
from application.ports.text_consents import ConsentBy, TextConsent
from domain.policy import Channel
from domain.recovery import events as e
from domain.recovery.case import replay
from tests.web.site import ACME, BASE_URL, NOW, OTHER, TEXT_TOKEN, Site, running, visitor
from tests.web.stories import Story

ANSWERS, STATUS = "/webhooks/sms/twilio", "/webhooks/sms/twilio/status"
MINE, OTHERS = "+491713920055", "+491713920056"
NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
DAY = timedelta(days=1)


async def posted(
    client: httpx.AsyncClient, path: str, token: str = TEXT_TOKEN, **fields: str
) -> httpx.Response:
    """As the carrier posts it: signed, over its address and its fields."""
    signature = signature_of(token, f"{BASE_URL}{path}", fields.items())
    return await client.post(path, data=fields, headers={"X-Twilio-Signature": signature})


async def said(client: httpx.AsyncClient, words: str, number: str = MINE) -> httpx.Response:
    return await posted(client, ANSWERS, From=number, To="+15005550006", Body=words)


async def agreed(
    site: Site, number: str = MINE, merchant_id: UUID = ACME, invoice_id: str = "in_0001"
) -> UUID:
    """Somebody's word about a case of theirs."""
    story = Story(invoice_id=invoice_id, opened_at=NOW - 3 * DAY)
    case_id = await site.tell(story, merchant_id)
    consent = TextConsent(
        number=number,
        number_hash=hash_of(number),
        by=ConsentBy.CUSTOMER,
        wording="texts/1/en",
        given_at=NOW,
    )
    async with site.cases.open_uow(merchant_id) as uow:
        await uow.text_consents.give(case_id, consent)
    return case_id


async def silence(site: Site, number: str, merchant_id: UUID = ACME) -> Suppression | None:
    async with site.cases.open_uow(merchant_id) as uow:
        return await uow.suppressions.reason(hash_of(number))


@pytest.mark.parametrize(
    "words",
    ["STOP", "stop", " Stop. ", "STOP PLEASE", "Unsubscribe", "\uff33\uff34\uff2f\uff30", "END"],
)
async def test_stop_is_obeyed_at_once(site: Site, stranger: httpx.AsyncClient, words: str) -> None:
    case_id = await agreed(site)
    answer = await said(stranger, words)
    assert (answer.status_code, answer.text) == (200, NOTHING)
    assert answer.headers["content-type"].startswith("application/xml")
    assert await silence(site, MINE) is Suppression.UNSUBSCRIBED
    (held,) = site.world.text_consents[ACME, case_id]
    assert (held.number, held.withdrawn_at) == (None, NOW)
    entry = list(site.world.audit.values())[-1]
    assert "suppress_address" in repr(entry)
    assert MINE not in repr(entry)


async def test_told_twice_it_is_told_once(site: Site, stranger: httpx.AsyncClient) -> None:
    await agreed(site)
    await said(stranger, "STOP")
    rows = len(site.world.audit)
    assert (await said(stranger, "STOP")).status_code == 200
    assert len(site.world.audit) == rows


async def test_a_stop_stops_its_own_number_at_every_merchant_and_no_other(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await agreed(site)
    await agreed(site, merchant_id=OTHER, invoice_id="in_0002")
    theirs = await agreed(site, OTHERS, invoice_id="in_0003")
    await said(stranger, "STOP")
    assert await silence(site, MINE, OTHER) is Suppression.UNSUBSCRIBED
    assert await silence(site, OTHERS) is None
    assert site.world.text_consents[ACME, theirs][-1].number == OTHERS


async def test_whoever_names_another_number_stops_nobody(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await agreed(site, OTHERS)
    fields = {"From": MINE, "Body": "STOP"}
    signature = signature_of(TEXT_TOKEN, f"{BASE_URL}{ANSWERS}", fields.items())
    forged = {**fields, "From": OTHERS}
    answer = await stranger.post(ANSWERS, data=forged, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 403
    assert await silence(site, OTHERS) is None


async def test_a_stop_of_nobody_we_know_changes_nothing(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await agreed(site)
    rows = len(site.world.audit)
    assert (await said(stranger, "STOP", "+12025550123")).status_code == 200
    assert len(site.world.audit) == rows


@pytest.mark.parametrize("words", ["End of May I can pay", "ok thanks", "", "\x00", "x" * 9_000])
async def test_other_words_are_left(site: Site, stranger: httpx.AsyncClient, words: str) -> None:
    await agreed(site)
    answer = await said(stranger, words)
    assert (answer.status_code, answer.text) == (200, NOTHING)
    assert await silence(site, MINE) is None


async def test_start_takes_a_stop_back_and_no_bounce(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    case_id = await agreed(site)
    await said(stranger, "STOP")
    await said(stranger, "START")
    assert await silence(site, MINE) is None
    assert site.world.text_consents[ACME, case_id][-1].withdrawn_at is not None
    async with site.cases.open_uow(ACME) as uow:
        await uow.suppressions.add(hash_of(MINE), Suppression.BOUNCED, NOW)
    await said(stranger, "START")
    assert await silence(site, MINE) is Suppression.BOUNCED


async def test_help_is_answered_by_the_merchant_who_texts(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await agreed(site)
    answer = await said(stranger, "HELP")
    assert "<Response><Message>Acme Books: Texts about a payment" in answer.text
    assert "STOP to end</Message></Response>" in answer.text
    assert (await said(stranger, "HELP", OTHERS)).text == NOTHING


async def test_a_name_is_no_markup(site: Site, stranger: httpx.AsyncClient) -> None:
    await agreed(site)
    known = site.world.merchants[ACME]
    site.world.merchants[ACME] = type(known)(
        merchant_id=ACME, name="A&B <Hi>", timezone="UTC", reply_to=None
    )
    assert "A&amp;B &lt;Hi&gt;:" in (await said(stranger, "info")).text


async def test_what_the_carrier_has_answered_is_not_answered_twice(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await agreed(site)
    answer = await posted(
        stranger, ANSWERS, From=MINE, To="+15005550006", Body="HELP", OptOutType="HELP"
    )
    assert answer.text == NOTHING


@pytest.mark.parametrize("token", ["", "another token of as many characters", TEXT_TOKEN.upper()])
@pytest.mark.parametrize("path", [ANSWERS, STATUS])
async def test_a_forged_signature_is_refused(
    site: Site, stranger: httpx.AsyncClient, path: str, token: str
) -> None:
    await agreed(site)
    answer = await posted(stranger, path, token, From=MINE, Body="STOP")
    assert answer.status_code == 403
    assert await silence(site, MINE) is None


async def test_no_signature_is_a_forged_one(site: Site, stranger: httpx.AsyncClient) -> None:
    assert (await stranger.post(ANSWERS, data={"From": MINE, "Body": "STOP"})).status_code == 403


@pytest.mark.parametrize(
    "fields",
    [{"To": MINE}, {"From": MINE}, {"Body": "STOP"}, {"From": "anonymous", "Body": "STOP"},
     {"From": "+" + "1" * 30, "Body": "STOP"}, {"From": "", "Body": ""}],
)  # fmt: skip
async def test_what_is_no_answer_is_a_4xx(
    site: Site, stranger: httpx.AsyncClient, fields: dict[str, str]
) -> None:
    assert (await posted(stranger, ANSWERS, **fields)).status_code == 422


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("text/plain", b"From=x"),
        ("application/x-www-form-urlencoded", b"\xff\xfe"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(200))),
        ("application/x-www-form-urlencoded", b"a" * 100_000),
        ("multipart/form-data", b""),
        ("", b""),
    ],
)
async def test_whatever_is_posted_it_is_never_a_5xx(
    site: Site, stranger: httpx.AsyncClient, kind: str, body: bytes
) -> None:
    for path in (ANSWERS, STATUS):
        answer = await stranger.post(path, content=body, headers={"content-type": kind})
        assert 400 <= answer.status_code < 500


async def test_without_a_carrier_there_is_no_such_address() -> None:
    house = Site(texts=None)
    await house.open_house()
    async with running(house), visitor(house) as stranger:
        assert (await said(stranger, "STOP")).status_code == 404


async def texted(site: Site) -> tuple[UUID, int]:
    """A case of which a text has just gone."""
    case_id = await agreed(site)
    held = site.world.cases[ACME, case_id]
    step = held.state.reminders + 1
    begun = (
        e.ReminderPlanned(at=NOW, step=step, due_at=NOW, channel=Channel.SMS),
        e.ReminderStarted(at=NOW, step=step, message_id="m", channel=Channel.SMS),
    )
    async with site.cases.open_uow(ACME) as uow:
        after = replay((*held.events, *begun))
        await uow.cases.append(case_id, held.state.version, begun, after)
    return case_id, step


def about(case_id: UUID, step: int, merchant_id: UUID = ACME) -> str:
    return f"{STATUS}?merchant={merchant_id}&case={case_id}&step={step}"


@pytest.mark.parametrize(
    ("code", "why"),
    [("30003", None), ("30005", Suppression.BOUNCED), ("30006", Suppression.BOUNCED),
     ("21610", Suppression.UNSUBSCRIBED), ("30007", None), ("", None)],
)  # fmt: skip
async def test_what_did_not_arrive_is_told_to_its_case_and_a_dead_number_is_left_alone(
    site: Site, stranger: httpx.AsyncClient, code: str, why: Suppression | None
) -> None:
    case_id, step = await texted(site)
    fields = {"MessageStatus": "undelivered", "To": MINE, "ErrorCode": code}
    answer = await posted(stranger, about(case_id, step), **fields)
    assert answer.status_code == 200
    last = site.world.cases[ACME, case_id].events[-1]
    assert isinstance(last, e.ReminderFailed)
    assert last.reason == f"Twilio {code or 'undelivered'}"
    assert await silence(site, MINE) is why
    held = site.world.cases[ACME, case_id].state
    assert held.texts == 0
    version = held.version
    await posted(stranger, about(case_id, step), **fields)
    assert site.world.cases[ACME, case_id].state.version == version


@pytest.mark.parametrize("status", ["queued", "sent", "delivered", "read"])
async def test_a_text_that_is_there_is_no_news(
    site: Site, stranger: httpx.AsyncClient, status: str
) -> None:
    case_id, step = await texted(site)
    version = site.world.cases[ACME, case_id].state.version
    answer = await posted(stranger, about(case_id, step), MessageStatus=status, To=MINE)
    assert answer.status_code == 200
    assert site.world.cases[ACME, case_id].state.version == version


async def test_news_of_a_case_of_another_merchant_or_of_none_change_nothing(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    case_id, step = await texted(site)
    held = site.world.cases[ACME, case_id].events
    told: dict[str, Any] = {"MessageStatus": "failed", "To": MINE, "ErrorCode": "30005"}
    for where in (about(case_id, step, OTHER), about(uuid4(), step), about(case_id, step + 1)):
        assert (await posted(stranger, where, **told)).status_code == 200
    assert site.world.cases[ACME, case_id].events == held


@pytest.mark.parametrize("query", ["", "?merchant=x&case=y&step=1", "?step=0", "?step=99999"])
async def test_news_of_no_message_are_a_4xx(
    site: Site, stranger: httpx.AsyncClient, query: str
) -> None:
    answer = await posted(stranger, f"{STATUS}{query}", MessageStatus="failed", To=MINE)
    assert answer.status_code == 422
