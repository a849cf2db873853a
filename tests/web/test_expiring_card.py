"""The page about a card that will have expired: one sentence, one button, and what came of it."""

from datetime import timedelta
from hashlib import sha256

import httpx
import pytest
from msgspec.structs import replace

from adapters.memory.unit_of_work import units_of_work
from application.ports.chores import ChoreKind, ChoreRef
from application.ports.notices import ExpiryNotice
from domain.expiry import Renewal
from tests.builders import NEW_VISA, OLD_VISA, a_customer
from tests.contract.test_notices import a_notice
from tests.contract.worlds import Shop
from tests.web.site import ACME, NOW, Site
from tests.web.stories import ACCOUNT

TOKEN = "t0ken-of-a-notice-with-forty-three-letters-0"
LINK = f"/r/{TOKEN}"
DAY = timedelta(days=1)
SHOP = Shop(ACME, ACCOUNT)
RENEWAL = Renewal(
    subscription_id="sub_bread",
    at=NOW + 30 * DAY,
    customer=a_customer(),
    card=replace(OLD_VISA, expires="2026-07"),
    timezone="Europe/Paris",
)


async def noticed(site: Site, renewal: Renewal | None = RENEWAL) -> ExpiryNotice:
    """Anna was told an hour ago; this is what her subscription is now."""
    notice = a_notice(
        SHOP,
        token_hash=sha256(TOKEN.encode()).digest(),
        begun_at=NOW - timedelta(hours=1),
        link_until=NOW + 60 * DAY,
    )
    async with units_of_work(site.world)(ACME) as uow:
        await uow.notices.begin(notice)
    if renewal is not None:
        site.renewals.put(ACCOUNT, renewal)
    return notice


async def test_it_says_which_card_and_when_and_asks_for_one_thing(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await noticed(site)
    answer = await stranger.get(LINK)
    assert answer.status_code == 200
    for words in ("Acme Books", "4242", "July 2026", "Sunday 9 August", "Use another card"):
        assert words in answer.text
    for secret in ("Anna", "anna@example.com", "cus_", "sub_", "pm_"):
        assert secret not in answer.text
    assert answer.text.count("<button") == 1
    assert "<script" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


async def test_opening_it_changes_nothing(site: Site, stranger: httpx.AsyncClient) -> None:
    await noticed(site)
    before = dict(site.world.notices), dict(site.world.chores)
    for _ in range(3):
        await stranger.get(LINK)
    assert (site.world.notices, site.world.chores) == before
    assert not site.renewals.opened


async def test_the_button_leads_to_stripes_page_and_back_here(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await noticed(site)
    answer = await stranger.post(LINK)
    assert answer.status_code == 303
    assert answer.headers["location"] == "https://billing.stripe.com/p/session/1"
    assert "form-action 'self' https:" in answer.headers["content-security-policy"]
    assert list(site.renewals.opened.values()) == [
        ("cus_anna", f"http://127.0.0.1:8000{LINK}/back")
    ]
    assert ChoreRef(ACME, ACCOUNT, ChoreKind.EXPIRY) in site.world.chores


async def test_who_gave_another_card_is_thanked(site: Site, stranger: httpx.AsyncClient) -> None:
    await noticed(site)
    site.renewals.gives(ACCOUNT, "sub_bread", replace(NEW_VISA, expires="2029-01"))
    for answer in (await stranger.get(LINK), await stranger.post(LINK)):
        assert "All is well" in answer.text
        assert "1881" in answer.text
        assert "<button" not in answer.text
    assert not site.renewals.opened


async def test_a_card_that_the_bank_renewed_needs_nothing(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await noticed(site, replace(RENEWAL, card=replace(OLD_VISA, expires="2030-07")))
    assert "All is well" in (await stranger.get(LINK)).text


async def test_where_nothing_will_be_charged_nothing_is_left_to_do(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await noticed(site, None)
    for answer in (await stranger.get(LINK), await stranger.post(LINK)):
        assert "nothing left to do" in answer.text


async def test_an_account_without_such_a_page_says_whom_to_ask(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await noticed(site)
    site.renewals.has_card_pages = False
    answer = await stranger.post(LINK)
    assert answer.status_code == 200
    assert "answer the mail" in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_while_stripe_is_away_it_asks_for_patience(
    site: Site, stranger: httpx.AsyncClient, method: str
) -> None:
    await noticed(site)
    site.renewals.is_down = True
    answer = await stranger.request(method, LINK)
    assert answer.status_code == 503
    assert "again in a few minutes" in answer.text
