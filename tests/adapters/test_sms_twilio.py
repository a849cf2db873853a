"""Twilio over HTTP: what each of its answers means, and that nothing is ever sent twice."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from adapters.sms.news import TwilioNews
from adapters.sms.signature import TwilioSignatureCheck, signature_of
from adapters.sms.twilio import DEAD, Access, TwilioTexter
from application.ports.mailer import MailDeferred, MailRefused
from application.ports.text_news import MalformedNews
from application.ports.texting import Text, TextStopped
from rehearsal.twilio_double.news import signature as twilios_own
from tests.rehearsal.phones import SENDER, SID, TOKEN, Phones, phones

NUMBER = "+491713920055"
BODY = "Bakery: your payment"


class Line:
    """A texter at the double, and what it counted."""

    def __init__(self, there: Phones, **changes: str) -> None:
        self.there, self.counted = there, list[str]()
        given = {"account_sid": SID, "auth_token": TOKEN, "sender": SENDER, "base": there.url}
        access = Access(**{**given, **changes})
        self.texter = TwilioTexter(access, self.counted.append, timeout_s=0.4)

    async def send(self, to: str = NUMBER) -> None:
        news = f"{self.there.product_url}/webhooks/sms/twilio/status?case=1"
        await self.texter.send(Text(message_id="m.1@x", to=to, body=BODY, told=BODY, news_url=news))


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Phones]:
    async with phones(tmp_path) as made:
        yield made


@pytest.fixture
async def line(there: Phones) -> AsyncIterator[Line]:
    made = Line(there)
    async with made.texter:
        yield made


async def test_it_goes_out_and_what_became_of_it_is_told_signed(line: Line) -> None:
    await line.send()
    await line.there.double.settled()
    assert line.counted == ["sent"]
    ((url, told, signed),) = line.there.told
    assert told["MessageStatus"] == "delivered"
    assert TwilioSignatureCheck((TOKEN,))(url, list(told.items()), signed)


async def test_a_messaging_service_is_named_as_such(there: Phones) -> None:
    service = Line(there, sender="MG" + "0" * 32)
    async with service.texter:
        await service.send()
    assert there.store.newest(1)[0].sender == "MG" + "0" * 32


@pytest.mark.parametrize(
    ("do", "counted"), [("429", "deferred"), ("401", "login"), ("404", "login")]
)
async def test_what_was_certainly_not_sent_may_be_sent_again(
    line: Line, do: str, counted: str
) -> None:
    await line.there.plant({"do": do, "times": 1})
    with pytest.raises(MailDeferred):
        await line.send()
    assert line.there.bodies() == []
    await line.send()
    assert line.counted == [counted, "sent"]
    assert line.there.bodies() == [BODY]


async def test_nobody_at_the_other_end_is_certain_too(there: Phones) -> None:
    nobody = Line(there, base="http://127.0.0.1:1")
    async with nobody.texter:
        with pytest.raises(MailDeferred, match="ConnectError"):
            await nobody.send()
    assert nobody.counted == ["deferred"]


@pytest.mark.parametrize(
    "do",
    ["500_before", "500_after", "503", "hang_before", "hang_after", "reset_before", "reset_after"],
)
async def test_what_may_have_been_sent_counts_as_sent(line: Line, do: str) -> None:
    await line.there.plant({"do": do, "seconds": 0.6})
    await line.send()
    assert line.counted == ["unclear"]
    assert len(line.there.bodies()) <= 1
    await asyncio.sleep(0.3)


@pytest.mark.parametrize("code", sorted(DEAD))
async def test_a_number_that_will_never_do_is_dead(line: Line, code: int) -> None:
    await line.there.plant({"do": "code", "code": code})
    with pytest.raises(MailRefused, match=f"Twilio {code}") as refused:
        await line.send()
    assert refused.value.is_dead
    assert line.counted == ["refused"]


@pytest.mark.parametrize("code", [21408, 21606, 30007, 99999])
async def test_what_is_not_the_numbers_fault_is_not_held_against_it(line: Line, code: int) -> None:
    await line.there.plant({"do": "code", "code": code})
    with pytest.raises(MailRefused) as refused:
        await line.send()
    assert not refused.value.is_dead
    assert not isinstance(refused.value, TextStopped)


async def test_an_answer_that_is_none_of_twilios_is_a_refusal(line: Line) -> None:
    await line.there.plant({"do": "html"})
    with pytest.raises(MailRefused, match="Twilio 400"):
        await line.send()


async def test_a_wrong_token_is_told_to_the_operator_without_number_or_token(
    there: Phones,
) -> None:
    wrong = Line(there, auth_token="0" * 32)
    async with wrong.texter:
        with structlog.testing.capture_logs() as logs, pytest.raises(MailDeferred) as told:
            await wrong.send()
    assert str(told.value) == "Twilio 20003"
    assert [(each["event"], each["log_level"]) for each in logs] == [
        ("text_login_refused", logging.getLevelName(logging.ERROR).lower())
    ]
    assert NUMBER not in repr(logs)
    assert "0" * 32 not in repr(logs)


async def test_after_a_stop_it_is_stopped_and_after_a_start_it_goes(line: Line) -> None:
    await line.there.double.say(NUMBER, SENDER, "Stop")
    with pytest.raises(TextStopped):
        await line.send()
    await line.there.double.say(NUMBER, SENDER, "START")
    await line.send()
    assert line.counted == ["stopped", "sent"]


async def test_what_did_not_arrive_is_told_with_its_code(line: Line) -> None:
    await line.there.plant({"do": "undelivered", "code": 30005})
    await line.send()
    await line.there.double.settled()
    ((_, told, _),) = line.there.told
    news = TwilioNews((TOKEN,)).status(told)
    assert news is not None
    assert (news.is_dead, news.is_stopped, news.reason) == (True, False, "Twilio 30005")


def test_a_signature_is_the_one_of_twilios_own_example() -> None:
    """Source: twilio.com/docs/usage/security."""
    fields = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ]
    address = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature_of("12345", address, fields) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    twice = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234")]
    assert signature_of("12345", address, twice) == "IK+Dwps556ElfBT0I3Rgjkr1wJU="


FIELDS = st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=6)


@given(FIELDS, st.text(max_size=40))
def test_only_the_same_fields_at_the_same_address_by_the_same_token_are_genuine(
    fields: dict[str, str], other: str
) -> None:
    try:
        signed = twilios_own(TOKEN, "https://a.example/x", fields)
    except UnicodeEncodeError:
        return  # no form holds half a character
    check = TwilioSignatureCheck((TOKEN, "another"))
    told = list(fields.items())
    assert check("https://a.example/x", told, signed)
    assert not check("https://b.example/x", told, signed)
    assert not check("https://a.example/x", [*told, ("Body", "STOP ")], signed)
    assert not TwilioSignatureCheck(("another",))("https://a.example/x", told, signed)
    assert not TwilioSignatureCheck(())("https://a.example/x", told, signed)
    assert check("https://a.example/x", told, other) is (other == signed)


@given(FIELDS)
def test_whatever_is_posted_is_read_or_is_malformed(fields: dict[str, str]) -> None:
    news = TwilioNews((TOKEN,))
    for read in (news.answer, news.status):
        try:
            read(fields)
        except MalformedNews:
            continue
