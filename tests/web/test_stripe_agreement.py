"""Off to Stripe and back: the button, the address with a code in it, what a way back is worth."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import httpx
import pytest

from adapters.memory.agreeing import MemoryAgreeing, MemoryPartings
from application.errors import Unavailable
from application.ports.agreeing import Parted
from application.ports.stripe_accounts import AccountTaken, Holder
from application.use_cases.finish_agreement import Answer
from tests.application.test_agreements import Desk as Stripe
from tests.web.site import NOW, STRANGER, Site, form_token, running, sign_in, visitor
from tests.web.test_stripe_account import PAGE, Desk
from web.wording.agreements import NOT_AGREED

ORIGIN = "https://connect.example.com"
BACK = f"{PAGE}/agreed"


class Agreements:
    """The real use-cases over memory, and one fault that a test may plant."""

    origins: str = ORIGIN

    def __init__(self) -> None:
        self.stripe = Stripe()
        self.fault: Exception | None = None
        self.left: Sequence[Parted] = ()

    @property
    def oauth(self) -> MemoryAgreeing:
        return self.stripe.oauth

    async def begin(self, merchant_id: UUID, session: str) -> str:
        return await self.stripe.begin(merchant_id, session)

    async def finish(self, merchant_id: UUID, session: str, answer: Answer, actor: str) -> Holder:
        if self.fault is not None:
            raise self.fault
        return await self.stripe.finish(merchant_id, session, answer, actor)

    async def parted(self, merchant_id: UUID) -> Sequence[Parted]:
        known = await MemoryPartings(self.stripe.world).in_stripe(merchant_id)
        return [*known, *self.left]


@pytest.fixture
def agreements() -> Agreements:
    return Agreements()


@pytest.fixture
async def house(agreements: Agreements) -> AsyncIterator[Site]:
    house = Site(stripe_desk=Desk(), agreement_desk=agreements)
    await house.open_house()
    async with running(house):
        yield house


@pytest.fixture
async def browser(house: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with visitor(house) as client:
        await sign_in(client)
        yield client


async def leave(browser: httpx.AsyncClient) -> str:
    """Press the button; the state in Stripe's address."""
    token = form_token((await browser.get(PAGE)).text)
    answer = await browser.post(f"{PAGE}/agree", data={"form_token": token})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{ORIGIN}/oauth/authorize?")
    return answer.headers["location"].split("state=")[1].split("&")[0]


async def come_back(browser: httpx.AsyncClient, **said: str) -> str:
    """Where one is sent from Stripe's address."""
    answer = await browser.get(BACK, params=said)
    assert answer.status_code == 303
    return answer.headers["location"]


async def test_who_agreed_is_connected_and_the_address_with_the_code_is_left(
    browser: httpx.AsyncClient, agreements: Agreements
) -> None:
    state = await leave(browser)
    assert await come_back(browser, state=state, code="ac_1") == PAGE
    assert agreements.oauth.agreed


async def test_without_connect_there_is_no_button_and_no_way() -> None:
    house = Site(stripe_desk=Desk())
    await house.open_house()
    async with running(house), visitor(house) as client:
        await sign_in(client)
        page = (await client.get(PAGE)).text
        assert "Connect with Stripe" not in page
        sent = await client.post(f"{PAGE}/agree", data={"form_token": form_token(page)})
        assert sent.status_code == 404
        assert (await client.get(BACK)).status_code == 404


async def test_the_way_to_stripe_is_open_on_this_page_alone(browser: httpx.AsyncClient) -> None:
    allowed = f"form-action 'self' {ORIGIN};"
    assert allowed in (await browser.get(PAGE)).headers["content-security-policy"]
    assert allowed not in (await browser.get("/cases")).headers["content-security-policy"]


async def test_a_way_back_is_good_once(browser: httpx.AsyncClient) -> None:
    state = await leave(browser)
    await come_back(browser, state=state, code="ac_1")
    again = await come_back(browser, state=state, code="ac_2")
    assert again == f"{PAGE}?refused=agreement_stale"


async def test_a_way_back_is_good_in_the_session_that_left_and_in_no_other(
    house: Site, browser: httpx.AsyncClient, agreements: Agreements
) -> None:
    state = await leave(browser)
    async with visitor(house) as stranger:
        await sign_in(stranger, STRANGER)
        stale = f"{PAGE}?refused=agreement_stale"
        assert await come_back(stranger, state=state, code="ac_1") == stale
    async with visitor(house) as elsewhere:  # the same person, in another browser
        await sign_in(elsewhere)
        assert await come_back(elsewhere, state=state, code="ac_1") == stale
    assert not agreements.oauth.agreed


async def test_nobody_comes_back_without_being_signed_in(house: Site) -> None:
    async with visitor(house) as nobody:
        answer = await nobody.get(BACK, params={"state": "x", "code": "ac_1"})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
        assert "ac_1" not in answer.text


async def test_a_way_that_was_never_left_leads_nowhere(browser: httpx.AsyncClient) -> None:
    stale = f"{PAGE}?refused=agreement_stale"
    for state in ("", "made-up", "\x00", "a" * 5000):
        assert await come_back(browser, state=state, code="ac_1") == stale


async def test_wherever_an_address_points_one_comes_to_our_page(browser: httpx.AsyncClient) -> None:
    state = await leave(browser)
    away = "https://evil.example.com"
    assert await come_back(browser, state=state, code="ac_1", next=away, redirect_uri=away) == PAGE


async def test_who_did_not_agree_is_told_that_nothing_happened(browser: httpx.AsyncClient) -> None:
    state = await leave(browser)
    where = await come_back(browser, state=state, error="access_denied")
    assert NOT_AGREED["agreement_denied"][0] in (await browser.get(where)).text


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(AccountTaken("acct_acme"), "account_taken"), (Unavailable("stripe"), "unavailable")],
)
async def test_what_stands_in_the_way_is_said_on_the_page(
    browser: httpx.AsyncClient, agreements: Agreements, fault: Exception, reason: str
) -> None:
    agreements.fault = fault
    where = await come_back(browser, state="s", code="c")
    assert where == f"{PAGE}?refused={reason}"
    assert 'role="alert"' in (await browser.get(where)).text


async def test_who_took_it_back_in_stripe_is_told_so(
    browser: httpx.AsyncClient, agreements: Agreements
) -> None:
    agreements.left = (Parted(account="acct_gone", at=NOW),)
    assert "acct_gone was disconnected in Stripe" in (await browser.get(PAGE)).text


def test_each_reason_has_its_own_sentence() -> None:
    assert len({words for pair in NOT_AGREED.values() for words in pair[:1]}) == len(NOT_AGREED)
