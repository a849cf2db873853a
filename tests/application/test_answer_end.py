"""What the merchant says about the end of a lost case, from the button to Stripe and the audit."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from application.ports.payments import Ended, StripeUnavailable
from application.use_cases.answer_end import AnswerEnd, EndAnswer
from domain.invoice import InvoiceStatus
from domain.policy import EndAction
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from tests.application.bakery import Bakery
from tests.builders import ACCOUNT, a_policy

MARA = UUID(int=7)
DONE = Ended(result=e.EndResult.DONE)
TOO_LATE = Ended(result=e.EndResult.REFUSED, reason="changed_meanwhile")


async def a_lost_case(end: EndAction, **policy: bool) -> Bakery:
    bakery = await Bakery(a_policy(end=end, **policy)).opens(
        stripe_retry_at=None if end is not EndAction.HAND_BACK else Bakery().now
    )
    for _ in range(10):
        bakery.payments.will_decline("in_1")
    while bakery.case().is_open:
        await bakery.does_what_is_next()
    return bakery


async def says(bakery: Bakery, answer: EndAnswer) -> Ended:
    use_case = AnswerEnd(cases=bakery.cases, payments=bakery.payments)
    return await use_case(bakery.ref, answer, MARA)


async def test_a_confirmed_end_is_carried_out_by_a_worker_after_another_look() -> None:
    bakery = await a_lost_case(EndAction.CANCEL_SUBSCRIPTION)
    assert await bakery.due() is None
    assert await says(bakery, EndAnswer.CONFIRM) == DONE
    assert bakery.payments.cancelled == set()
    assert await bakery.does_what_is_next() is ActionKind.END
    assert bakery.payments.cancelled == {(ACCOUNT, "sub_bread")}
    assert await says(bakery, EndAnswer.UNDO) == TOO_LATE


async def test_a_no_leaves_everything_in_stripe_as_it_is() -> None:
    bakery = await a_lost_case(EndAction.VOID_INVOICE)
    assert await says(bakery, EndAnswer.LEAVE) == DONE
    assert await bakery.due() is None
    assert (await bakery.shown()).status is InvoiceStatus.OPEN
    assert await says(bakery, EndAnswer.CONFIRM) == TOO_LATE


async def test_what_is_paid_before_the_merchant_confirms_is_not_ended() -> None:
    bakery = await a_lost_case(EndAction.CANCEL_SUBSCRIPTION)
    await says(bakery, EndAnswer.CONFIRM)
    bakery.shows(replace(await bakery.shown(), status=InvoiceStatus.PAID, amount_paid_minor=29_00))
    await bakery.does_what_is_next()
    assert bakery.payments.cancelled == set()


async def test_what_this_connection_may_not_do_becomes_the_merchants_task() -> None:
    bakery = await a_lost_case(EndAction.CANCEL_AT_PERIOD_END)
    bakery.payments.forbids = "permission_missing"
    await bakery.does_what_is_next()
    assert bakery.history()[-1] == e.EndActionDone(
        at=bakery.now, result=e.EndResult.BY_HAND, reason="permission_missing"
    )
    assert await bakery.due() is None
    assert await says(bakery, EndAnswer.UNDO) == TOO_LATE
    assert await says(bakery, EndAnswer.DONE) == DONE
    assert await says(bakery, EndAnswer.DONE) == TOO_LATE


@pytest.mark.parametrize("end", [EndAction.CANCEL_AT_PERIOD_END, EndAction.PAUSE_COLLECTION])
async def test_what_was_done_is_taken_back_in_stripe_once(end: EndAction) -> None:
    bakery = await a_lost_case(end)
    await bakery.does_what_is_next()
    assert await says(bakery, EndAnswer.UNDO) == DONE
    assert [each.action for each in bakery.payments.undone] == [end]
    assert bakery.history()[-1] == e.EndActionUndone(at=bakery.now)
    assert await says(bakery, EndAnswer.UNDO) == TOO_LATE


async def test_what_cannot_be_taken_back_just_now_is_as_it_was_and_says_why() -> None:
    bakery = await a_lost_case(EndAction.PAUSE_COLLECTION)
    await bakery.does_what_is_next()
    before = bakery.history()
    bakery.payments.forbids = "key_revoked"
    assert await says(bakery, EndAnswer.UNDO) == Ended(
        result=e.EndResult.BY_HAND, reason="key_revoked"
    )
    bakery.payments.is_down = True
    with pytest.raises(StripeUnavailable):
        await says(bakery, EndAnswer.UNDO)
    assert bakery.history() == before


async def test_the_audit_names_who_said_so() -> None:
    bakery = await a_lost_case(EndAction.VOID_INVOICE)
    await says(bakery, EndAnswer.CONFIRM)
    assert f"user:{MARA}" in {entry.actor for entry in bakery.world.audit.values()}
