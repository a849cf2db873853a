"""What an account lets us do is data: looked at before Stripe is asked, learned when it refuses."""

import pytest

from application.capabilities import is_impossible, needed_for
from application.ports.stripe_accounts import Access, Connection, Holder, NewConnection, Permission
from domain.policy import EndAction
from domain.policy.shapes import OF_SUBSCRIPTION
from domain.recovery.actions import ActionKind
from tests.application.bakery import Bakery
from tests.builders import ACCOUNT, MONDAY, a_policy

HOLDER = Holder(account=ACCOUNT, livemode=False)
CANCEL = EndAction.CANCEL_SUBSCRIPTION


async def about_to_end(end: EndAction = CANCEL) -> Bakery:
    """A bakery whose case is lost, and whose end is due."""
    bakery = await Bakery(a_policy(end=end, confirm_end=False)).opens()
    for _ in range(10):
        bakery.payments.will_decline("in_1")
    while bakery.case().is_open:
        await bakery.does_what_is_next()
    return bakery


async def connects(bakery: Bakery, *missing: Permission) -> None:
    new = NewConnection(holder=HOLDER, access=Access.KEY, key="rk_test_1", missing=missing)
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.connections.put(new, MONDAY)


async def denied(bakery: Bakery) -> tuple[str, ...]:
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        return (await uow.connections.all())[0].denied


async def test_what_the_key_may_not_do_becomes_a_task_without_asking() -> None:
    bakery = await about_to_end()
    await connects(bakery, Permission.SUBSCRIPTIONS_WRITE)
    assert await bakery.does_what_is_next() is ActionKind.END
    assert bakery.case().needs_merchant
    assert bakery.payments.cancelled == set()


async def test_what_stripe_does_not_permit_is_remembered_and_not_asked_for_again() -> None:
    bakery = await about_to_end()
    bakery.payments.forbids = "permission_missing"
    await bakery.does_what_is_next()
    assert bakery.case().needs_merchant
    assert await denied(bakery) == ("cancel_subscription",)
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        assert is_impossible((await uow.connections.all())[0], CANCEL)


@pytest.mark.parametrize("why", ["key_revoked", "deauthorised", "wrong_mode"])
async def test_a_refusal_of_everything_says_nothing_of_one_action(why: str) -> None:
    bakery = await about_to_end()
    bakery.payments.forbids = why
    await bakery.does_what_is_next()
    assert bakery.case().needs_merchant
    assert await denied(bakery) == ()


async def test_what_is_allowed_is_done() -> None:
    bakery = await about_to_end()
    await connects(bakery, Permission.INVOICES_WRITE)
    await bakery.does_what_is_next()
    assert bakery.payments.cancelled == {(ACCOUNT, "sub_bread")}
    assert await denied(bakery) == ()


async def test_an_account_that_is_connected_no_more_is_left_to_stripes_answer() -> None:
    bakery = await about_to_end()
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.connections.let_go(ACCOUNT, MONDAY)
    bakery.payments.forbids = "permission_missing"
    await bakery.does_what_is_next()
    assert bakery.case().needs_merchant


@pytest.mark.parametrize("action", [each for each in EndAction if each is not EndAction.KEEP])
def test_each_action_takes_one_permission(action: EndAction) -> None:
    needed = needed_for(action)
    of_subscription = action in OF_SUBSCRIPTION
    assert (needed is Permission.SUBSCRIPTIONS_WRITE) == of_subscription
    connection = Connection(
        merchant_id=Bakery().merchant_id,
        account=ACCOUNT,
        livemode=False,
        access=Access.KEY,
        missing=(needed,),
    )
    assert is_impossible(connection, action)
