"""What mail services say: only what they signed, read as they mean it."""

import json
from typing import Any

import pytest

from adapters.mail_services.postmark import postmark_news
from adapters.mail_services.ses import ses_news
from adapters.mail_services.sns import SnsMessages
from application.errors import Unavailable
from application.ports.mail_news import Fate, MailNews, MalformedNews, NotGenuine
from tests.adapters.sns_topic import CERTIFICATE, CONFIRM, HOST, TOPIC, Topic, ses

ELSEWHERE = (
    CERTIFICATE.replace(HOST, "https://evil.example"),
    CERTIFICATE.replace(HOST, f"{HOST}.evil.example"),
    CERTIFICATE.replace(HOST, f"{HOST}@evil.example"),
    CERTIFICATE.replace("https", "http"),
    CERTIFICATE.replace("eu-central-1", "us-east-1"),
    CERTIFICATE.replace("0123456789abcdef", "ffffffffffffffff"),
    CERTIFICATE.replace("0123456789abcdef", "../../x"),
    f"{CERTIFICATE}?x=1",
)


def raw(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()


@pytest.fixture(scope="module")
def topic() -> Topic:
    return Topic()


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "Amazon SES Email Event Notification"}])
async def test_a_signed_message_is_read_and_its_certificate_fetched_once(
    topic: Topic, version: str, more: dict[str, str]
) -> None:
    messages, fetched = SnsMessages(TOPIC, topic.fetch), len(topic.fetched)
    signed = raw(topic.notification('{"a": "ü\\n"}', version, **more))
    assert (await messages.verified(signed)).message == '{"a": "ü\\n"}'
    await messages.verified(signed)
    assert topic.fetched[fetched:] == [CERTIFICATE]


@pytest.mark.parametrize(
    "changes",
    [
        {"Message": "{}"},
        {"MessageId": "another"},
        {"Timestamp": "2026-03-02T10:00:01.000Z"},
        {"Subject": "new"},
        {"Signature": "AAAA"},
        {"Signature": "not base64!"},
        {"TopicArn": TOPIC + "2"},
        *({"SigningCertURL": url} for url in ELSEWHERE),
    ],
)  # fmt: skip
async def test_what_is_not_signed_by_the_topic_is_refused(
    topic: Topic, changes: dict[str, str]
) -> None:
    signed = {**topic.notification("{'a': 1}"), **changes}
    before = len(topic.fetched)
    with pytest.raises(NotGenuine):
        await SnsMessages(TOPIC, topic.fetch).verified(raw(signed))
    asked = topic.fetched[before:]
    assert all(url.startswith(f"{HOST}/SimpleNotificationService-") for url in asked)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"null", b"\xff", b'{"Type": 1}', b"[" * 5_000,
        b'{"Type": "Notification"}',
    ],
)  # fmt: skip
async def test_what_is_no_message_at_all_is_malformed(topic: Topic, body: bytes) -> None:
    with pytest.raises(MalformedNews):
        await SnsMessages(TOPIC, topic.fetch).verified(body)


@pytest.mark.parametrize("changes", [{"Type": "Else"}, {"SignatureVersion": "3"}])
async def test_a_kind_that_nobody_knows_is_malformed(topic: Topic, changes: dict[str, str]) -> None:
    signed = {**topic.notification("{}"), **changes}
    with pytest.raises(MalformedNews):
        await SnsMessages(TOPIC, topic.fetch).verified(raw(signed))


async def test_a_subscription_is_confirmed_where_sns_is_and_nowhere_else(topic: Topic) -> None:
    messages = SnsMessages(TOPIC, topic.fetch)
    message = await messages.verified(raw(topic.confirmation()))
    await messages.confirm(message)
    assert topic.fetched[-1] == CONFIRM
    for elsewhere in ("https://evil.example/?Action=ConfirmSubscription&", HOST + ".evil.example/"):
        message = await messages.verified(raw(topic.confirmation(SubscribeURL=elsewhere)))
        with pytest.raises(NotGenuine):
            await messages.confirm(message)
    assert topic.fetched[-1] == CONFIRM


async def test_while_sns_is_away_nothing_is_said_of_the_signature() -> None:
    topic = Topic()
    topic.is_away = True
    with pytest.raises(Unavailable):
        await SnsMessages(TOPIC, topic.fetch).verified(raw(topic.notification("{}")))


@pytest.mark.parametrize(
    ("message", "fate"),
    [
        (ses(bounceType="Permanent", bounceSubType="General"), Fate.DEAD),
        (ses(bounceType="Permanent", bounceSubType="NoEmail"), Fate.DEAD),
        (ses(bounceType="Permanent", bounceSubType="OnAccountSuppressionList"), Fate.DEAD),
        (ses(bounceType="Permanent", bounceSubType="ContentRejected"), Fate.LATER),
        (ses(bounceType="Transient", bounceSubType="MailboxFull"), Fate.LATER),
        (ses(bounceType="Undetermined"), Fate.LATER),
        (ses("Complaint", complaintFeedbackType="abuse"), Fate.COMPLAINED),
        (ses("Complaint"), Fate.COMPLAINED),
        (ses().replace("notificationType", "eventType"), Fate.LATER),
    ],
)
def test_what_ses_says_of_a_letter(message: str, fate: Fate) -> None:
    found = ses_news("sns-1", message)
    assert found == (MailNews(source="ses", event_id="sns-1", message_id="one@mail", fate=fate),)


@pytest.mark.parametrize(
    "message",
    [
        ses("Complaint", complaintFeedbackType="not-spam"),
        ses("Delivery"),
        ses(message_id=""),
        ses(message_id="x" * 400),
        '{"mail": {}}',
    ],
)
def test_what_ses_says_of_nothing_of_ours(message: str) -> None:
    assert ses_news("sns-1", message) == ()


def test_the_id_is_found_among_the_headers_too() -> None:
    told = {
        "eventType": "Complaint",
        "mail": {"headers": [{"name": "Message-ID", "value": "<two@mail>"}]},
        "complaint": {},
    }
    (news,) = ses_news("sns-1", json.dumps(told))
    assert news.message_id == "two@mail"


@pytest.mark.parametrize("message", ["", "[]", "null", "Successfully validated SNS topic", "{}"])
def test_what_is_no_notification_of_ses_is_malformed(message: str) -> None:
    with pytest.raises(MalformedNews):
        ses_news("sns-1", message)


def postmark(record: str = "Bounce", kind: str = "HardBounce", **changes: Any) -> bytes:
    told = {
        "RecordType": record,
        "MessageStream": "outbound",
        "ID": 42,
        "Type": kind,
        "TypeCode": 1,
        "MessageID": "00000000-0000-0000-0000-000000000000",
        "Metadata": {"letter": "one@mail"},
        "Email": "anna@example.com",
        "BouncedAt": "2026-03-02T10:00:00Z",
        "Inactive": True,
        **changes,
    }
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("body", "fate"),
    [
        (postmark(), Fate.DEAD),
        (postmark(kind="BadEmailAddress"), Fate.DEAD),
        (postmark(kind="SoftBounce"), Fate.LATER),
        (postmark(kind="Blocked"), Fate.LATER),
        (postmark(kind="SpamComplaint"), Fate.COMPLAINED),
        (postmark("SpamComplaint", "SpamComplaint"), Fate.COMPLAINED),
    ],
)
def test_what_postmark_says_of_a_letter(body: bytes, fate: Fate) -> None:
    (news,) = postmark_news(body)
    assert (news.source, news.message_id, news.fate) == ("postmark", "one@mail", fate)
    assert news.event_id.endswith(":42")


@pytest.mark.parametrize(
    "body",
    [
        postmark("Delivery", ""), postmark("Open", ""), postmark(kind="AutoResponder"),
        postmark(Metadata={}), postmark(Metadata={"letter": ""}),
        postmark(Metadata={"letter": "x" * 400}),
    ],
)  # fmt: skip
def test_what_postmark_says_of_nothing_of_ours(body: bytes) -> None:
    assert postmark_news(body) == ()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"\xff", postmark(ID="x"), postmark(Metadata=1), b"[" * 5_000]
)
def test_what_is_no_webhook_of_postmarks_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedNews):
        postmark_news(body)


OURS = "11111111-1111-4111-8111-111111111111.1@mail.example"
THREAD = "11111111-1111-4111-8111-111111111111@mail.example"


def written(*headers: tuple[str, str]) -> dict[str, Any]:
    """What Postmark posts of a letter that came in."""
    return {
        "From": "anna@example.com",
        "MessageID": "73e6d360-66eb-11e1-8e72-a8904824019b",
        "TextBody": "I will pay on Friday.",
        "Headers": [{"Name": name, "Value": value} for name, value in headers],
    }


def received(*headers: tuple[str, str]) -> str:
    """What SES tells of one."""
    told = [{"name": name, "value": value} for name, value in headers]
    return json.dumps({"notificationType": "Received", "mail": {"headers": told}, "receipt": {}})


ANSWER = (("In-Reply-To", f"<{OURS}>"), ("References", f"<{THREAD}> <{OURS}>"))


def test_an_answer_is_news_of_the_letter_that_it_answers() -> None:
    (news,) = postmark_news(raw(written(*ANSWER)))
    assert news == MailNews(
        source="postmark",
        event_id="Inbound:73e6d360-66eb-11e1-8e72-a8904824019b",
        message_id=OURS,
        fate=Fate.ANSWERED,
        others=(THREAD,),
    )
    (news,) = ses_news("sns-1", received(*ANSWER))
    assert (news.event_id, news.message_id, news.others) == ("sns-1", OURS, (THREAD,))


def test_where_the_service_gave_our_letter_an_id_of_its_own_the_thread_is_known() -> None:
    ses_id = "0102018f@eu-central-1.amazonses.com"
    told = (("In-Reply-To", f"<{ses_id}>"), ("References", f"<{THREAD}>\r\n <{ses_id}>"))
    (news,) = ses_news("sns-1", received(*told))
    assert (news.message_id, news.others) == (ses_id, (THREAD,))


@pytest.mark.parametrize(
    "header",
    [
        ("Auto-Submitted", "auto-replied"),
        ("auto-submitted", "auto-generated (vacation)"),
        ("Precedence", "Bulk"),
        ("Precedence", "auto_reply"),
        ("X-Autoreply", "yes"),
        ("X-Autorespond", "out of office"),
        ("X-Auto-Response-Suppress", "All"),
        ("List-Id", "<list.example>"),
        ("Return-Path", "<>"),
    ],
)
def test_what_a_machine_answers_is_no_answer(header: tuple[str, str]) -> None:
    assert postmark_news(raw(written(*ANSWER, header))) == ()
    assert ses_news("sns-1", received(header, *ANSWER)) == ()


def test_a_person_may_say_that_they_are_one() -> None:
    assert postmark_news(raw(written(*ANSWER, ("Auto-Submitted", "no"))))


@pytest.mark.parametrize(
    "headers",
    [(), (("Subject", "Re: your bill"),), (("In-Reply-To", "x"),), (("References", "< > <>"),)],
)
def test_a_letter_that_answers_nothing_is_nobodys(headers: tuple[tuple[str, str], ...]) -> None:
    assert postmark_news(raw(written(*headers))) == ()
    assert ses_news("sns-1", received(*headers)) == ()


def test_ids_are_read_within_bounds() -> None:
    many = " ".join(f"<{number}@mail.example>" for number in range(1_000))
    (news,) = postmark_news(raw(written(("References", many), ("In-Reply-To", f"<{'x' * 900}>"))))
    assert news.message_id == "999@mail.example"
    assert len(news.others) < 20
