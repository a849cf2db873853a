"""Another card, given on Stripe's own page: a way there, a way back, and what is charged then."""

from datetime import timedelta

import httpx
from msgspec.structs import replace

from application.errors import Unavailable
from domain.recovery.events import CardReplaced
from tests.web.site import HOSTED, NOW, Site
from tests.web.stories import ACCOUNT, Story

TOKEN = "t0ken-of-forty-three-letters-and-more-of-them"
LINK = f"/r/{TOKEN}"
DAY = timedelta(days=1)
FIRST = Story(
    invoice_id="in_0001", opened_at=NOW - 3 * DAY, person="ines", decline_code="lost_card"
)
SECOND = replace(FIRST, invoice_id="in_0002", opened_at=NOW - 2 * DAY)


async def linked(site: Site, *stories: Story) -> None:
    cases = [await site.tell(story) for story in stories]
    for story in stories:
        site.payments.put(ACCOUNT, story.invoice())
    await site.link(TOKEN, cases[0])


def gives_another(site: Site, story: Story) -> None:
    site.payments.put(ACCOUNT, replace(story.invoice(), card=story.other_card()))


async def test_the_button_leads_to_stripes_page_for_a_card_and_back_here(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site, FIRST)
    page = (await stranger.get(LINK)).text
    assert f'action="{LINK}/card"' in page
    assert page.index("Use another card") < page.index("Pay another way")
    answer = await stranger.post(f"{LINK}/card")
    assert answer.status_code == 303
    assert answer.headers["location"] == "https://billing.stripe.com/p/session/1"
    assert "form-action 'self' https:" in answer.headers["content-security-policy"]
    assert list(site.renewals.opened.values()) == [
        ("cus_ines", f"http://127.0.0.1:8000{LINK}/back")
    ]


async def test_where_stripe_has_no_such_page_the_invoices_own_does_it(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site, FIRST)
    site.renewals.has_card_pages = False
    answer = await stranger.post(f"{LINK}/card")
    assert (answer.status_code, answer.headers["location"]) == (303, HOSTED)
    site.payment_page = None
    assert "There is nothing to pay just now." in (await stranger.post(f"{LINK}/card")).text


async def test_who_comes_back_with_another_card_is_charged_for_all_and_waits(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site, FIRST, SECOND)
    gives_another(site, FIRST)
    gives_another(site, SECOND)
    answer = await stranger.get(f"{LINK}/back")
    assert (answer.status_code, answer.headers["location"]) == (303, LINK)
    for held in site.world.cases.values():
        assert held.state.next_attempt_at == NOW
        assert held.state.new_card
    page = (await stranger.get(LINK)).text
    assert "We are asking your bank." in page
    assert '<meta http-equiv="refresh"' in page


async def test_who_comes_back_without_one_finds_the_page_as_it_was(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site, FIRST)
    before = dict(site.world.cases)
    for _ in range(3):
        await stranger.get(f"{LINK}/back")
    assert site.world.cases == before
    assert "Use another card" in (await stranger.get(LINK)).text


async def test_coming_back_twice_counts_once(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site, FIRST)
    gives_another(site, FIRST)
    for _ in range(3):
        await stranger.get(f"{LINK}/back")
    (held,) = site.world.cases.values()
    assert sum(isinstance(event, CardReplaced) for event in held.events) == 1


async def test_while_stripe_is_away_the_way_back_still_leads_to_the_page(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site, FIRST)
    site.payments.is_down = True
    answer = await stranger.get(f"{LINK}/back")
    assert (answer.status_code, answer.headers["location"]) == (303, LINK)
    site.renewals.is_down = True
    assert (await stranger.post(f"{LINK}/card")).status_code == 503
    assert issubclass(Unavailable, Exception)


async def test_a_link_that_leads_nowhere_leads_nowhere_here_too(
    stranger: httpx.AsyncClient,
) -> None:
    for answer in (await stranger.get("/r/unknown/back"), await stranger.post("/r/unknown/card")):
        assert (answer.status_code, answer.headers["location"]) == (303, "/r/unknown")
