"""The REST API: what a key opens, what everybody else is told, and how often one may ask."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from adapters.memory.unit_of_work import units_of_work
from application.ports.api_keys import spelled
from domain.entitlement import InApp, Wall
from tests.web.site import ACME, NOW, OTHER, Site, running, visitor
from tests.web.stories import Story
from web.rates import PER_ADDRESS_WITHOUT_KEY, PER_API_KEY, PER_SNIPPET_ADDRESS, Rate, Rates

DAY = timedelta(days=1)
STORY = Story(invoice_id="in_0001", opened_at=NOW - 3 * DAY)
CUSTOMER = "cus_in_0001"
NOBODY = {
    "customer": "cus_nobody",
    "in_good_standing": True,
    "state": "good",
    "grace_until": None,
    "reason": None,
    "owed": [],
    "link": None,
    "as_of": "2026-07-10T08:30:00Z",
}


def path_of(customer: str) -> str:
    return f"/api/v1/customers/{customer}/entitlement"


async def a_key(site: Site, merchant_id: UUID = ACME) -> str:
    made = await site.parts.api_keys.make(merchant_id, uuid4(), "Billing", "user:1")
    assert made is not None
    return made


async def ask(
    client: httpx.AsyncClient, key: str, customer: str = CUSTOMER, **headers: str
) -> httpx.Response:
    return await client.get(
        path_of(customer), headers={"authorization": f"Bearer {key}", **headers}
    )


async def test_it_tells_what_is_owed_until_when_and_where_to_settle_it(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await site.tell(STORY)
    answer = await ask(stranger, await a_key(site))
    assert answer.status_code == 200
    told = answer.json()
    link = told.pop("link")
    assert told == {
        "customer": CUSTOMER,
        "in_good_standing": False,
        "state": "grace",
        "grace_until": "2026-07-14T08:30:40Z",
        "reason": "payment_failed",
        "owed": [{"amount_minor": 2900, "currency": "eur", "invoice_number": "BOOKS-0001"}],
        "as_of": "2026-07-10T08:30:00Z",
    }
    assert answer.headers["cache-control"] == "private, max-age=30"
    page = await stranger.get(link)
    assert page.status_code == 200
    assert "Acme Books" in page.text
    assert "29.00" in page.text
    assert page.headers["referrer-policy"] == "no-referrer"


async def test_everything_on_the_page_of_the_link_works(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await site.tell(STORY)
    link = (await ask(stranger, await a_key(site))).json()["link"]
    gone = await stranger.post(link)
    assert gone.status_code == 303
    assert gone.headers["location"] == site.payment_page
    told = await stranger.post(f"{link}/problem", data={"about": "amount", "words": "Paid."})
    assert told.status_code == 303
    after = (await ask(stranger, await a_key(site))).json()
    assert (after["state"], after["reason"], after["grace_until"]) == ("grace", "questioned", None)


async def test_an_answer_writes_nothing(site: Site, stranger: httpx.AsyncClient) -> None:
    await site.tell(STORY)
    key = await a_key(site)
    before = (len(site.world.audit), len(site.world.links), await site.changes(ACME))
    first = (await ask(stranger, key)).json()
    assert (await ask(stranger, key)).json() == first
    assert (len(site.world.audit), len(site.world.links), await site.changes(ACME)) == before


async def test_the_days_of_grace_are_the_merchants(site: Site, stranger: httpx.AsyncClient) -> None:
    await site.tell(STORY)
    wanted = InApp(grace_days=2, shown=False, banner=False, wall=Wall.SOFT)
    await site.parts.set_up_in_app.save(ACME, wanted, (), "user:1")
    told = (await ask(stranger, await a_key(site))).json()
    assert (told["state"], told["grace_until"]) == ("overdue", "2026-07-09T08:30:40Z")


async def test_somebody_elses_customer_is_answered_like_nobodys(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await site.tell(STORY)
    key = await a_key(site, OTHER)
    theirs, nobodys = await ask(stranger, key), await ask(stranger, key, "cus_nobody")
    assert nobodys.json() == NOBODY
    assert theirs.json() == {**NOBODY, "customer": CUSTOMER}
    assert theirs.headers.keys() == nobodys.headers.keys()


async def test_who_knows_the_answer_is_not_sent_it_again(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await site.tell(STORY)
    key = await a_key(site)
    tag = (await ask(stranger, key)).headers["etag"]
    again = await ask(stranger, key, **{"if-none-match": f'"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    other = await ask(stranger, key, "cus_nobody", **{"if-none-match": tag})
    assert other.status_code == 200


async def bad_headers(site: Site) -> list[dict[str, str]]:
    right, revoked = await a_key(site), await a_key(site)
    await site.parts.api_keys.revoke(ACME, list(site.world.api_keys)[-1][1], "user:1")
    unknown = spelled(b"x" * 32, livemode=True)
    return [
        {"authorization": said}
        for said in (
            f"Bearer {revoked}", f"Bearer {unknown}", f"Bearer {right[:-1]}", f"Bearer {right}x",
            f"Bearer  {right}", f"bearer {right}", f"Basic {right}", right, "Bearer ", "Bearer",
            "", f"Bearer {right}, Bearer {right}", "Bearer " + "a" * 8_000,
        )
    ] + [{}, {"x-api-key": right}, {"cookie": f"key={right}"}]  # fmt: skip


async def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(site: Site) -> None:
    await site.tell(STORY)
    answers = []
    for number, headers in enumerate(await bad_headers(site)):
        async with visitor(site, address=f"10.0.0.{number}") as client:
            answer = await client.get(path_of(CUSTOMER), headers=headers)
        told = {name: text for name, text in answer.headers.items() if name != "x-request-id"}
        answers.append((answer.status_code, answer.content, told))
    assert all(each == answers[0] for each in answers)
    status, body, headers = answers[0]
    assert status == 401
    assert headers["content-type"].startswith("application/problem+json")
    assert headers["www-authenticate"].startswith("Bearer")
    assert headers["cache-control"] == "no-store"
    assert b"cc_test_" not in body


async def test_a_signed_in_person_needs_a_key_too(site: Site, mara: httpx.AsyncClient) -> None:
    assert (await mara.get(path_of(CUSTOMER))).status_code == 401


@pytest.mark.parametrize(
    "customer", ["%00", "a%20b", "cus_1%0a", "%F0%9F%92%B3", "a.b", "<script>", "c" * 256, "%2e%2e"]
)
async def test_what_cannot_be_an_id_is_a_4xx(
    site: Site, stranger: httpx.AsyncClient, customer: str
) -> None:
    answer = await ask(stranger, await a_key(site), customer)
    assert 400 <= answer.status_code < 500
    assert "script" not in answer.text


@pytest.mark.parametrize(
    "customer", ["cus_1' or '1'='1", "cus_1;drop table api_keys", "cus_1--", "$1"]
)
async def test_an_id_is_never_more_than_an_id(
    site: Site, stranger: httpx.AsyncClient, customer: str
) -> None:
    await site.tell(STORY)
    answer = await ask(stranger, await a_key(site), customer)
    assert answer.status_code in (400, 404) or answer.json()["state"] == "good"


async def test_a_host_that_is_not_ours_is_refused(site: Site, stranger: httpx.AsyncClient) -> None:
    answer = await ask(stranger, await a_key(site), host="evil.example")
    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_written_there(
    site: Site, stranger: httpx.AsyncClient, method: str
) -> None:
    headers = {"authorization": f"Bearer {await a_key(site)}"}
    answer = await stranger.request(method, path_of(CUSTOMER), headers=headers)
    assert answer.status_code == 405


async def test_while_the_records_are_away_it_says_so() -> None:
    async def away(_merchant: UUID, _customer: str) -> Any:
        raise OSError

    site = Site(entitlement=away)
    await site.open_house()
    async with running(site), visitor(site) as client:
        answer = await ask(client, await a_key(site))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_a_key_may_ask_so_often_and_another_is_not_slowed_down() -> None:
    clock = [0.0]
    site = Site(monotonic=lambda: clock[0])
    await site.open_house()
    key, other, most = await a_key(site), await a_key(site), int(PER_API_KEY.at_once)
    async with running(site), visitor(site) as program:
        for _ in range(most):
            assert (await ask(program, key)).status_code == 200
        refused = await ask(program, key)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["content-type"].startswith("application/problem+json")
        assert (await ask(program, other)).status_code == 200
        clock[0] = 1.0
        assert (await ask(program, key)).status_code == 200


async def test_wrong_keys_are_not_tried_without_end() -> None:
    site = Site(monotonic=lambda: 0.0)
    await site.open_house()
    key, most = await a_key(site), int(PER_ADDRESS_WITHOUT_KEY.at_once)
    async with running(site), visitor(site) as program:
        statuses = [(await ask(program, "cc_live_x")).status_code for _ in range(most + 1)]
        assert statuses == [401] * most + [429]
        assert (await ask(program, key)).status_code == 200


def test_a_rate_lets_so_many_through_at_once_and_so_many_a_second() -> None:
    clock = [0.0]
    rates = Rates(Rate(3, 2), lambda: clock[0])
    assert [rates.wait_s("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert rates.wait_s("b") == 0
    clock[0] = 0.5
    assert [rates.wait_s("a") for _ in range(2)] == [0, 0.5]
    clock[0] = 1_000.0
    assert [rates.wait_s("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_rates_remember_only_so_many() -> None:
    rates = Rates(PER_SNIPPET_ADDRESS, lambda: 0.0)
    for number in range(10_050):
        rates.wait_s(str(number))
    assert len(rates._left) == 10_000


async def test_its_description_names_every_route_of_it_and_no_other(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    answer = await stranger.get("/api/openapi.json")
    assert answer.status_code == 200
    told = answer.json()
    routes = {route.path for route in site.app.routes if route.path.startswith("/api/v1")}
    assert set(told["paths"]) == {path.replace(":str", "") for path in routes}
    read = told["paths"]["/api/v1/customers/{stripe_customer}/entitlement"]["get"]
    assert set(read["responses"]) == {"200", "304", "400", "401", "429", "503"}
    assert read["security"] == [{"key": []}]
    assert told["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    schema = told["components"]["schemas"]["EntitlementAnswer"]["properties"]
    assert set(schema) == set(NOBODY)


async def test_no_page_of_somebody_elses_comes_with_it(stranger: httpx.AsyncClient) -> None:
    for path in ("/api/swagger", "/api/redoc", "/api/elements", "/api/rapidoc", "/api/scalar"):
        assert (await stranger.get(path)).status_code == 404


async def test_a_case_that_is_gone_leaves_a_link_that_says_so(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    token = site.parts.signed_links.sign(ACME, UUID(int=1), NOW)
    never = await stranger.get("/r/never-was")
    gone = await stranger.get(f"/r/{token}")
    assert gone.status_code == never.status_code == 404
    case_id = await site.tell(STORY)
    foreign = site.parts.signed_links.sign(OTHER, case_id, NOW)
    assert (await stranger.get(f"/r/{foreign}")).status_code == 404


async def test_a_link_that_is_over_opens_nothing(site: Site, stranger: httpx.AsyncClient) -> None:
    case_id = await site.tell(STORY)
    old = site.parts.signed_links.sign(ACME, case_id, NOW - 4 * DAY)
    assert (await stranger.get(f"/r/{old}")).status_code == 404
    async with units_of_work(site.world)(ACME) as work:
        assert await work.cases.load(case_id)
