"""The customer's page: shows little, changes nothing, sends on to Stripe."""

from datetime import timedelta

import httpx
import pytest

from application.errors import Unavailable
from tests.web.site import HOSTED, NOW, Site, visitor
from tests.web.stories import Story

TOKEN = "t0ken-of-forty-three-letters-and-more-of-them"
DAY = timedelta(days=1)


async def linked(site: Site, **changes: object) -> None:
    given = {"invoice_id": "in_0001", "opened_at": NOW - 3 * DAY, **changes}
    await site.link(TOKEN, await site.tell(Story(**given)))  # type: ignore[arg-type]


async def test_the_page_shows_merchant_amount_and_last_digits_and_no_more(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    answer = await stranger.get(f"/r/{TOKEN}")
    assert answer.status_code == 200
    for words in ("Acme Books", "29.00", "EUR", "4242", "<button"):
        assert words in answer.text
    for secret in ("Ines", "ines@example.com", "in_0001", "BOOKS-0001", "insufficient", "declined"):
        assert secret not in answer.text
    assert answer.text.count('class="wide"') == 1
    assert "<script" not in answer.text


async def test_opening_the_link_leaves_no_trace(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site)
    before = dict(site.world.cases), dict(site.world.actions), dict(site.world.links)
    for _ in range(5):
        answer = await stranger.get(f"/r/{TOKEN}")
    assert (site.world.cases, site.world.actions, site.world.links) == before
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers


async def test_the_button_leads_to_stripes_page_as_it_is_now(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    answer = await stranger.post(f"/r/{TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, HOSTED)
    assert "form-action 'self' https:" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("token", ["x", TOKEN[:-1], TOKEN + "a", "%00", "é", "a" * 5000, "%2e"])
async def test_a_link_that_leads_nowhere_is_always_the_same_page(
    site: Site, stranger: httpx.AsyncClient, token: str, method: str
) -> None:
    await linked(site)
    unknown = await stranger.request(method, "/r/never-issued")
    answer = await stranger.request(method, f"/r/{token}")
    assert answer.status_code == unknown.status_code == 404
    assert answer.text == unknown.text
    assert "newest mail" in answer.text


async def test_an_expired_link_is_as_one_that_never_was(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    case_id = await site.tell(Story(invoice_id="in_0001", opened_at=NOW - 3 * DAY))
    await site.link(TOKEN, case_id, lasts=-DAY)
    expired, unknown = await stranger.get(f"/r/{TOKEN}"), await stranger.get("/r/unknown")
    assert (expired.status_code, expired.text) == (404, unknown.text)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pays_at": NOW - DAY}, "This is paid"),
        ({"stops_at": NOW - DAY}, "nothing to pay any more"),
    ],
)
async def test_a_settled_case_says_so_and_is_no_error(
    site: Site, stranger: httpx.AsyncClient, changes: dict[str, object], words: str
) -> None:
    await linked(site, **changes)
    answer = await stranger.get(f"/r/{TOKEN}")
    assert answer.status_code == 200
    assert words in answer.text
    assert "<button" not in answer.text


async def test_an_invoice_that_was_paid_a_moment_ago_says_so(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    site.payment_page = None
    answer = await stranger.post(f"/r/{TOKEN}")
    assert "nothing to pay just now" in answer.text
    assert answer.status_code == 200


async def test_when_stripe_does_not_answer_the_customer_is_asked_to_come_again(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    site.payment_fault = Unavailable("stripe")
    answer = await stranger.post(f"/r/{TOKEN}")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "open the link from your mail again" in answer.text


async def test_a_lost_case_can_still_be_paid(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site, opened_at=NOW - 20 * DAY)
    assert "<button" in (await stranger.get(f"/r/{TOKEN}")).text


async def test_a_post_from_another_site_is_refused(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site)
    answer = await stranger.post(f"/r/{TOKEN}", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


async def test_a_browser_that_names_no_origin_may_go_on(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    for said in ({"origin": "null"}, {"origin": "null", "sec-fetch-site": "same-origin"}, {}):
        assert (await stranger.post(f"/r/{TOKEN}", headers=said)).status_code == 303


async def test_the_rehearsals_stripe_may_be_reached_by_the_form() -> None:
    site = Site(payment_origins=("https:", "http://127.0.0.1:8001"))
    await site.open_house()
    await linked(site)
    async with visitor(site) as client:
        policy = (await client.get(f"/r/{TOKEN}")).headers["content-security-policy"]
    assert "form-action 'self' https: http://127.0.0.1:8001;" in policy


async def test_the_token_stands_in_no_log_line(
    site: Site,
    stranger: httpx.AsyncClient,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("WARNING", "httpx")  # the stranger's own browser may well write it down
    await linked(site)
    await stranger.get(f"/r/{TOKEN}")
    await stranger.post(f"/r/{TOKEN}")
    await stranger.get(f"/r/{TOKEN}/more")
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err
    assert all(TOKEN not in route for route, _ in site.observed)
