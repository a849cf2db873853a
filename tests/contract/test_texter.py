"""Carriers of texts keep the same promises: one in memory, and Twilio over HTTP to its double."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from adapters.memory.texter import MemoryTexter
from adapters.sms.twilio import Access, TwilioTexter
from application.ports.mailer import MailDeferred, MailRefused
from application.ports.texting import Text, Texter, TextStopped
from tests.rehearsal.phones import SENDER, SID, TOKEN, Phones, phones

NUMBER, OTHER = "+491713920055", "+12025550123"


class Carried(Protocol):
    """A carrier, and what a test can do to it."""

    texter: Texter
    news_url: str = "http://127.0.0.1:1/nobody"

    def bodies(self) -> list[str]:
        """What arrived."""
        ...

    async def is_down(self) -> None:
        """It cannot be reached, or wants no more just now."""
        ...

    async def does_not_know(self, number: str) -> None:
        """No mobile has this number."""
        ...

    async def is_told_stop_by(self, number: str) -> None:
        """Its owner wants no more."""
        ...


class InMemory(Carried):
    def __init__(self) -> None:
        self.texter = self._memory = MemoryTexter()

    def bodies(self) -> list[str]:
        return [text.body for text in self._memory.texts]

    async def is_down(self) -> None:
        self._memory.is_down = True

    async def does_not_know(self, number: str) -> None:
        self._memory.refuses.add(number)

    async def is_told_stop_by(self, number: str) -> None:
        self._memory.stopped.add(number)


class ByTwilio(Carried):
    def __init__(self, there: Phones) -> None:
        self._there = there
        self.news_url = f"{there.product_url}/status"
        access = Access(account_sid=SID, auth_token=TOKEN, sender=SENDER, base=there.url)
        self.texter = TwilioTexter(access, lambda outcome: None)

    def bodies(self) -> list[str]:
        return self._there.bodies()

    async def is_down(self) -> None:
        await self._there.plant({"do": "429"})

    async def does_not_know(self, number: str) -> None:
        await self._there.plant({"do": "code", "code": 21614, "to": number})

    async def is_told_stop_by(self, number: str) -> None:
        await self._there.double.say(number, SENDER, "STOP")


@pytest.fixture(params=["memory", "twilio"])
async def carrier(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Carried]:
    if request.param == "memory":
        yield InMemory()
        return
    async with phones(tmp_path) as there:
        by_twilio = ByTwilio(there)
        assert isinstance(by_twilio.texter, TwilioTexter)
        async with by_twilio.texter:
            yield by_twilio


async def send(carrier: Carried, body: str = "Bakery: hello", to: str = NUMBER) -> None:
    text = Text(message_id="m.1@x", to=to, body=body, told=body, news_url=carrier.news_url)
    await carrier.texter.send(text)


async def test_a_text_arrives_as_it_was_written(carrier: Carried) -> None:
    words = (
        "B\u00e4ckerei & Co.: 1.299,00 \u20ac + \u304a\u652f\u6255\u3044 https://x.example/r/a-b_c"
    )
    await send(carrier, words)
    assert carrier.bodies() == [words]


async def test_a_carrier_that_is_away_has_not_taken_it(carrier: Carried) -> None:
    await carrier.is_down()
    with pytest.raises(MailDeferred):
        await send(carrier)
    assert carrier.bodies() == []


async def test_a_number_that_no_mobile_has_is_dead(carrier: Carried) -> None:
    await carrier.does_not_know(NUMBER)
    with pytest.raises(MailRefused) as refused:
        await send(carrier)
    assert refused.value.is_dead
    assert not isinstance(refused.value, TextStopped)
    await send(carrier, to=OTHER)
    assert len(carrier.bodies()) == 1


async def test_whoever_answered_stop_is_left_alone_and_is_not_dead(carrier: Carried) -> None:
    await carrier.is_told_stop_by(NUMBER)
    with pytest.raises(TextStopped) as stopped:
        await send(carrier)
    assert not stopped.value.is_dead
    assert carrier.bodies() == []
