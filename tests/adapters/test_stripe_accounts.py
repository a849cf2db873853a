"""A pasted key is asked about at the double: whose, what it may, and the endpoint made with it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from stripe.params import _webhook_endpoint_create_params

from adapters.stripe.accounts import ENABLED_EVENTS, PROBES, StripeKeyCheck
from adapters.stripe.client import API_VERSION
from application.ports.payments import StripeUnavailable
from application.ports.stripe_accounts import Permission, WrongKey
from rehearsal.stripe_double import DoubleOptions, StripeDouble

KEY = "rk_test_of_the_merchant_0001"
ADDRESS = "https://chase.example.com/webhooks/stripe/one-that-nobody-guesses"
RAKS = {
    Permission.INVOICES_WRITE: "rak_invoice_write",
    Permission.SUBSCRIPTIONS_WRITE: "rak_subscription_write",
    Permission.CUSTOMERS_WRITE: "rak_customer_write",
    Permission.PAYMENT_METHODS_WRITE: "rak_payment_method_write",
    Permission.CHECKOUT_SESSIONS_WRITE: "rak_checkout_session_write",
    Permission.CUSTOMER_PORTAL_WRITE: "rak_customer_portal_write",
    Permission.WEBHOOK_ENDPOINTS_WRITE: "rak_webhook_write",
    Permission.PAYMENT_INTENTS_READ: "rak_payment_intent_read",
    Permission.CHARGES_READ: "rak_charge_read",
    Permission.DISPUTES_READ: "rak_dispute_read",
    Permission.EVENTS_READ: "rak_event_read",
    Permission.ACCOUNT_READ: "rak_account_read",
}


class Stripe:
    """A double, the check that speaks to it, and a hand on its keys."""

    def __init__(self, double: StripeDouble, url: str) -> None:
        self.double, self.url = double, url
        self.check = StripeKeyCheck(url)

    async def allow(self, *but: Permission) -> None:
        """Give the key everything but these."""
        given = [rak for permission, rak in RAKS.items() if permission not in but]
        await self.control("keys", {"key": KEY, "permissions": given})

    async def control(self, path: str, body: Any) -> None:
        """One call that must be taken."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/_double/{path}", json=body) as answer,
        ):
            assert answer.status == 200, await answer.text()

    def endpoints(self) -> list[dict[str, Any]]:
        """What stands at Stripe."""
        return list(self.double.world.store.all("webhook_endpoint"))


@pytest.fixture
async def stripe() -> AsyncIterator[Stripe]:
    double = StripeDouble(DoubleOptions(scene="empty"))
    try:
        yield Stripe(double, await double.start())
    finally:
        await double.stop()


async def test_a_key_tells_whose_it_is_and_in_which_mode(stripe: Stripe) -> None:
    await stripe.allow()
    holder = await stripe.check.holder(KEY)
    assert (holder.account, holder.livemode) == ("acct_rehearsal", False)
    assert (holder.country, holder.currency) == ("US", "usd")
    assert holder.name


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("pk_test_0123456789abcdef", "publishable"),
        ("whsec_0123456789abcdef", "not_a_key"),
        ("", "not_a_key"),
        ("sk_test_nobody_has_this_key", "refused"),
        (KEY, "account_hidden"),
    ],
)
async def test_a_key_that_will_not_do_is_refused_by_a_reason_without_the_key(
    stripe: Stripe, key: str, reason: str
) -> None:
    await stripe.allow(Permission.ACCOUNT_READ)
    with pytest.raises(WrongKey) as refusal:
        await stripe.check.holder(key)
    assert str(refusal.value) == reason
    assert refusal.value.__cause__ is None


async def test_a_full_key_lacks_nothing(stripe: Stripe) -> None:
    assert await stripe.check.missing("sk_test_rehearsal") == ()


@pytest.mark.parametrize("lacking", list(Permission))
async def test_each_permission_that_is_missing_is_found_and_no_other(
    stripe: Stripe, lacking: Permission
) -> None:
    await stripe.allow(lacking)
    assert await stripe.check.missing(KEY) == (lacking,)


async def test_looking_changes_nothing(stripe: Stripe) -> None:
    before = len(list(stripe.double.world.store.all("event")))
    await stripe.check.missing("sk_test_rehearsal")
    assert len(list(stripe.double.world.store.all("event"))) == before
    assert stripe.endpoints() == []


def test_every_permission_has_a_probe() -> None:
    assert set(PROBES) == set(Permission)


async def test_the_endpoint_is_made_with_our_version_and_the_events_that_are_read(
    stripe: Stripe,
) -> None:
    await stripe.allow()
    made = await stripe.check.make_endpoint(KEY, ADDRESS, None)
    assert made is not None
    (stands,) = stripe.endpoints()
    assert made == (stands["id"], stands["_secrets"][0])
    assert stands["url"] == ADDRESS
    assert stands["api_version"] == API_VERSION
    assert tuple(stands["enabled_events"]) == ENABLED_EVENTS


async def test_an_endpoint_asked_for_twice_is_one(stripe: Stripe) -> None:
    await stripe.allow()
    first = await stripe.check.make_endpoint(KEY, ADDRESS, None)
    assert await stripe.check.make_endpoint(KEY, ADDRESS, None) == first
    assert len(stripe.endpoints()) == 1


async def test_a_known_endpoint_is_replaced(stripe: Stripe) -> None:
    await stripe.allow()
    first = await stripe.check.make_endpoint(KEY, ADDRESS, None)
    assert first is not None
    second = await stripe.check.make_endpoint(KEY, f"{ADDRESS}-2", first[0])
    assert second is not None
    assert [each["id"] for each in stripe.endpoints()] == [second[0]]


async def test_a_key_that_may_not_make_one_says_so(stripe: Stripe) -> None:
    await stripe.allow(Permission.WEBHOOK_ENDPOINTS_WRITE)
    assert await stripe.check.make_endpoint(KEY, ADDRESS, None) is None


async def test_dropping_an_endpoint_twice_is_fine(stripe: Stripe) -> None:
    await stripe.allow()
    made = await stripe.check.make_endpoint(KEY, ADDRESS, None)
    assert made is not None
    await stripe.check.drop_endpoint(KEY, made[0])
    await stripe.check.drop_endpoint(KEY, made[0])
    assert stripe.endpoints() == []


async def test_a_stripe_that_fails_is_away_and_says_nothing_of_the_key(stripe: Stripe) -> None:
    await stripe.allow()
    await stripe.control("faults", [{"do": "500_before", "match": {"method": "GET"}}])
    with pytest.raises(StripeUnavailable) as away:
        await stripe.check.holder(KEY)
    assert KEY not in repr(away.value)
    with pytest.raises(StripeUnavailable):
        await stripe.check.missing(KEY)


async def test_a_key_revoked_in_the_middle_tells_nothing_of_its_permissions(
    stripe: Stripe,
) -> None:
    with pytest.raises(StripeUnavailable):
        await stripe.check.missing("sk_test_nobody_has_this_key")


def test_every_event_asked_for_is_one_that_stripe_offers() -> None:
    known = Path(_webhook_endpoint_create_params.__file__).read_text()
    assert [kind for kind in ENABLED_EVENTS if f'"{kind}"' not in known] == []
