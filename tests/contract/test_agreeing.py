"""Connect's OAuth, in memory and at the double: what an agreement opens, and how either side ends
it; and what is told of an account that left."""

from collections.abc import AsyncIterator
from typing import Protocol

import aiohttp
import pytest

from adapters.memory.agreeing import MemoryAgreeing
from adapters.stripe.oauth import StripeOAuth
from application.parting import part
from application.ports.agreeing import Agreed, Agreeing, NotAgreed, Parted
from application.ports.chores import ChoreKind
from application.ports.payments import StripeUnavailable
from application.ports.stores import EventRef
from application.ports.stripe_accounts import Holder
from rehearsal.stripe_double import DoubleOptions, StripeDouble
from tests.builders import DAY, MONDAY
from tests.contract.worlds import Shop, World
from tests.rehearsal.driving import standing_clock

CLIENT, BACK = "ca_of_the_platform", "https://chase.example.com/settings/stripe/agreed"
SHOP = "acct_shop"


class Scene(Protocol):
    """A platform under test, and a shop that has not agreed yet."""

    @property
    def oauth(self) -> Agreeing: ...
    async def click(self, scope: str = "read_write") -> str: ...
    async def go_down(self) -> None: ...


class MemoryScene:
    """The shipped fake, told what to do."""

    def __init__(self) -> None:
        self.oauth = MemoryAgreeing()
        self.oauth.holders[SHOP] = Holder(
            account=SHOP, livemode=False, name="The Shop", country="US", currency="usd"
        )

    async def click(self, scope: str = "read_write") -> str:
        code = f"ac_{len(self.oauth.codes)}"
        self.oauth.codes[code] = Agreed(account=SHOP, livemode=False, scope=scope)
        return code

    async def go_down(self) -> None:
        self.oauth.away = True


class DoubleScene:
    """Stripe's rehearsal over HTTP, through stripe-python."""

    def __init__(self, double: StripeDouble, url: str) -> None:
        self.double, self.url = double, url
        self.oauth = StripeOAuth("sk_test_rehearsal", CLIENT, url)

    async def click(self, scope: str = "read_write") -> str:
        """On the page that our own address leads to."""
        page = await self.oauth.authorize_url("a state", BACK)
        page = page.replace("scope=read_write", f"scope={scope}")
        form = {"decision": "connect", "account": SHOP}
        async with (
            aiohttp.ClientSession() as browser,
            browser.post(page, data=form, allow_redirects=False) as answer,
        ):
            return str(answer.headers["Location"]).split("code=")[1].split("&")[0]

    async def control(self, call: str, **body: object) -> None:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.url}/_double/{call}", json=body) as answer,
        ):
            assert answer.status == 200

    async def go_down(self) -> None:
        await self.double.stop()


@pytest.fixture(params=["memory", "double"])
async def scene(request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    if request.param == "memory":
        yield MemoryScene()
        return
    double = StripeDouble(DoubleOptions(clock=standing_clock()))
    made = DoubleScene(double, await double.start())
    await made.control("oauth", client_id=CLIENT, redirect_uris=[BACK])
    await made.control("accounts", id=SHOP, name="The Shop", platform="")
    yield made
    await double.stop()


async def test_a_code_opens_the_account_it_was_given_for(scene: Scene) -> None:
    agreed = await scene.oauth.exchange(await scene.click())
    assert agreed == Agreed(account=SHOP, livemode=False, scope="read_write")
    holder = await scene.oauth.holder(agreed)
    assert holder == Holder(
        account=SHOP, livemode=False, name="The Shop", country="US", currency="usd"
    )


async def test_the_scope_is_the_one_that_was_granted(scene: Scene) -> None:
    assert (await scene.oauth.exchange(await scene.click("read_only"))).scope == "read_only"


async def test_a_code_is_good_once_and_only_if_it_was_given(scene: Scene) -> None:
    code = await scene.click()
    await scene.oauth.exchange(code)
    for no_good in (code, "ac_made_up"):
        with pytest.raises(NotAgreed, match="agreement_code"):
            await scene.oauth.exchange(no_good)


async def test_what_was_given_back_is_reached_no_more_and_may_be_given_back_again(
    scene: Scene,
) -> None:
    agreed = await scene.oauth.exchange(await scene.click())
    for _ in range(2):
        await scene.oauth.deauthorize(SHOP)
    with pytest.raises(NotAgreed, match="agreement_refused"):
        await scene.oauth.holder(agreed)
    assert await scene.oauth.exchange(await scene.click()) == agreed
    assert (await scene.oauth.holder(agreed)).account == SHOP


async def test_who_never_agreed_has_nothing_to_give_back(scene: Scene) -> None:
    await scene.oauth.deauthorize("acct_of_nobody")


async def test_the_address_has_the_state_and_the_way_back(scene: Scene) -> None:
    url = await scene.oauth.authorize_url("a-state", BACK)
    assert "state=a-state" in url
    assert "settings" in url


async def test_a_stripe_that_does_not_answer_says_so(scene: Scene) -> None:
    code = await scene.click()
    await scene.go_down()
    with pytest.raises(StripeUnavailable):
        await scene.oauth.exchange(code)
    with pytest.raises(StripeUnavailable):
        await scene.oauth.holder(Agreed(account=SHOP, livemode=False, scope="read_write"))
    with pytest.raises(StripeUnavailable):
        await scene.oauth.deauthorize(SHOP)


async def leaves(world: World, shop: Shop, days: int) -> None:
    """The account had a chore, and then it left."""
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.chores.put(shop.account, ChoreKind.RECONCILE, MONDAY)
    at = MONDAY + days * DAY
    async with world.open_uow(shop.merchant_id) as uow:
        assert await part(uow, EventRef(shop.merchant_id, shop.account, "evt_1"), at, at)


async def test_an_account_that_left_is_told_of_to_its_merchant_alone(
    world: World, shop: Shop
) -> None:
    other = await world.shop()
    found = world.partings
    assert await found.in_stripe(shop.merchant_id) == []
    await leaves(world, shop, 3)
    gone = [Parted(account=shop.account, at=MONDAY + 3 * DAY)]
    assert list(await found.in_stripe(shop.merchant_id)) == gone
    assert list(await found.in_stripe(other.merchant_id)) == []
