"""A link that leads nowhere: help for who had one, patience for who guesses."""

from datetime import timedelta

import httpx
import pytest
from litestar.exceptions import TooManyRequestsException

from application.ports.chores import ChoreKind
from tests.web.site import NOW, Site, running, visitor
from tests.web.stories import Story
from web.attempts import MOST_SLOWED, SLOWED_S, WRONG_LINKS, AttemptLimiter, WrongLinks

TOKEN = "t0ken-of-forty-three-letters-and-more-of-them"
DAY = timedelta(days=1)
ASK = {"fresh": "yes"}


async def linked(site: Site, lasts: timedelta = -DAY) -> None:
    case_id = await site.tell(Story(invoice_id="in_0001", opened_at=NOW - 3 * DAY))
    await site.link(TOKEN, case_id, lasts=lasts)


async def test_whoever_had_a_link_can_ask_for_a_fresh_one(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    page = await stranger.get(f"/r/{TOKEN}")
    assert page.status_code == 404
    assert "Send me a fresh link" in page.text
    answer = await stranger.post(f"/r/{TOKEN}", data=ASK)
    assert "on its way to the mail address on file" in answer.text
    assert "ines@example.com" not in answer.text
    ((request, _),) = site.world.link_requests.values()
    assert request.asked_at == NOW
    assert [ref.kind for ref in site.world.chores] == [ChoreKind.FRESH_LINKS]


async def test_asking_again_on_the_same_day_asks_once(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    for _ in range(5):
        await stranger.post(f"/r/{TOKEN}", data=ASK)
    assert len(site.world.link_requests) == 1
    assert [e.action for e in site.world.audit.values()] == ["ask_fresh_link"]


@pytest.mark.parametrize("token", ["x", TOKEN[:-1], TOKEN.upper(), "%00", "a" * 5000])
async def test_the_answer_is_the_same_for_a_link_that_never_was(
    site: Site, stranger: httpx.AsyncClient, token: str
) -> None:
    await linked(site)
    real, made_up = [await stranger.post(f"/r/{each}", data=ASK) for each in (TOKEN, token)]
    assert (real.status_code, real.text) == (made_up.status_code, made_up.text)
    assert set(real.headers) == set(made_up.headers)
    assert len(site.world.link_requests) == 1


async def test_a_link_that_is_good_needs_no_fresh_one(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site, lasts=DAY)
    await stranger.post(f"/r/{TOKEN}", data=ASK)
    assert not site.world.link_requests


class Naps:
    """Sleep that takes no time and is remembered."""

    def __init__(self) -> None:
        self.taken = list[float]()

    async def sleep(self, seconds: float) -> None:
        self.taken.append(seconds)


async def test_who_guesses_often_waits_and_nobody_else_does() -> None:
    naps = Naps()
    wrong = WrongLinks(AttemptLimiter(lambda: 0.0), sleep=naps.sleep)
    for _ in range(50):
        await wrong.one_more("203.0.113.7")
    assert naps.taken == [SLOWED_S] * (50 - WRONG_LINKS)
    await wrong.one_more("203.0.113.8")
    assert len(naps.taken) == 50 - WRONG_LINKS
    assert wrong.slowed == 0


async def test_who_guesses_at_many_places_at_once_is_turned_away() -> None:
    wrong = WrongLinks(AttemptLimiter(lambda: 0.0), sleep=Naps().sleep, slowed=MOST_SLOWED)
    for _ in range(WRONG_LINKS):
        await wrong.one_more("203.0.113.7")
    with pytest.raises(TooManyRequestsException) as refusal:
        await wrong.one_more("203.0.113.7")
    assert refusal.value.headers == {"Retry-After": "60"}


async def test_fifty_wrong_links_do_not_hold_up_a_right_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("web.attempts.SLOWED_S", 0.0)
    site = Site(address_header="x-visitor")
    await site.open_house()
    async with running(site), visitor(site) as guesser:
        await linked(site, lasts=DAY)
        guesser.headers["x-visitor"] = "203.0.113.7"
        wrong = [await guesser.get(f"/r/guess-{number}") for number in range(50)]
        right = await guesser.get(f"/r/{TOKEN}")
    assert {answer.status_code for answer in wrong} == {404}
    assert right.status_code == 200
