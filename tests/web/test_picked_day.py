"""On the customer's page: the day of the charge, chosen, kept, and changed."""

import re
from datetime import datetime, timedelta
from functools import partial

import httpx
import pytest

from domain.recovery.events import AttemptDeclined, DatePicked
from tests.web.site import NOW, Site, running, visitor
from tests.web.stories import Story

TOKEN = "t0ken-of-forty-three-letters-and-more-of-them"
LINK = f"/r/{TOKEN}"
DAY = timedelta(days=1)


async def linked(site: Site, **changes: object) -> None:
    given = {"invoice_id": "in_0001", "opened_at": NOW - 3 * DAY, **changes}
    await site.link(TOKEN, await site.tell(Story(**given)))  # type: ignore[arg-type]


def picked(site: Site) -> list[DatePicked]:
    (held,) = site.world.cases.values()
    return [event for event in held.events if isinstance(event, DatePicked)]


def days_on(page: str) -> list[str]:
    return [part.split('"', 1)[0] for part in page.split('<option value="')[1:]]


async def test_the_day_that_was_chosen_is_told_and_can_be_changed(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    page = (await stranger.get(LINK)).text
    assert "Charge me on another day" in page
    first, second, *_ = days_on(page)
    answer = await stranger.post(f"{LINK}/day", data={"day": second})
    assert (answer.status_code, answer.headers["location"]) == (303, LINK)
    page = (await stranger.get(LINK)).text
    assert "We will charge this card on " in page
    assert "as you wished" in page
    assert second not in days_on(page)
    await stranger.post(f"{LINK}/day", data={"day": first})
    assert [one.charge_at.date().isoformat() for one in picked(site)] == [second, first]


async def test_opening_the_page_chooses_nothing(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site)
    for _ in range(3):
        await stranger.get(LINK)
    assert picked(site) == []


@pytest.mark.parametrize("day", ["", "tomorrow", "2020-01-01", "9999-12-31", "2026-13-01", "\x00"])
async def test_a_day_that_is_not_offered_changes_nothing(
    site: Site, stranger: httpx.AsyncClient, day: str
) -> None:
    await linked(site)
    answer = await stranger.post(f"{LINK}/day", data={"day": day})
    assert answer.status_code == 303
    assert picked(site) == []


async def test_who_chose_stands_in_the_audit_log(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site)
    day = days_on((await stranger.get(LINK)).text)[0]
    await stranger.post(f"{LINK}/day", data={"day": day})
    told = [entry for entry in site.world.audit.values() if "date_picked" in entry.action]
    assert [entry.actor for entry in told] == ["customer"]


async def test_where_nothing_is_owed_no_day_is_offered(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site, pays_at=NOW - DAY)
    assert days_on((await stranger.get(LINK)).text) == []
    await stranger.post(f"{LINK}/day", data={"day": (NOW + 2 * DAY).date().isoformat()})
    assert picked(site) == []


async def test_a_link_that_leads_nowhere_leads_to_the_page_that_says_so(
    stranger: httpx.AsyncClient,
) -> None:
    answer = await stranger.post("/r/unknown/day", data={"day": "2026-07-20"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/r/unknown")


async def test_the_card_on_file_is_charged_at_once_and_the_page_waits(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site, opened_at=NOW - timedelta(hours=30))
    page = (await stranger.get(LINK)).text
    assert "Pay 29.00\N{NO-BREAK SPACE}EUR with this card" in page
    assert "Pay another way" in page
    answer = await stranger.post(f"{LINK}/now")
    assert (answer.status_code, answer.headers["location"]) == (303, LINK)
    waiting = await stranger.get(LINK)
    assert "We are asking your bank" in waiting.text
    assert '<meta http-equiv="refresh" content="3">' in waiting.text
    assert "<script" not in waiting.text
    assert "<button" not in waiting.text
    await stranger.post(f"{LINK}/now")
    assert len(picked(site)) == 1


async def test_after_a_refusal_a_moment_ago_another_card_is_asked_for() -> None:
    opened_at = NOW - 3 * DAY
    told = Story(invoice_id="in_0001", opened_at=opened_at).until(NOW)
    refused_at = next(event.at for event in told if isinstance(event, AttemptDeclined))
    for minutes, said in ((5, True), (45, False)):
        moment = refused_at + timedelta(minutes=minutes)
        house = Site(now=partial(_same, moment))
        await house.open_house()
        await linked(house, opened_at=opened_at)
        async with running(house), visitor(house) as browser:
            page = (await browser.get(LINK)).text
        assert ("The card was refused just now" in page) is said
        first = re.search(r'<button type="submit" class="wide">([^<]*)', page)
        assert first is not None
        assert first[1].startswith("Use another card") is said


def _same(moment: datetime) -> datetime:
    return moment


async def test_a_wrong_link_charges_nobody(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.post("/r/unknown/now")
    assert (answer.status_code, answer.headers["location"]) == (303, "/r/unknown")


async def test_the_merchant_reads_what_the_customer_wished(
    site: Site, stranger: httpx.AsyncClient, mara: httpx.AsyncClient
) -> None:
    await linked(site, opened_at=NOW - timedelta(hours=30))
    ((_, case_id),) = site.world.cases
    day = days_on((await stranger.get(LINK)).text)[-1]
    await stranger.post(f"{LINK}/day", data={"day": day})
    assert "The customer chose to be charged on " in (await mara.get(f"/cases/{case_id}")).text
    await stranger.post(f"{LINK}/now")
    assert "The customer wanted to pay at once" in (await mara.get(f"/cases/{case_id}")).text
