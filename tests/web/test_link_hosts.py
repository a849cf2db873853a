"""Customers at the merchant's own host: their links work there, nobody else's do, nothing else."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from domain.link_host import LinkHost
from domain.records import State
from tests.web.site import ACME, NOW, OTHER, STRANGER, Site, form_token, running, sign_in, visitor
from tests.web.stories import ACCOUNT, Story

PAGE = "/settings/links"
HOST = "pay.acme.example"
STANDS: dict[str, Any] = {
    "record": State.RIGHT,
    "page": State.RIGHT,
    "tried_at": NOW,
    "checked_at": NOW,
    "verified_at": NOW,
}


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    house = Site()
    await house.open_house()
    async with running(house):
        yield house


def at(site: Site, host: str, **changes: Any) -> httpx.AsyncClient:
    """Somebody who came by this name."""
    return visitor(site, base_url=f"http://{host}", **changes)


def proven(site: Site, host: str = HOST, merchant_id: Any = ACME) -> None:
    it = LinkHost(host=host, proof="0123456789abcdef", **STANDS)
    site.world.link_hosts[merchant_id] = it


async def a_link(site: Site, token: str = "a-token") -> str:
    story = Story(invoice_id="in_0001", opened_at=NOW - timedelta(days=2), person="ines")
    await site.link(token, await site.tell(story))
    site.payments.put(ACCOUNT, story.invoice())
    return f"/r/{token}"


async def test_a_customers_page_works_at_the_merchants_own_host(site: Site) -> None:
    proven(site)
    path = await a_link(site)
    async with at(site, f"{HOST}:8000") as ines:
        page = await ines.get(path)
        assert page.status_code == 200
        assert "Acme Books" in page.text
        there = f"http://{HOST}:8000"
        sent = await ines.post(path, headers={"origin": there})
        assert sent.status_code == 303
        stopped = await ines.get(path.replace("/r/", "/u/"))
        assert stopped.status_code == 200


async def test_stripes_page_leads_back_to_where_the_customer_came_from(site: Site) -> None:
    proven(site)
    path = await a_link(site)
    async with at(site, f"{HOST}:8000") as ines:
        answer = await ines.post(f"{path}/card")
    assert answer.status_code == 303
    assert list(site.renewals.opened.values()) == [("cus_ines", f"http://{HOST}:8000{path}/back")]


@pytest.mark.parametrize(
    "host",
    [
        HOST,  # without the port of this installation
        f"{HOST}:80",
        "pay.other.example:8000",
        f"x.{HOST}:8000",
        f"{HOST}.evil.example:8000",
        f"{HOST}.:8000",
        "evil.example:8000",
        "127.0.0.2:8000",
    ],
)
async def test_other_names_are_nobodys(site: Site, host: str) -> None:
    proven(site)
    path = await a_link(site)
    async with visitor(site) as ines:
        assert (await ines.get(path, headers={"host": host})).status_code == 400


@pytest.mark.parametrize("host", ["[", "[::1", "a@b", "a/b", "a b", "\N{KELVIN SIGN}.example", ":"])
async def test_what_is_no_name_is_nobodys_either(site: Site, host: str) -> None:
    path = await a_link(site)
    async with visitor(site) as ines:
        headers = [(b"host", host.encode())]
        request = ines.build_request("GET", path)
        request.headers = httpx.Headers(headers)
        assert (await ines.send(request)).status_code == 400


async def test_a_host_that_is_not_proven_opens_nothing(site: Site) -> None:
    proven(site)
    site.world.link_hosts[ACME] = replace(site.world.link_hosts[ACME], verified_at=None)
    path = await a_link(site)
    async with at(site, f"{HOST}:8000") as ines:
        assert (await ines.get(path)).status_code == 400


async def test_a_link_of_another_merchant_is_a_wrong_one_there_to_the_byte(site: Site) -> None:
    proven(site, "pay.other.example", OTHER)
    path = await a_link(site)
    async with at(site, "pay.other.example:8000") as ines:
        foreign = await ines.get(path)
        wrong = await ines.get("/r/wrong-token")
    assert foreign.status_code == wrong.status_code == 404
    assert foreign.text.replace("a-token", "wrong-token") == wrong.text
    async with visitor(site) as ines:
        assert (await ines.get(path)).status_code == 200


async def test_forms_of_another_site_do_nothing_there(site: Site) -> None:
    proven(site)
    path = await a_link(site)
    async with at(site, f"{HOST}:8000") as ines:
        for headers in (
            {"origin": "https://evil.example"},
            {"origin": "http://127.0.0.1:8000"},
            {"sec-fetch-site": "cross-site"},
        ):
            assert (await ines.post(path, headers=headers)).status_code == 403


@pytest.mark.parametrize("path", ["/", "/sign-in", "/cases", PAGE, "/api/v1/customers/cus_1/x"])
async def test_the_merchants_team_and_programs_come_by_our_own_name_alone(
    site: Site, path: str
) -> None:
    proven(site)
    async with at(site, f"{HOST}:8000") as mara:
        answer = await mara.get(path)
        assert answer.status_code in {400, 404}
        assert "set-cookie" not in answer.headers


async def test_a_host_that_asks_who_is_there_is_told_so_and_nothing_else(site: Site) -> None:
    async with at(site, "Anything.example:8000") as probe:
        answer = await probe.get("/.well-known/chargechase")
    assert answer.text == site.parts.host_answers.answer("anything.example")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_proxy_gets_certificates_for_our_name_and_for_proven_ones(site: Site) -> None:
    proven(site)
    asked = {"127.0.0.1:8000": 200, HOST: 200, HOST.upper(): 200, "evil.example": 404, "": 404}
    async with visitor(site) as proxy:
        for name, status in asked.items():
            answer = await proxy.get("/tls/ask", params={"domain": name})
            assert (name, answer.status_code) == (name, status)


async def send(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    token = form_token((await client.get(PAGE)).text)
    answer = await client.post(f"{PAGE}{path}", data={**fields, "form_token": token})
    assert answer.status_code == 303
    return await client.get(answer.headers["location"])


async def test_from_nothing_to_a_link_at_their_own_address(site: Site) -> None:
    async with visitor(site) as mara:
        await sign_in(mara)
        assert "http://127.0.0.1:8000/r/…" in (await mara.get(PAGE)).text
        page = (await send(mara, "/host", host="Pay.Acme.example")).text
        it = site.world.link_hosts[ACME]
        for told in ("_chargechase.pay.acme.example", it.record_value, "CNAME", "chase.example"):
            assert told in page
        assert "Not there yet" in page
        site.names.zone[it.record_name] = (it.record_value,)
        site.probe.says[HOST] = site.parts.host_answers.answer(HOST)
        page = (await send(mara, "/check")).text
        assert "http://pay.acme.example:8000/r/…" in page
        page = (await send(mara, "/remove")).text
        assert "http://127.0.0.1:8000/r/…" in page


async def test_the_page_says_what_is_wrong(site: Site) -> None:
    async with visitor(site) as mara:
        await sign_in(mara)
        page = (await send(mara, "/host", host="https://pay.acme.example/r")).text
        assert "without https://" in page
        assert "this installation itself" in (await send(mara, "/host", host="chase.example")).text
        await send(mara, "/host", host=HOST)
        it = site.world.link_hosts[ACME]
        site.world.link_hosts[ACME] = replace(it, **STANDS, lost_at=NOW)
        assert "has not been as it must be" in (await mara.get(PAGE)).text
        site.world.link_hosts[ACME] = replace(it, taken=True)
        assert "lead to pay.acme.example already" in (await mara.get(PAGE)).text


async def test_nobody_changes_what_is_anothers(site: Site) -> None:
    proven(site)
    async with visitor(site) as otto:
        await sign_in(otto, STRANGER)
        assert HOST not in (await otto.get(PAGE)).text
        await send(otto, "/remove")
        page = (await send(otto, "/host", host=HOST)).text
        it = site.world.link_hosts[OTHER]
        assert it.proof != site.world.link_hosts[ACME].proof
        assert it.record_value in page
    assert site.world.link_hosts[ACME].stands
