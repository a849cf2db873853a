"""The snippet: one frozen script, and a question that only listed pages may read the answer of."""

from base64 import b64encode
from datetime import timedelta
from hashlib import sha384
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from application.customer_signature import signature_of
from domain.entitlement import InApp, Wall
from tests.web.site import ACME, NOW, OTHER, Site, visitor
from tests.web.stories import Story
from web.rates import PER_SNIPPET_ADDRESS
from web.snippet import FILE
from web.wording.customer import LANGUAGES, speech_in

DAY = timedelta(days=1)
APP = "https://app.acme.example"
CUSTOMER = "cus_in_0001"
STANDING = "/snippet/v1/standing"
SCRIPT = Path(__file__).parents[2] / "web" / "static" / "snippet-v1.js"
# What merchants have written into their pages. It never changes: what is new becomes version 2.
FROZEN = "sha384-BtTSHOuQG0Ti7U7l1MooqrhF6n5T+nDbyw6Y4W2bE8am1my6bVKMX7bJQFnxIL7T"


def wanted(**changes: Any) -> InApp:
    return InApp(**{"grace_days": 7, "shown": True, "banner": True, "wall": Wall.HARD, **changes})


async def a_signed_app(site: Site, days: int = 9, **changes: Any) -> str:
    """Acme's app, one customer who owes since some days, and the secret."""
    await site.tell(Story(invoice_id="in_0001", opened_at=NOW - days * DAY))
    await site.parts.set_up_in_app.save(ACME, wanted(**changes), (APP,), "user:1")
    secret = await site.parts.set_up_in_app.make_secret(ACME, None, "user:1")
    assert secret is not None
    return secret


async def ask(
    client: httpx.AsyncClient, secret: str, origin: str | None = APP, **said: str
) -> httpx.Response:
    """As a page of the merchant's asks."""
    customer, expires = said.get("customer", CUSTOMER), said.get("expires", "")
    given = {
        "merchant": str(ACME),
        "customer": customer,
        "signature": signature_of(secret, customer, expires),
        **said,
    }
    headers = {} if origin is None else {"origin": origin}
    return await client.get(STANDING, params=given, headers=headers)


NOTHING = {"show": "none"}


def shows(answer: httpx.Response) -> dict[str, str]:
    """The answer without what is empty."""
    assert answer.status_code == 200
    return {name: value for name, value in answer.json().items() if value}


async def test_the_script_is_what_merchants_have_in_their_pages(
    stranger: httpx.AsyncClient,
) -> None:
    answer = await stranger.get("/snippet/v1.js")
    digest = b64encode(sha384(answer.content).digest()).decode()
    assert f"sha384-{digest}" == FROZEN
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "set-cookie" not in answer.headers
    again = await stranger.get("/snippet/v1.js", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def test_the_script_is_small_and_writes_text_alone() -> None:
    text = SCRIPT.read_text()
    assert FILE.endswith(SCRIPT.name)
    assert SCRIPT.stat().st_size < 6_000
    for dangerous in ("innerHTML", "outerHTML", "insertAdjacent", "eval", "document.write",
                      "Function(", "srcdoc", ".style", "import(", "cookie"):  # fmt: skip
        assert dangerous not in text


@pytest.mark.parametrize(
    ("days", "changes", "shown"),
    [
        (3, {}, "banner"),
        (3, {"banner": False}, "none"),
        (9, {}, "hard"),
        (9, {"wall": Wall.SOFT}, "soft"),
        (9, {"wall": Wall.BANNER, "banner": False}, "banner"),
        (9, {"shown": False}, "none"),
    ],
)
async def test_what_is_shown_follows_days_and_wishes(
    site: Site, stranger: httpx.AsyncClient, days: int, changes: dict[str, Any], shown: str
) -> None:
    secret = await a_signed_app(site, days, **changes)
    assert shows(await ask(stranger, secret))["show"] == shown


async def test_it_says_what_is_owed_in_kind_words_and_leads_to_the_page(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    told = shows(await ask(stranger, await a_signed_app(site)))
    assert told["title"] == "Your last payment did not go through."
    assert told["amount"] == "29.00\u00a0EUR"
    page = await stranger.get(told["link"])
    assert page.status_code == 200
    assert "Acme Books" in page.text


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_it_speaks_the_language_of_the_browser_or_of_the_page(
    site: Site, stranger: httpx.AsyncClient, tag: str
) -> None:
    secret = await a_signed_app(site)
    stranger.headers["accept-language"] = tag
    told = shows(await ask(stranger, secret))
    words = speech_in(tag).app
    assert (told["language"], told["button"], told["text"]) == (tag, words["button"], words["hard"])
    stranger.headers["accept-language"] = "en"
    assert shows(await ask(stranger, secret, language=tag))["title"] == words["failed"]
    assert shows(await ask(stranger, secret, language="xx"))["language"] == "en"


async def test_only_a_listed_page_may_read_it_and_caches_keep_nothing(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    answer = await ask(stranger, await a_signed_app(site))
    assert answer.headers["access-control-allow-origin"] == APP
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"] == "Origin, Accept-Language"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        None, "", "null", "https://evil.example", "http://app.acme.example",
        "https://app.acme.example.evil.example", "https://app.acme.example:8443", "*",
        "https://APP.acme.example", "https://app.acme.example/", "https://evil.example, " + APP,
        "https://x@app.acme.example", "file://", "x" * 5_000,
    ],
)  # fmt: skip
async def test_no_other_page_is_told_anything(
    site: Site, stranger: httpx.AsyncClient, origin: str | None
) -> None:
    answer = await ask(stranger, await a_signed_app(site), origin)
    assert shows(answer) == NOTHING
    assert "access-control-allow-origin" not in answer.headers


async def test_an_id_that_is_not_signed_is_answered_like_one_that_owes_nothing(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    secret = await a_signed_app(site)
    good = await ask(stranger, secret, customer="cus_nobody")
    ends = str(int(NOW.timestamp()) + 60)
    for said in (
        {"signature": ""}, {"signature": "0" * 64}, {"signature": signature_of("other", CUSTOMER)},
        {"signature": signature_of(secret, "cus_other")},
        {"expires": ends, "signature": signature_of(secret, CUSTOMER)},
        {"expires": str(int(NOW.timestamp()))},
        {"customer": "'; drop table in_app_settings; --"}, {"customer": "\x00"},
        {"customer": "<img src=x onerror=alert(1)>"}, {"signature": "é" * 64},
    ):  # fmt: skip
        answer = await ask(stranger, secret, **said)
        assert answer.content == good.content
        assert answer.headers["access-control-allow-origin"] == APP
    assert shows(good) == NOTHING
    assert shows(await ask(stranger, secret, expires=ends))["show"] == "hard"


@pytest.mark.parametrize("merchant", [str(OTHER), str(UUID(int=9)), "", "x", "\x00", "../" * 20])
async def test_a_merchant_who_signs_nothing_is_answered_like_none(
    site: Site, stranger: httpx.AsyncClient, merchant: str
) -> None:
    answer = await ask(stranger, await a_signed_app(site), merchant=merchant)
    assert shows(answer) == NOTHING
    assert "access-control-allow-origin" not in answer.headers


async def test_the_secret_before_is_believed_for_a_day_and_the_new_at_once() -> None:
    now = [NOW]
    site = Site(now=lambda: now[0])
    await site.open_house()
    old = await a_signed_app(site)
    new = await site.parts.set_up_in_app.make_secret(ACME, NOW, "user:1")
    assert new is not None
    async with visitor(site) as client:
        assert shows(await ask(client, new))["show"] == "hard"
        assert shows(await ask(client, old))["show"] == "hard"
        now[0] = NOW + DAY
        assert shows(await ask(client, old)) == NOTHING
        assert shows(await ask(client, new))["show"] == "hard"


async def test_who_says_that_something_is_wrong_is_left_alone(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    secret = await a_signed_app(site)
    link = shows(await ask(stranger, secret))["link"]
    await stranger.post(f"{link}/problem", data={"about": "cancelled"})
    assert shows(await ask(stranger, secret)) == NOTHING


@pytest.mark.parametrize("kind", ["banner", "soft", "hard"])
async def test_a_preview_says_nothing_of_anybody(
    site: Site, stranger: httpx.AsyncClient, kind: str
) -> None:
    await a_signed_app(site)
    for origin in (None, APP):
        params = {"merchant": str(ACME), "preview": kind}
        headers = {"origin": origin} if origin else {}
        told = shows(await stranger.get(STANDING, params=params, headers=headers))
        assert told["show"] == kind
        assert told["link"] == site.parts.base_url
    evil = {"origin": "https://evil.example"}
    assert shows(await stranger.get(STANDING, params=params, headers=evil)) == NOTHING


async def test_one_visitor_does_not_use_up_what_all_share() -> None:
    site = Site(monotonic=lambda: 0.0)
    await site.open_house()
    secret = await a_signed_app(site)
    async with visitor(site, address="10.1.1.1") as greedy, visitor(site, "10.1.1.2") as other:
        tries = int(PER_SNIPPET_ADDRESS.at_once) + 10
        answers = [await ask(greedy, secret) for _ in range(tries)]
        assert {answer.status_code for answer in answers} == {200, 429}
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await ask(other, secret)).status_code == 200


async def test_a_host_that_is_not_ours_is_refused(stranger: httpx.AsyncClient) -> None:
    for path in ("/snippet/v1.js", STANDING):
        assert (await stranger.get(path, headers={"host": "evil.example"})).status_code == 400
