"""What the product asks of Stripe now and then, held to the specifications: of renewals, of a page
for another card, of the cards that a customer has."""

from datetime import UTC, datetime, timedelta

from adapters.stripe.client import StripeConnection
from adapters.stripe.payments import StripePayments
from adapters.stripe.renewals import StripeRenewals
from application.case_ids import card_page_key, renewal_slot_key
from tests.e2e.checkpoint import Checkpoint
from tests.rehearsal.openapi import SPECS
from tests.stripe_shop import ACCOUNT, a_shop, access_to

BACK = "https://app.example.com/r/abc"
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


async def test_renewals_their_cards_and_the_page_for_another_one() -> None:
    async with a_shop() as shop:
        subscription, customer = await shop.subscription()
        card = await shop.new_card(customer, "pm_card_mastercard")
        checkpoint = Checkpoint("")
        checkpoint.stripe = shop.base
        connection = StripeConnection(access_to(await checkpoint.start()))
        try:
            await asked(connection, subscription, customer, card, shop.double.world.moment())
        finally:
            await connection.close()
            await checkpoint.stop()
    assert not checkpoint.problems, checkpoint.problems
    if SPECS.exists():
        wanted = {"Subscription.list", "Subscription.retrieve", "Subscription.update"}
        assert checkpoint.seen.keys() >= {*wanted, "Session.create"}, checkpoint.seen


async def asked(
    connection: StripeConnection, subscription: str, customer: str, card: str, now: datetime
) -> None:
    """Each call once, as the product makes it."""
    renewals, payments = StripeRenewals(connection, 100_000), StripePayments(connection)
    page = await renewals.soon(ACCOUNT, (now, now + timedelta(days=40)), None)
    assert [each.subscription_id for each in page.renewals] == [subscription]
    assert await renewals.of_subscription(ACCOUNT, subscription) is not None
    slot, opened = renewal_slot_key(subscription, card), card_page_key(BACK, NOW)
    assert await renewals.put_in_slot(ACCOUNT, subscription, card, idempotency_key=slot)
    assert await renewals.card_page(ACCOUNT, customer, BACK, idempotency_key=opened)
    assert len(await payments.cards_of(ACCOUNT, customer)) == 2
