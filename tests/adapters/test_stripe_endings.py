"""End actions as Stripe answers them: what is refused is not tried for ever, and not mistaken."""

import pytest

from application.ports.payments import Ended, Ending, Refused, StripeUnavailable
from domain.policy import EndAction
from domain.recovery.events import EndResult
from tests.adapters.test_stripe_payments import answering
from tests.stripe_shop import ACCOUNT

CANCEL = Ending(action=EndAction.CANCEL_SUBSCRIPTION, invoice_id="in_1", subscription_id="sub_1")
PAUSE = Ending(action=EndAction.PAUSE_COLLECTION, invoice_id="in_1", subscription_id="sub_1")
FOREIGN = (
    '{"error": {"type": "invalid_request_error",'
    ' "message": "You cannot update a subscription that your platform did not create."}}'
)
NO_PERMISSION = '{"error": {"type": "invalid_request_error", "message": "No."}}'
OTHER_MODE = (
    '{"error": {"type": "invalid_request_error", "code": "resource_missing", "message": '
    "\"No such subscription: 'sub_1'; a similar object exists in live mode, but a test mode key"
    ' was used to make this request."}}'
)
GONE = '{"error": {"type": "invalid_request_error", "code": "resource_missing"}}'


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, FOREIGN, "permission_missing"),
        (403, NO_PERMISSION, "permission_missing"),
        (401, NO_PERMISSION, "key_revoked"),
        (404, OTHER_MODE, "wrong_mode"),
    ],
)
async def test_what_this_connection_may_not_do_is_a_task_and_no_error(
    status: int, body: str, reason: str
) -> None:
    by_hand = Ended(result=EndResult.BY_HAND, reason=reason)
    async with answering(status, body) as (payments, _):
        assert await payments.end(ACCOUNT, CANCEL, idempotency_key="k") == by_hand
        assert await payments.undo_end(ACCOUNT, PAUSE, idempotency_key="k") == by_hand


async def test_a_subscription_that_is_gone_is_cancelled_but_cannot_be_taken_up_again() -> None:
    async with answering(404, GONE) as (payments, _):
        ended = await payments.end(ACCOUNT, CANCEL, idempotency_key="k")
        paused = await payments.end(ACCOUNT, PAUSE, idempotency_key="k")
        undone = await payments.undo_end(ACCOUNT, PAUSE, idempotency_key="k")
    assert ended == Ended(result=EndResult.DONE)
    assert paused == undone == Ended(result=EndResult.REFUSED, reason="resource_missing")


async def test_an_invoice_of_the_other_mode_is_not_taken_for_gone_or_settled() -> None:
    async with answering(404, OTHER_MODE) as (payments, _):
        with pytest.raises(StripeUnavailable, match="wrong_mode"):
            await payments.read_invoice(ACCOUNT, "in_1")
        outcome = await payments.pay_invoice(ACCOUNT, "in_1", idempotency_key="k")
    assert outcome == Refused(reason="wrong_mode")


async def test_a_lost_permission_hands_nothing_back_and_says_so() -> None:
    async with answering(403, NO_PERMISSION) as (payments, _):
        with pytest.raises(StripeUnavailable, match="permission_missing"):
            await payments.resume_stripe_retries(ACCOUNT, "in_1", idempotency_key="k")


@pytest.mark.parametrize("action", sorted(frozenset(EndAction) - {EndAction.KEEP}))
async def test_each_post_carries_its_key(action: EndAction) -> None:
    ending = Ending(action=action, invoice_id="in_1", subscription_id="sub_1")
    async with answering(200, '{"id": "x"}') as (payments, requests):
        assert (await payments.end(ACCOUNT, ending, idempotency_key="cc:1:end")).reason is None
    (request,) = requests
    posted = request.method == "POST"
    assert posted or action is EndAction.CANCEL_SUBSCRIPTION
    assert not posted or request.headers["Idempotency-Key"] == "cc:1:end"
