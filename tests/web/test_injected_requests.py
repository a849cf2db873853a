"""Whatever stands in an address, in a header or in a webhook: one of our answers, and none of it
that was not there before."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final
from xml.etree import ElementTree

import pytest

from adapters.sms.signature import signature_of
from tests.adapters.sns_topic import ses
from tests.adapters.test_mail_services import postmark
from tests.stripe_shapes import event, invoice_since_basil
from tests.web.injected.asking import FORM, Answer, Browser, encoded, in_path
from tests.web.injected.house import ELSEWHERE, TOKEN, House
from tests.web.injected.seen import Known, faults_of
from tests.web.injected.table import HEADERS, How, fields
from tests.web.injections import tried_on
from tests.web.site import ACME, BASE_URL, TEXT_TOKEN, running
from tests.web.test_mail_webhooks import POSTMARK, SES

AN_ID: Final = "00000000-0000-4000-8000-00000000000b"
WORDS: Final = ("Anna", "", "0", "en", "yes", "all", "done", "lost", "99", "a" * 500, AN_ID)
HARMLESS: Final = (*WORDS, "/tasks", "/sign-in")
HOSTS: Final = ("127.0.0.1:8000", "http://127.0.0.1:8000", "https://ours.example")
HEAD: Final = (*HARMLESS, *HOSTS, "true", "text/html", "cors")
# These decide how far a request comes: each is tried by itself, the others together.
DECIDING: Final = frozenset(
    "host origin cookie authorization content-type accept x-form-token sec-fetch-site".split()
)
PLACES: Final = ("/cases", f"/r/{TOKEN}", "/sign-in", "/api/v1/customers/cus_1/entitlement")


@pytest.fixture
async def house() -> AsyncIterator[tuple[House, Browser]]:
    house = House()
    async with running(house):
        yield house, await house.furnish()


@pytest.mark.parametrize("at", dict.fromkeys(each.at for each in fields(How.QUERY)))
async def test_nothing_comes_through_an_address(house: tuple[House, Browser], at: str) -> None:
    site, mara = house
    names = [each.name for each in fields(How.QUERY) if each.at == at]
    known, found, method = Known(ELSEWHERE), [], "POST" if "webhooks" in at else "GET"

    async def asked(text: str) -> list[Answer]:
        address = f"{site.fill(at)}?{encoded(dict.fromkeys(names, text))}"
        answers = [await _ask(mara if at != "/sign-in" else Browser(site), method, address)]
        if at == "/sign-in":
            answers.append(await mara.get(address))
        return answers

    for text in HARMLESS:
        for answer in await asked(text):
            known.learn(answer)
    for text in tried_on(at):
        for answer in await asked(text):
            found += [(text[:80], fault) for fault in known.faults(answer)]
    assert found[:9] == []


@pytest.mark.parametrize("at", [each.at for each in fields(How.PATH)])
async def test_nothing_comes_through_a_path(house: tuple[House, Browser], at: str) -> None:
    site, mara = house
    method, path = at.split(" ")
    known, found = Known(ELSEWHERE), []

    async def asked(text: str) -> Answer:
        address = path.replace("{}", str(ACME)).replace("<>", in_path(text))
        return await _ask(Browser(site) if at == "GET /<>" else mara, method, address)

    for text in HARMLESS:
        known.learn(await asked(text))
    for text in tried_on(at):
        found += [(text[:80], fault) for fault in known.faults(await asked(text))]
    assert found[:9] == []


async def _ask(somebody: Browser, method: str, address: str) -> Answer:
    return await (somebody.get(address) if method == "GET" else somebody.post(address))


def _groups() -> list[tuple[str, ...]]:
    others = tuple(name for name in HEADERS.split() if name not in DECIDING)
    return [*((name,) for name in sorted(DECIDING)), others]


@pytest.mark.parametrize("names", _groups(), ids=lambda names: names[0])
async def test_nothing_comes_through_a_header(
    house: tuple[House, Browser], names: tuple[str, ...]
) -> None:
    _, mara = house
    found = []
    for place in PLACES:
        known = Known(ELSEWHERE)

        async def asked(text: str, place: str = place) -> list[Answer]:
            headers = dict.fromkeys(names, text)
            posted = await mara.post(place, {"next": "/tasks"}, headers)
            return [await mara.get(place, headers), posted]

        for text in HEAD:
            for answer in await asked(text):
                known.learn(answer)
        for text in tried_on(f"{place} {names[0]}"):
            for answer in await asked(text):
                found += [(place, text[:80], fault) for fault in known.faults(answer)]
    assert found[:9] == []


async def test_what_stripe_delivers_is_kept_or_refused(house: tuple[House, Browser]) -> None:
    _, mara = house
    for text in tried_on("stripe delivers"):
        for name in ("id", "type", "account", "api_version", "created", "livemode"):
            raw = event("invoice.paid", invoice_since_basil(), **{name: text})
            await _delivered(mara, "/webhooks/stripe", raw, {"stripe-signature": "good"})
        inner = invoice_since_basil(id=text, customer=text)
        key = {"id": text, "idempotency_key": text}
        raw = event("invoice.paid", inner, request=key)
        await _delivered(mara, "/webhooks/stripe", raw, {"stripe-signature": "good"})


async def test_what_mail_services_deliver_is_heard_or_refused(
    house: tuple[House, Browser],
) -> None:
    site, mara = house
    topic = site.services.topic
    for text in map(_as_json, tried_on("mail services deliver")):
        told: dict[str, Any] = {"Email": text, "Description": text, "Metadata": {"letter": text}}
        for more in ({}, {"RecordType": text}, {"Type": text}):
            await _delivered(mara, POSTMARK, postmark(**{**told, **more}))
        await _delivered(mara, SES, json.dumps(topic.notification(text)).encode())
        inner = json.loads(ses("Bounce"))
        inner["mail"] = {"commonHeaders": {"messageId": text}}
        inner["bounce"] = {"bounceType": text, "bounceSubType": text}
        signed = topic.notification(json.dumps(inner), MessageId="m")
        await _delivered(mara, SES, json.dumps(signed).encode())
        for name in ("Type", "TopicArn", "SigningCertURL", "Signature", "Subject", "SubscribeURL"):
            await _delivered(mara, SES, json.dumps({**signed, name: text}).encode())
    assert all(url.startswith("https://sns.") for url in topic.fetched)


def _as_json(text: str) -> str:
    """Half letters have no bytes."""
    return text.encode(errors="replace").decode()


async def _delivered(
    sender: Browser, path: str, raw: bytes, headers: dict[str, str] | None = None
) -> None:
    answer = await sender.post(path, headers=headers, raw=raw)
    assert faults_of(answer) == [], raw[:300]
    assert answer.status in (200, 400, 403, 404, 413, 422), raw[:300]


@pytest.mark.parametrize("path", ["/webhooks/sms/twilio", "/webhooks/sms/twilio/status"])
async def test_what_phones_say_is_answered_in_one_message(
    house: tuple[House, Browser], path: str
) -> None:
    site, mara = house
    good = {
        "From": "+491713920055",
        "To": "+15005550006",
        "Body": "HELP",
        "MessageStatus": "failed",
    }
    names = {each.name for each in fields(How.DELIVERY) if each.at == path}
    asked = f"{path}?merchant={ACME}&case={site.case_id}&step=1" if "status" in path else path
    for text in tried_on(path):
        for name in sorted(names):
            form = {**good, name: _as_json(text)}
            signature = signature_of(TEXT_TOKEN, f"{BASE_URL}{asked}", form.items())
            headers = {"x-twilio-signature": signature, "content-type": FORM}
            answer = await mara.post(asked, headers=headers, raw=encoded(form).encode())
            assert faults_of(answer) == []
            assert answer.status in (200, 403, 422)
            if answer.status == 200:
                said = ElementTree.fromstring(answer.text)
                assert [each.tag for each in said.iter()][2:] == []
