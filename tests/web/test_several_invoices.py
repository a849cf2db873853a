"""On the customer's page: everything they owe, each invoice once, and one way to settle it all."""

from datetime import timedelta

import httpx
from msgspec.structs import replace

from domain.recovery.events import DatePicked
from tests.web.site import ACME, NOW, OTHER, Site
from tests.web.stories import Story

TOKEN = "t0ken-of-forty-three-letters-and-more-of-them"
LINK = f"/r/{TOKEN}"
DAY = timedelta(days=1)
FIRST = Story(invoice_id="in_0001", opened_at=NOW - 2 * DAY, person="ines")
SECOND = replace(FIRST, invoice_id="in_0002", opened_at=NOW - DAY)


async def linked(site: Site, *stories: Story) -> None:
    cases = [await site.tell(story) for story in stories]
    await site.link(TOKEN, cases[0])


async def test_the_page_says_what_is_owed_in_all_and_for_what(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site, FIRST, SECOND)
    page = (await stranger.get(LINK)).text
    assert page.count('class="due"') == 1
    assert "58.00" in page
    for number in ("BOOKS-0001", "BOOKS-0002"):
        assert page.count(f"<span>Invoice {number}</span>") == 1
    assert page.count('<span class="money">29.00') == 2
    assert page.count('class="wide"') == 1
    assert "Pay 58.00\N{NO-BREAK SPACE}EUR with this card" in page


async def test_a_single_invoice_needs_no_list(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site, FIRST)
    page = (await stranger.get(LINK)).text
    assert "What is open" not in page
    assert "Invoice" not in page


async def test_each_can_be_paid_by_its_own_page(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site, FIRST, SECOND)
    page = (await stranger.get(LINK)).text
    (choice,) = [part.split('"', 1)[0] for part in page.split('name="invoice" value="')[1:]]
    asked = site.opened_pages
    await stranger.post(LINK)
    await stranger.post(LINK, data={"invoice": choice})
    await stranger.post(LINK, data={"invoice": "f" * 16})  # of nobody: the letter's own
    first, second, third = (ref.case_id for ref in asked)
    assert first == third != second


async def test_one_click_charges_all_and_one_choice_moves_all(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site, FIRST, SECOND)
    await stranger.post(f"{LINK}/now")
    for held in site.world.cases.values():
        assert held.state.next_attempt_at == NOW
        assert isinstance(held.events[-2], DatePicked) or isinstance(held.events[-3], DatePicked)


async def test_a_day_that_is_picked_holds_for_all(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site, FIRST, SECOND)
    page = (await stranger.get(LINK)).text
    day = page.split('<option value="')[3].split('"', 1)[0]
    await stranger.post(f"{LINK}/day", data={"day": day})
    picked = {held.state.picked_at for held in site.world.cases.values()}
    assert len(picked) == 1
    assert None not in picked


async def test_once_the_letters_invoice_is_paid_the_next_one_is_shown(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site, replace(FIRST, pays_at=NOW - DAY), SECOND)
    page = (await stranger.get(LINK)).text
    assert "29.00" in page
    assert "What is open" not in page
    assert "This is paid" not in page


async def test_what_others_owe_is_nobody_elses(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site, FIRST)
    await site.tell(replace(SECOND, person="otto"))
    await site.tell(SECOND, OTHER)
    page = (await stranger.get(LINK)).text
    assert "What is open" not in page
    assert len([key for key in site.world.cases if key[0] == ACME]) == 2


async def test_when_something_is_wrong_all_of_it_rests(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site, FIRST, SECOND)
    await stranger.post(f"{LINK}/problem", data={"about": "cancelled", "words": "In May."})
    assert all(held.state.is_questioned for held in site.world.cases.values())
    assert len(site.world.reports) == 1
    await stranger.post(f"{LINK}/problem", data={"back": "yes"})
    assert not any(held.state.is_questioned for held in site.world.cases.values())
