"""ReconcileAttempt: what became of a charge is found out, never guessed."""

import pytest
from msgspec.structs import replace

from application.ports.payments import Outcome
from domain.invoice import InvoiceStatus
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from tests.application.bakery import Bakery, Pay
from tests.builders import declined


async def an_unanswered_attempt() -> Bakery:
    """The charge is on its way, nobody has answered, and the look at it is next."""
    bakery = await Bakery().opens()
    await bakery.does_what_is_next()
    bakery.payments.will_vanish("in_1", after_effect=False)
    assert await bakery.does_what_is_next() is ActionKind.ATTEMPT
    assert bakery.case().phase.value == "charging"
    return bakery


async def test_a_bank_debit_on_its_way_is_waited_for() -> None:
    bakery = await an_unanswered_attempt()
    bakery.shows(replace(await bakery.shown(), processing=True))
    for _ in range(3):
        assert await bakery.does_what_is_next() is ActionKind.RECONCILE
    assert bakery.case().phase.value == "charging"
    assert bakery.payments.charges == []


async def test_the_same_attempt_is_sent_again_under_its_own_key_and_no_other() -> None:
    bakery = await Bakery().opens()
    await bakery.does_what_is_next()
    for _ in range(3):
        bakery.payments.will_vanish("in_1", after_effect=False)
    keys: list[str] = []

    async def listening(pay: Pay, key: str) -> Outcome:
        keys.append(key)
        return await pay(key)

    bakery.payments.beside = listening
    for _ in range(4):
        await bakery.does_what_is_next()
    assert keys == [f"cc:{bakery.case_id}:1"] * 4
    assert bakery.captured() == 1


async def test_a_refusal_that_stripe_shows_is_the_answer() -> None:
    bakery = await an_unanswered_attempt()
    refusal = declined("do_not_honor", "ch_2", at=bakery.now)
    bakery.shows(replace(await bakery.shown(), last_failure=refusal))
    await bakery.does_what_is_next()
    assert e.AttemptDeclined in bakery.kinds()
    assert bakery.payments.charges == []


@pytest.mark.parametrize(
    ("status", "phase"), [(InvoiceStatus.VOID, "stopped"), (InvoiceStatus.UNCOLLECTIBLE, "lost")]
)
async def test_an_invoice_that_was_settled_otherwise_ends_the_case(
    status: InvoiceStatus, phase: str
) -> None:
    bakery = await an_unanswered_attempt()
    bakery.shows(replace(await bakery.shown(), status=status))
    await bakery.does_what_is_next()
    assert bakery.case().phase.value == phase


async def test_an_invoice_that_stripe_forgot_is_given_up() -> None:
    bakery = await an_unanswered_attempt()
    bakery.payments.forget_everything()
    await bakery.does_what_is_next()
    assert bakery.case().phase.value == "stopped"


async def test_an_invoice_that_vanishes_as_we_charge_it_is_given_up() -> None:
    bakery = await an_unanswered_attempt()

    async def vanishes(pay: Pay, key: str) -> Outcome:
        bakery.payments.forget_everything()
        return await pay(key)

    bakery.payments.beside = vanishes
    await bakery.does_what_is_next()
    assert bakery.case().phase.value == "stopped"


async def test_a_look_at_an_attempt_that_has_been_answered_does_nothing() -> None:
    bakery = await an_unanswered_attempt()
    ref = await bakery.due()
    assert ref is not None
    action = await bakery.actions.read(ref)
    assert action is not None
    await bakery.does_what_is_next()
    before = bakery.history()
    await bakery.carry_out.by_kind[ActionKind.RECONCILE](action)
    assert bakery.history() == before


async def test_the_window_ends_only_after_the_charge_is_answered() -> None:
    bakery = await an_unanswered_attempt()
    closes_at = bakery.case().closes_at
    assert closes_at is not None
    bakery.now = closes_at
    await bakery.does_what_is_next()  # too old a key: given up, nothing sent
    assert bakery.payments.charges == []
    await bakery.does_what_is_next()
    assert bakery.case().phase.value == "lost"
    assert len(bakery.mailer.letters) == 1, "what was due meanwhile is not sent any more"
