"""From what Stripe refuses to what the merchant reads: each refusal has a sentence of its own.

The refusals are the double's, over HTTP; what the double cannot do is answered word for word.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest

from application.ports.payments import AlreadySettled, Ended, Ending, Refused
from domain.policy import EndAction
from domain.recovery import events as e
from tests.adapters.test_stripe_credentials import ALL, KEY, SHOP, Stage
from tests.adapters.test_stripe_endings import OTHER_MODE
from tests.adapters.test_stripe_payments import answering
from tests.stripe_shop import PAYS, a_shop
from web.reasons import ANY_REFUSAL, WHY_NOT, why_not
from web.wording.story import tell
from web.wording.telling import Telling

AT = datetime(2026, 7, 3, 7, 0, tzinfo=UTC)
TELLING = Telling(zone="Europe/Berlin", currency="eur")
DEBIT = "pm_sepaDebit_success"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_shop() as platform:
        stage = Stage(platform)
        await stage.control("accounts", id=SHOP, platform="")
        await stage.allow(KEY, [*ALL, "rak_subscription_write"])
        stage.use(KEY)
        try:
            yield stage
        finally:
            await stage._connection.close()


async def end(stage: Stage, invoice: str, action: EndAction = EndAction.VOID_INVOICE) -> Ended:
    ending = Ending(action=action, invoice_id=invoice, subscription_id="sub_1")
    return await stage.payments.end(SHOP, ending, idempotency_key=f"end {invoice}")


async def paid(stage: Stage) -> str:
    invoice = await stage.shop.invoice(PAYS)
    await stage.shop.payments.pay_invoice(SHOP, invoice, idempotency_key="theirs")
    return invoice


async def voided(stage: Stage) -> str:
    invoice = await stage.shop.invoice(PAYS)
    await stage.shop.void(invoice)
    return invoice


async def processing(stage: Stage) -> str:
    invoice = await stage.shop.invoice(DEBIT)
    await stage.shop.payments.pay_invoice(SHOP, invoice, idempotency_key="theirs")
    return invoice


async def revoked(stage: Stage) -> str:
    invoice = await stage.shop.invoice(PAYS)
    await stage.allow(KEY, None)
    return invoice


async def not_permitted(stage: Stage) -> str:
    invoice = await stage.shop.invoice(PAYS)
    await stage.allow(KEY, ["rak_invoice_read"])
    return invoice


async def deauthorised(stage: Stage) -> str:
    invoice = await stage.shop.invoice(PAYS)
    stage.use(None)
    return invoice


async def gone(_: Stage) -> str:
    return "in_that_never_was"


Made = Callable[[Stage], Awaitable[str]]
ENDS: list[tuple[Made, e.EndResult, str]] = [
    (paid, e.EndResult.REFUSED, "invoice_paid"),
    (processing, e.EndResult.REFUSED, "processing"),
    (gone, e.EndResult.REFUSED, "invoice_gone"),
    (revoked, e.EndResult.BY_HAND, "key_revoked"),
    (not_permitted, e.EndResult.BY_HAND, "permission_missing"),
    (deauthorised, e.EndResult.BY_HAND, "deauthorised"),
]


@pytest.mark.parametrize(("made", "result", "reason"), ENDS, ids=[case[2] for case in ENDS])
async def test_an_end_that_is_refused_is_told_with_its_own_reason(
    stage: Stage, made: Made, result: e.EndResult, reason: str
) -> None:
    ended = await end(stage, await made(stage))
    assert ended == Ended(result=result, reason=reason)
    assert is_told(e.EndActionDone(at=AT, result=ended.result, reason=ended.reason), reason)


async def test_what_was_voided_is_not_written_off_and_the_reason_is_told(stage: Stage) -> None:
    ended = await end(stage, await voided(stage), EndAction.MARK_UNCOLLECTIBLE)
    assert ended == Ended(result=e.EndResult.REFUSED, reason="invoice_void")
    assert is_told(e.EndActionDone(at=AT, result=ended.result, reason=ended.reason), "invoice_void")


CHARGES: list[tuple[Made, str]] = [
    (revoked, "key_revoked"),
    (not_permitted, "permission_missing"),
    (deauthorised, "deauthorised"),
]


@pytest.mark.parametrize(("made", "reason"), CHARGES, ids=[case[1] for case in CHARGES])
async def test_a_charge_that_is_refused_moves_no_money_and_says_why(
    stage: Stage, made: Made, reason: str
) -> None:
    invoice = await made(stage)
    assert await stage.pay(invoice) == Refused(reason=reason)
    assert stage.shop.captures(invoice) == 0
    assert is_told(e.AttemptAbandoned(at=AT, number=2, evidence=reason), reason)


@pytest.mark.parametrize("made", [paid, voided, gone])
async def test_a_charge_of_what_is_settled_is_told_to_be_needless(stage: Stage, made: Made) -> None:
    assert await stage.pay(await made(stage)) == AlreadySettled()
    told = e.AttemptAbandoned(at=AT, number=2, evidence="already_settled")
    assert is_told(told, "already_settled")


async def test_a_charge_without_a_card_says_so(stage: Stage) -> None:
    invoice = await stage.shop.invoice(None)
    assert await stage.pay(invoice) == Refused(reason="no_card")
    assert is_told(e.AttemptAbandoned(at=AT, number=2, evidence="no_card"), "no_card")


async def test_a_key_of_the_other_mode_is_told_of() -> None:
    async with answering(404, OTHER_MODE) as (payments, _):
        charged = await payments.pay_invoice(SHOP, "in_1", idempotency_key="k")
        ending = Ending(action=EndAction.VOID_INVOICE, invoice_id="in_1")
        ended = await payments.end(SHOP, ending, idempotency_key="k")
    assert charged == Refused(reason="wrong_mode")
    assert ended == Ended(result=e.EndResult.BY_HAND, reason="wrong_mode")
    assert is_told(e.AttemptAbandoned(at=AT, number=2, evidence="wrong_mode"), "wrong_mode")


def is_told(event: e.Event, reason: str) -> bool:
    """Whether the timeline has the sentence of this reason, and it is one of ours."""
    sentence = why_not(reason)
    assert ANY_REFUSAL not in sentence, f"{reason} has no sentence"
    return sentence in tell(event, TELLING).why


def test_no_two_reasons_read_the_same() -> None:
    assert len(set(WHY_NOT.values())) == len(WHY_NOT)
    assert not [text for text in WHY_NOT.values() if not text.endswith(".") or "_" in text]
