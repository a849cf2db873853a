"""RunAttempt: intent, charge, outcome; and a crash at every point between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from application.charging import KEY_LIFE
from application.ports.payments import Outcome, Refused, StripeUnavailable
from application.work import NothingHappened
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from domain.recovery.signals import InvoiceNews, InvoiceSignal
from tests.application.bakery import A_MOMENT, FAILED, Bakery
from tests.builders import DAY, HOUR, declined


class Crash(BaseException):
    """The process is gone; nothing that it would have done is done."""


async def a_due_attempt(**invoice: Any) -> Bakery:
    """A bakery whose letter is out and whose first retry is next."""
    bakery = await Bakery().opens(**invoice)
    assert await bakery.does_what_is_next() is ActionKind.REMINDER
    return bakery


class Watched:
    """The unit of work and the bank, watched: every step between is counted, and can be the last."""

    def __init__(self, bakery: Bakery, crash_at: int | None = None) -> None:
        self.steps: list[str] = []
        self.open = 0
        self.open_while_charging: list[int] = []
        self._crash_at = crash_at
        self._open_uow = bakery.cases.open_uow
        self._pay = bakery.payments.pay_invoice
        object.__setattr__(bakery.cases, "open_uow", self.open_uow)
        bakery.payments.pay_invoice = self.pay_invoice  # type: ignore[method-assign]

    def step(self, name: str) -> None:
        self.steps.append(name)
        if len(self.steps) == self._crash_at:
            raise Crash(name)

    @asynccontextmanager
    async def open_uow(self, merchant_id: UUID) -> AsyncIterator[Any]:
        self.step("before a transaction")
        async with self._open_uow(merchant_id) as uow:
            self.open += 1
            try:
                yield uow
                self.step("before its commit")
            finally:
                self.open -= 1
        self.step("after its commit")

    async def pay_invoice(self, account: str, invoice_id: str, *, idempotency_key: str) -> Outcome:
        self.step("before the charge")
        self.open_while_charging.append(self.open)
        await asyncio.sleep(0)
        outcome = await self._pay(account, invoice_id, idempotency_key=idempotency_key)
        self.step("after the charge")
        return outcome


async def steps_of_a_charge() -> list[str]:
    bakery = await a_due_attempt()
    watched = Watched(bakery)
    await bakery.does_what_is_next()
    assert bakery.case().phase.value == "recovered"
    return watched.steps


async def test_no_unit_of_work_is_open_while_the_bank_thinks() -> None:
    bakery = await a_due_attempt()
    watched = Watched(bakery)
    await bakery.does_what_is_next()
    assert watched.open_while_charging == [0]
    intent = watched.steps[: watched.steps.index("before the charge")]
    assert intent[-1] == "after its commit"


@pytest.mark.parametrize("answer", ["pays", "declines", "asks", "vanishes"])
async def test_a_crash_at_any_point_charges_at_most_once_and_the_case_goes_on(answer: str) -> None:
    for crash_at in range(1, len(await steps_of_a_charge()) + 1):
        bakery = await a_due_attempt()
        tell(bakery, answer)
        pay, open_uow = bakery.payments.pay_invoice, bakery.cases.open_uow
        Watched(bakery, crash_at)
        try:
            await bakery.does_what_is_next()
        except Crash:
            pass
        bakery.payments.pay_invoice = pay  # type: ignore[method-assign]
        object.__setattr__(bakery.cases, "open_uow", open_uow)
        await bakery.runs_until(bakery.now + 40 * DAY)
        assert bakery.captured() <= 1
        assert len({charge.idempotency_key for charge in bakery.payments.charges}) == len(
            bakery.payments.charges
        )
        assert not bakery.case().is_open
        if answer != "asks":
            assert bakery.case().phase.value == "recovered", f"crash at {crash_at}"


def tell(bakery: Bakery, answer: str) -> None:
    match answer:
        case "pays":
            bakery.payments.will_pay("in_1")
        case "declines":
            bakery.payments.will_decline("in_1")
        case "asks":
            bakery.payments.will_ask_for_customer("in_1")
        case _:
            bakery.payments.will_vanish("in_1", after_effect=True)


@pytest.mark.parametrize("after_effect", [True, False])
async def test_an_answer_that_got_lost_is_found_by_looking_not_by_charging_again(
    after_effect: bool,
) -> None:
    bakery = await a_due_attempt()
    bakery.payments.will_vanish("in_1", after_effect=after_effect)
    await bakery.does_what_is_next()
    assert bakery.case().phase.value == "charging"
    assert await bakery.does_what_is_next() is ActionKind.RECONCILE
    assert bakery.case().phase.value == "recovered"
    assert bakery.captured() == 1
    recovered = bakery.history()[-1]
    assert isinstance(recovered, e.CaseRecovered)
    assert (recovered.by, recovered.attempt) == (e.Payer.CHARGECHASE, 1)


async def test_a_key_is_never_sent_after_twenty_three_hours() -> None:
    bakery = await a_due_attempt()
    bakery.payments.will_vanish("in_1", after_effect=False)
    await bakery.does_what_is_next()
    began = bakery.now
    bakery.now = began + KEY_LIFE
    await bakery.does_what_is_next()
    assert e.AttemptAbandoned in bakery.kinds()
    assert bakery.payments.charges == []
    assert bakery.case().phase.value == "waiting"


async def test_a_bank_that_is_silent_for_a_day_is_asked_less_and_less_and_never_with_an_old_key() -> (
    None
):
    bakery = await a_due_attempt()
    bakery.payments.will_vanish("in_1", after_effect=False)
    await bakery.does_what_is_next()
    bakery.payments.is_down = True
    with pytest.raises(StripeUnavailable):
        await bakery.does_what_is_next()
    bakery.payments.is_down = False
    bakery.now += 30 * HOUR
    await bakery.does_what_is_next()
    assert bakery.payments.charges == []
    assert [x.number for x in bakery.history() if isinstance(x, e.AttemptStarted)] == [1]


async def test_a_refusal_told_by_webhook_before_the_worker_hears_it_is_told_once() -> None:
    bakery = await a_due_attempt()
    bakery.payments.will_decline("in_1")
    pay = bakery.payments.pay_invoice

    async def slow_bank(account: str, invoice_id: str, *, idempotency_key: str) -> Outcome:
        outcome = await pay(account, invoice_id, idempotency_key=idempotency_key)
        await bakery.hears(replace(FAILED, idempotency_key=idempotency_key))
        return outcome

    bakery.payments.pay_invoice = slow_bank  # type: ignore[method-assign]
    await bakery.does_what_is_next()
    assert bakery.kinds().count(e.AttemptDeclined) == 1
    assert bakery.case().phase.value == "waiting"


async def test_a_refusal_told_by_a_webhook_without_a_key_still_ends_the_attempt() -> None:
    bakery = await a_due_attempt()
    bakery.payments.will_decline("in_1")
    pay = bakery.payments.pay_invoice

    async def slow_bank(account: str, invoice_id: str, *, idempotency_key: str) -> Outcome:
        outcome = await pay(account, invoice_id, idempotency_key=idempotency_key)
        await bakery.hears(FAILED)
        return outcome

    bakery.payments.pay_invoice = slow_bank  # type: ignore[method-assign]
    await bakery.does_what_is_next()
    assert bakery.case().in_flight is None
    assert bakery.case().phase.value == "waiting"
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        use = await uow.cases.card_use("fp_old", 29_00, bakery.now)
    assert len(use.day) == 1, "one charge is one decline, however often it is told of"


async def test_the_customer_paid_on_a_page_a_moment_before() -> None:
    bakery = await a_due_attempt()
    paid = replace(bakery.shown())
    bakery.payments.will_pay("in_1")
    await bakery.payments.pay_invoice("acct_bakery", "in_1", idempotency_key="by hand")
    assert bakery.shown() != paid
    await bakery.does_what_is_next()
    assert bakery.captured() == 1
    assert bakery.case().phase.value == "recovered"
    assert e.AttemptStarted not in bakery.kinds()


async def test_the_customer_paid_while_we_were_about_to() -> None:
    bakery = await a_due_attempt()
    pay = bakery.payments.pay_invoice

    async def beaten(account: str, invoice_id: str, *, idempotency_key: str) -> Outcome:
        await pay(account, invoice_id, idempotency_key="by hand")
        return await pay(account, invoice_id, idempotency_key=idempotency_key)

    bakery.payments.pay_invoice = beaten  # type: ignore[method-assign]
    await bakery.does_what_is_next()
    recovered = bakery.history()[-1]
    assert isinstance(recovered, e.CaseRecovered)
    assert (recovered.by, recovered.attempt) == (e.Payer.CUSTOMER, None)
    assert bakery.captured() == 1


async def test_a_decline_whose_event_is_late_counts_before_the_charge() -> None:
    bakery = await a_due_attempt()
    bakery.now = bakery.case().next_attempt_at or bakery.now
    unheard = declined(charge="ch_unheard", at=bakery.now - HOUR)
    bakery.shows(replace(bakery.shown(), last_failure=unheard))
    await bakery.does_what_is_next()
    assert bakery.payments.charges == [], "one decline a day is enough, also one we just learned of"
    assert e.ChargeDeclined in bakery.kinds()


async def test_what_stripe_will_not_even_try_is_left_and_the_plan_goes_on() -> None:
    bakery = await a_due_attempt()

    async def refuses(account: str, invoice_id: str, *, idempotency_key: str) -> Outcome:
        return Refused(reason="account_invalid")

    bakery.payments.pay_invoice = refuses  # type: ignore[method-assign]
    await bakery.does_what_is_next()
    assert e.AttemptAbandoned in bakery.kinds()
    assert bakery.case().phase.value == "waiting"


async def test_two_workers_with_one_job_charge_once() -> None:
    bakery = await a_due_attempt()
    ref = await bakery.due()
    assert ref is not None
    action = await bakery.actions.read(ref)
    assert action is not None
    bakery.now = action.due_at + A_MOMENT
    run = bakery.carry_out.by_kind[ActionKind.ATTEMPT]
    await asyncio.gather(run(action), run(action), run(action))
    assert bakery.captured() == 1
    assert bakery.kinds().count(e.AttemptStarted) == 1


async def test_an_action_that_changes_nothing_is_an_error_and_not_a_loop() -> None:
    bakery = await a_due_attempt()
    ref = await bakery.due()
    assert ref is not None
    with pytest.raises(NothingHappened):
        await bakery.carry_out(ref)  # three days too early
    bakery.payments.put("acct_bakery", bakery.shown())
    await bakery.hears(InvoiceSignal(invoice_id="in_1", news=InvoiceNews.VOIDED))
    await bakery.carry_out(ref)  # replaced meanwhile: nothing to do, and no error


async def test_an_invoice_that_stripe_forgot_is_not_chased() -> None:
    bakery = await a_due_attempt()
    bakery.payments._invoices.clear()
    await bakery.does_what_is_next()
    assert bakery.case().phase.value == "stopped"
