"""The page about the sender of letters: what to set, what was found, and no secret on it."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from adapters.memory.sending import MemoryNames
from adapters.memory.unit_of_work import units_of_work
from application.ports.mail_limits import LastHour, MailLimits
from application.use_cases.sending_domain import SendingDomains
from domain.sending import SendingDomain
from tests.builders import DAY
from tests.contract.test_sending import a_key
from tests.web.site import ACME, NOW, STRANGER, Site, form_token, running, sign_in, visitor

PAGE = "/settings/sending"


class Desk:
    """The real use-case over memory; its keys are made beforehand."""

    limits = MailLimits()
    sender = "ChargeChase <mail@chase.example>"

    def __init__(self, house: Site) -> None:
        self.names, self.now = MemoryNames(), NOW
        self.hour = LastHour()
        self._open_uow = units_of_work(house.world)
        self.domains = SendingDomains(
            open_uow=self._open_uow, names=self.names, clock=lambda: self.now
        )

    async def standing(self, merchant_id: UUID) -> tuple[SendingDomain | None, LastHour]:
        return await self.domains.read(merchant_id), self.hour

    async def choose(self, merchant_id: UUID, address: str, actor: str) -> None:
        await self.domains.choose(merchant_id, a_key(), address, actor)
        await self.domains.check(merchant_id)

    async def rotate(self, merchant_id: UUID, actor: str) -> None:
        selector = await self.domains.next_selector(merchant_id)
        await self.domains.rotate(merchant_id, a_key(selector, 1), actor)

    async def check(self, merchant_id: UUID) -> None:
        await self.domains.check(merchant_id)

    async def remove(self, merchant_id: UUID, actor: str) -> None:
        await self.domains.remove(merchant_id, actor)


@pytest.fixture
async def desk() -> AsyncIterator[tuple[Desk, httpx.AsyncClient]]:
    desk_of: list[Desk] = []

    class House(Site):
        def _given(self) -> dict[str, object]:
            desk_of.append(Desk(self))
            return {**super()._given(), "sending_desk": desk_of[0]}

    site = House()
    await site.open_house()
    async with running(site), visitor(site) as client:
        await sign_in(client)
        yield desk_of[0], client


async def send(client: httpx.AsyncClient, path: str = "", **fields: str) -> httpx.Response:
    token = form_token((await client.get(PAGE)).text)
    answer = await client.post(f"{PAGE}{path}", data={**fields, "form_token": token})
    assert answer.status_code == 303
    return await client.get(answer.headers["location"])


def set_records(desk: Desk) -> None:
    desk.names.zone["cc1._domainkey.acme.example"] = (a_key().public.record,)
    desk.names.zone["_dmarc.acme.example"] = ("v=DMARC1; p=none",)


async def test_before_a_domain_is_chosen_it_says_who_letters_come_from(
    desk: tuple[Desk, httpx.AsyncClient],
) -> None:
    page = (await desk[1].get(PAGE)).text
    assert "Acme Books &lt;mail@chase.example&gt;" in page
    assert "Show me the records" in page
    assert 'aria-current="page"' in page


async def test_choosing_a_domain_shows_its_records_and_never_the_secret(
    desk: tuple[Desk, httpx.AsyncClient],
) -> None:
    page = (await send(desk[1], "/address", address="billing@acme.example")).text
    assert "cc1._domainkey.acme.example" in page
    assert a_key().public.public_key.replace("+", "&#43;") in page or (
        a_key().public.public_key in page
    )
    assert "_dmarc.acme.example" in page
    assert page.count("Not there yet") == 2
    assert "PRIVATE" not in page
    assert "Acme Books &lt;mail@chase.example&gt;" in page, "until they are there"


async def test_once_the_records_are_there_letters_come_from_the_domain(
    desk: tuple[Desk, httpx.AsyncClient],
) -> None:
    held, client = desk
    await send(client, "/address", address="billing@acme.example")
    set_records(held)
    page = (await send(client, "/check")).text
    assert "Acme Books &lt;billing@acme.example&gt;" in page
    assert page.count("As it should be") == 2


async def test_records_that_vanish_are_told_on_every_page(
    desk: tuple[Desk, httpx.AsyncClient],
) -> None:
    held, client = desk
    await send(client, "/address", address="billing@acme.example")
    set_records(held)
    await send(client, "/check")
    held.names.zone.clear()
    held.now += DAY
    page = (await send(client, "/check")).text
    assert "the records of acme.example are not as they must be" in page
    assert "Acme Books &lt;mail@chase.example&gt;" in page
    assert "The records of your sending domain" in (await client.get("/cases")).text


async def test_a_new_key_is_shown_beside_the_one_that_signs(
    desk: tuple[Desk, httpx.AsyncClient],
) -> None:
    held, client = desk
    await send(client, "/address", address="billing@acme.example")
    set_records(held)
    await send(client, "/check")
    page = (await send(client, "/key")).text
    assert "cc1._domainkey.acme.example" in page
    assert "cc2._domainkey.acme.example" in page
    assert "The new key" in page
    assert "Change the key" not in page, "one at a time"
    assert "Acme Books &lt;billing@acme.example&gt;" in page


async def test_giving_it_up_leaves_nothing(desk: tuple[Desk, httpx.AsyncClient]) -> None:
    held, client = desk
    await send(client, "/address", address="billing@acme.example")
    page = (await send(client, "/remove")).text
    assert "Show me the records" in page
    assert await held.domains.read(ACME) is None


@pytest.mark.parametrize("address", ["", "nobody", "a@localhost", "a@acme.example\nx: y"])
async def test_what_is_no_address_changes_nothing_and_says_so(
    desk: tuple[Desk, httpx.AsyncClient], address: str
) -> None:
    page = (await send(desk[1], "/address", address=address)).text
    assert "Nothing was changed." in page
    assert await desk[0].domains.read(ACME) is None


async def test_too_many_that_come_back_are_told(desk: tuple[Desk, httpx.AsyncClient]) -> None:
    held, client = desk
    held.hour = LastHour(went=20, dead=12, complained=1)
    page = (await client.get(PAGE)).text
    assert "Too many letters of the last hour" in page
    assert "12 to nobody, 1 called spam" in page


async def test_a_key_for_no_domain_is_not_found_and_another_merchant_sees_nothing(
    desk: tuple[Desk, httpx.AsyncClient],
) -> None:
    _, client = desk
    token = form_token((await client.get(PAGE)).text)
    answer = await client.post(f"{PAGE}/key", data={"form_token": token})
    assert answer.status_code == 404
    await send(client, "/address", address="billing@acme.example")
    await client.post("/sign-out", data={"form_token": form_token((await client.get(PAGE)).text)})
    await sign_in(client, STRANGER)
    assert "acme.example" not in (await client.get(PAGE)).text
