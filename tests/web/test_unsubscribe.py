"""No more letters: a button, one click of the mail program, and the way back."""

from datetime import timedelta

import httpx
import pytest

from application.ports.suppressions import Suppression, hash_of
from tests.web.site import ACME, NOW, Site
from tests.web.stories import Story

TOKEN = "t0ken-of-forty-three-letters-and-more-of-them"
LINK = f"/u/{TOKEN}"
STORY = Story(invoice_id="in_0001", opened_at=NOW - timedelta(days=3))


async def linked(site: Site) -> None:
    await site.link(TOKEN, await site.tell(STORY))


def silent(site: Site) -> list[tuple[object, bytes]]:
    return [key for key, held in site.world.suppressions.items() if held.lifted_at is None]


async def test_the_button_stops_the_letters_and_another_brings_them_back(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    assert "Shall we stop writing" in (await stranger.get(LINK)).text
    page = await stranger.post(LINK, data={"letters": "stop"})
    assert page.status_code == 200
    assert "We do not write to you about payments any more." in page.text
    email = STORY.customer().email
    assert email is not None
    assert silent(site) == [(ACME, hash_of(email))]
    again = await stranger.post(LINK, data={"letters": "again"})
    assert "Shall we stop writing" in again.text
    assert silent(site) == []


@pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
async def test_one_click_of_a_mail_program_is_enough(
    site: Site, stranger: httpx.AsyncClient, encoding: str
) -> None:
    await linked(site)
    said = {"List-Unsubscribe": "One-Click"}
    if encoding == "multipart":
        answer = await stranger.post(LINK, files={name: (None, x) for name, x in said.items()})
    else:
        answer = await stranger.post(LINK, data=said)
    assert answer.status_code == 200
    assert len(silent(site)) == 1


async def test_opening_the_link_stops_nothing(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site)
    for _ in range(5):
        await stranger.get(LINK)
    assert silent(site) == []


async def test_the_page_to_pay_stays_open(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site)
    await stranger.post(LINK, data={"letters": "stop"})
    page = (await stranger.get(f"/r/{TOKEN}")).text
    assert "29.00" in page


async def test_each_change_is_in_the_audit_log_once(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    for said in ("stop", "stop", "again", "again"):
        await stranger.post(LINK, data={"letters": said})
    told = [entry for entry in site.world.audit.values() if entry.actor == "customer"]
    assert [entry.action for entry in told] == ["unsubscribe", "subscribe_again"]


async def test_an_address_that_is_dead_is_not_brought_back_by_a_click(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    email = STORY.customer().email
    assert email is not None
    async with site.parts.unsubscribe.open_uow(ACME) as uow:  # type: ignore[attr-defined]
        await uow.suppressions.add(hash_of(email), Suppression.BOUNCED, NOW)
    page = await stranger.post(LINK, data={"letters": "again"})
    assert "We do not write to you" in page.text
    assert len(silent(site)) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("token", ["x", TOKEN[:-1], TOKEN.upper(), "%00", "a" * 5000])
async def test_nobody_stops_somebody_elses_letters(
    site: Site, stranger: httpx.AsyncClient, method: str, token: str
) -> None:
    await linked(site)
    answer = await stranger.request(method, f"/u/{token}")
    unknown = await stranger.request(method, "/u/never-issued")
    assert (answer.status_code, answer.text) == (404, unknown.text)
    assert silent(site) == []
