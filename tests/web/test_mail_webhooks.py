"""Webhooks of mail services: 2xx after the commit, 4xx for whatever is wrong, 503 for an outage."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from adapters.mail_services.postmark import postmark_news
from adapters.mail_services.ses import ses_news
from adapters.mail_services.sns import SnsMessages
from application.errors import Unavailable
from application.ports.mail_news import Fate, MailNews
from tests.adapters.sns_topic import CONFIRM, TOPIC, Topic, ses
from tests.adapters.test_mail_services import postmark
from tests.web.site import Site, running, visitor
from web.mail_webhooks import MOST_BYTES

SECRET = "a-secret-that-only-postmark-knows"
POSTMARK, SES = f"/webhooks/mail/postmark/{SECRET}", "/webhooks/mail/ses"


class Services:
    """The real readers; what is heard is kept here."""

    def __init__(self) -> None:
        self.postmark_secret: str | None = SECRET
        self.topic = Topic()
        self.messages: SnsMessages | None = SnsMessages(TOPIC, self.topic.fetch)
        self.heard: list[MailNews] = []
        self.fault: Exception | None = None

    @property
    def has_ses(self) -> bool:
        return self.messages is not None

    async def hear(self, news: MailNews) -> None:
        if self.fault is not None:
            raise self.fault
        self.heard.append(news)

    def postmark(self, raw: bytes) -> Sequence[MailNews]:
        return postmark_news(raw)

    async def ses(self, raw: bytes) -> Sequence[MailNews]:
        assert self.messages is not None
        message = await self.messages.verified(raw)
        if message.type == "SubscriptionConfirmation":
            await self.messages.confirm(message)
        return ses_news(message.message_id, message.message) if "mail" in message.message else ()


@pytest.fixture
async def services() -> AsyncIterator[tuple[Services, httpx.AsyncClient]]:
    held = Services()
    house = Site(mail_services=held)
    async with running(house), visitor(house) as client:
        yield held, client


Held = tuple[Services, httpx.AsyncClient]


async def test_what_postmark_says_is_heard(services: Held) -> None:
    held, client = services
    answer = await client.post(POSTMARK, content=postmark())
    assert answer.status_code == 200
    assert [news.fate for news in held.heard] == [Fate.DEAD]


async def test_postmark_may_say_its_secret_as_a_password(services: Held) -> None:
    held, client = services
    at = POSTMARK.removesuffix(f"/{SECRET}")
    right = await client.post(at, content=postmark(), auth=("postmark", SECRET))
    assert right.status_code == 200
    for auth in (None, ("postmark", "wrong"), ("postmark", "")):
        answer = await client.post(at, content=postmark(), auth=auth)
        assert answer.status_code == 404
    header = {"authorization": "Basic ////"}
    assert (await client.post(at, content=postmark(), headers=header)).status_code == 404
    assert len(held.heard) == 1


@pytest.mark.parametrize("path", ["x", SECRET + "x", SECRET.upper(), "%00", "é"])
async def test_who_does_not_know_the_secret_finds_nothing(services: Held, path: str) -> None:
    held, client = services
    answer = await client.post(f"/webhooks/mail/postmark/{path}", content=postmark())
    assert answer.status_code == 404
    assert held.heard == []


async def test_where_nothing_is_set_nobody_is_listened_to(services: Held) -> None:
    held, client = services
    held.postmark_secret, held.messages = None, None
    assert (await client.post(POSTMARK, content=postmark())).status_code == 404
    assert (await client.post(SES, content=b"{}")).status_code == 404
    house = Site()
    async with running(house), visitor(house) as other:
        assert (await other.post(POSTMARK, content=postmark())).status_code == 404
        assert (await other.post(SES, content=b"{}")).status_code == 404


async def test_what_ses_says_through_sns_is_heard(services: Held) -> None:
    held, client = services
    told = held.topic.notification(ses("Complaint"))
    headers = {"content-type": "text/plain; charset=UTF-8"}  # what SNS says it is
    answer = await client.post(SES, content=json.dumps(told), headers=headers)
    assert answer.status_code == 200
    assert [(news.message_id, news.fate) for news in held.heard] == [("one@mail", Fate.COMPLAINED)]


async def test_a_subscription_of_the_topic_is_confirmed(services: Held) -> None:
    held, client = services
    answer = await client.post(SES, content=json.dumps(held.topic.confirmation()))
    assert answer.status_code == 200
    assert held.topic.fetched[-1] == CONFIRM
    other = held.topic.confirmation(TopicArn="arn:aws:sns:eu-central-1:123456789012:other")
    assert (await client.post(SES, content=json.dumps(other))).status_code == 403


async def test_a_forged_message_is_refused(services: Held) -> None:
    held, client = services
    told = {**held.topic.notification(ses()), "Message": ses("Complaint")}
    assert (await client.post(SES, content=json.dumps(told))).status_code == 403
    assert held.heard == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 9_000, b"null"])
async def test_whatever_is_malformed_is_the_senders_fault(services: Held, body: bytes) -> None:
    _, client = services
    for path in (POSTMARK, SES):
        assert (await client.post(path, content=body)).status_code == 400


async def test_more_than_a_service_sends_is_refused(services: Held) -> None:
    held, client = services
    big: dict[str, Any] = {"Content": "x" * MOST_BYTES}
    for path in (POSTMARK, SES):
        answer = await client.post(path, content=postmark(**big))
        assert answer.status_code == 413
    assert held.heard == []


async def test_what_cannot_be_kept_just_now_is_told_again(services: Held) -> None:
    held, client = services
    held.fault = Unavailable("Postgres")
    assert (await client.post(POSTMARK, content=postmark())).status_code == 503
    held.fault, held.topic.is_away = None, True
    told = held.topic.notification(ses())
    assert (await client.post(SES, content=json.dumps(told))).status_code == 503


async def test_only_posts_are_answered(services: Held) -> None:
    _, client = services
    for path in (POSTMARK, SES):
        assert (await client.get(path)).status_code in (404, 405)
