"""RunAttempt: intent, charge, outcome; and a crash at every point between."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from application.charging import KEY_LIFE, SENT_FOR
from application.ports.payments import Outcome, Refused, StripeUnavailable
from application.work import FOR_EVER, TooEarly, tries_for
from domain.invoice import Slot
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from domain.recovery.signals import InvoiceNews, InvoiceSignal
from tests.application.bakery import A_MOMENT, BEFORE_CHARGE, COMMITTED, FAILED, Bakery, Pay
from tests.builders import ACCOUNT, DAY, HOUR, a_paid_invoice, declined


class Crash(BaseException):
    """The process is gone; nothing that it would have done is done."""


async def a_due_attempt(**invoice: Any) -> Bakery:
    """A bakery whose letter is out and whose first retry is next."""
    bakery = await Bakery().opens(**invoice)
    assert await bakery.does_what_is_next() is ActionKind.REMINDER
    return bakery


class Steps:
    """The steps of a charge, written down; the process can be made to end at one of them."""

    def __init__(self, bakery: Bakery, crash_at: int | None = None) -> None:
        self.taken: list[str] = []
        self.open_while_charging: list[int] = []
        self._bakery = bakery
        self._crash_at = crash_at
        bakery.watch = self._take

    def _take(self, step: str) -> None:
        self.taken.append(step)
        if step == BEFORE_CHARGE:
            self.open_while_charging.append(self._bakery.units_open)
        if len(self.taken) == self._crash_at:
            self._bakery.watch = lambda step: None
            raise Crash(step)


async def steps_of_a_charge() -> list[str]:
    bakery = await a_due_attempt()
    steps = Steps(bakery)
    await bakery.does_what_is_next()
    assert bakery.case().phase.value == "recovered"
    return steps.taken


async def test_no_unit_of_work_is_open_while_the_bank_thinks() -> None:
    bakery = await a_due_attempt()
    steps = Steps(bakery)
    await bakery.does_what_is_next()
    assert steps.open_while_charging == [0]
    before = steps.taken[: steps.taken.index(BEFORE_CHARGE)]
    assert before[-1] == COMMITTED


@pytest.mark.parametrize("answer", ["pays", "declines", "asks", "vanishes"])
async def test_a_crash_at_any_point_charges_at_most_once_and_the_case_goes_on(answer: str) -> None:
    for crash_at in range(1, len(await steps_of_a_charge()) + 1):
        bakery = await a_due_attempt()
        tell(bakery, answer)
        Steps(bakery, crash_at)
        with suppress(Crash):
            await bakery.does_what_is_next()
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
    recovered = bakery.history()[-2]
    assert isinstance(recovered, e.CaseRecovered)
    assert (recovered.by, recovered.attempt) == (e.Payer.CHARGECHASE, 1)


async def an_unanswered_attempt_of(age: timedelta) -> Bakery:
    """A charge that left when its attempt began, moved nothing, and was never answered."""
    bakery = await a_due_attempt()
    bakery.payments.will_vanish("in_1", after_effect=False)
    await bakery.does_what_is_next()
    flight = bakery.case().in_flight
    assert flight is not None
    bakery.now = flight.started_at + age
    return bakery


async def test_a_key_is_sent_as_long_as_its_call_will_end_before_it_is_given_up() -> None:
    bakery = await an_unanswered_attempt_of(SENT_FOR - A_MOMENT)
    await bakery.does_what_is_next()
    assert bakery.captured() == 1


@pytest.mark.parametrize("age", [SENT_FOR, KEY_LIFE - timedelta(microseconds=1)])
async def test_an_attempt_too_old_to_send_and_too_young_to_give_up_is_looked_at_later(
    age: timedelta,
) -> None:
    bakery = await an_unanswered_attempt_of(age)
    await bakery.does_what_is_next()
    assert bakery.payments.charges == []
    assert bakery.kinds()[-1] is e.AttemptUnclear
    assert bakery.case().phase.value == "charging"
    while bakery.case().in_flight is not None:
        assert await bakery.does_what_is_next() is ActionKind.RECONCILE
    assert e.AttemptAbandoned in bakery.kinds()
    assert bakery.payments.charges == []


async def test_what_a_last_call_took_is_found_before_its_attempt_is_given_up() -> None:
    bakery = await an_unanswered_attempt_of(SENT_FOR)
    bakery.shows(a_paid_invoice(bakery.now, last_failure=None))
    await bakery.does_what_is_next()
    assert bakery.kinds()[-2:] == [e.CaseRecovered, e.ReminderPlanned]
    assert e.AttemptAbandoned not in bakery.kinds()


async def test_a_key_is_never_sent_after_twenty_three_hours() -> None:
    bakery = await an_unanswered_attempt_of(KEY_LIFE)
    await bakery.does_what_is_next()
    assert e.AttemptAbandoned in bakery.kinds()
    assert bakery.payments.charges == []
    assert bakery.case().phase.value == "waiting"


async def test_a_bank_that_is_down_for_a_day_is_not_asked_with_the_old_key() -> None:
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

    async def told_by_webhook(pay: Pay, key: str) -> Outcome:
        outcome = await pay(key)
        await bakery.hears(replace(FAILED, idempotency_key=key))
        return outcome

    bakery.payments.beside = told_by_webhook
    await bakery.does_what_is_next()
    assert bakery.kinds().count(e.AttemptDeclined) == 1
    assert bakery.case().phase.value == "waiting"


async def test_a_refusal_told_by_a_webhook_without_a_key_still_ends_the_attempt() -> None:
    bakery = await a_due_attempt()
    bakery.payments.will_decline("in_1")

    async def told_by_webhook(pay: Pay, key: str) -> Outcome:
        outcome = await pay(key)
        await bakery.hears(FAILED)
        return outcome

    bakery.payments.beside = told_by_webhook
    await bakery.does_what_is_next()
    assert bakery.case().in_flight is None
    assert bakery.case().phase.value == "waiting"
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        use = await uow.cases.card_use("fp_old", 29_00, bakery.now)
    assert len(use.day) == 1, "one charge is one decline, however often it is told of"


async def test_the_customer_paid_on_a_page_a_moment_before() -> None:
    bakery = await a_due_attempt()
    await bakery.payments.pay_invoice(ACCOUNT, "in_1", idempotency_key="by hand")
    await bakery.does_what_is_next()
    assert bakery.captured() == 1
    assert bakery.case().phase.value == "recovered"
    assert e.AttemptStarted not in bakery.kinds()


async def test_the_customer_paid_while_we_were_about_to() -> None:
    bakery = await a_due_attempt()

    async def beaten(pay: Pay, key: str) -> Outcome:
        await pay("by hand")
        return await pay(key)

    bakery.payments.beside = beaten
    await bakery.does_what_is_next()
    recovered = bakery.history()[-2]
    assert isinstance(recovered, e.CaseRecovered)
    assert (recovered.by, recovered.attempt) == (e.Payer.CUSTOMER, None)
    assert bakery.captured() == 1


async def test_a_new_card_is_put_where_the_refused_one_lay_so_that_renewals_take_it_too() -> None:
    bakery = await a_due_attempt()
    shown = await bakery.shown()
    assert shown.card is not None
    new = replace(shown.card, payment_method="pm_new", fingerprint="fp_new")
    bakery.shows(replace(shown, card=new, belongs_in=Slot.SUBSCRIPTION))
    await bakery.does_what_is_next()
    assert bakery.case().phase.value == "recovered"
    assert (await bakery.shown()).belongs_in is None


async def test_the_card_that_was_committed_to_is_the_one_that_is_charged() -> None:
    bakery = await a_due_attempt()
    bakery.payments.will_decline("in_1")

    async def replaced_meanwhile(pay: Pay, key: str) -> Outcome:
        shown = await bakery.shown()
        assert shown.card is not None
        new = replace(shown.card, payment_method="pm_new", fingerprint="fp_new")
        bakery.shows(replace(shown, card=new))
        return await pay(key)

    bakery.payments.beside = replaced_meanwhile
    await bakery.does_what_is_next()
    refused = next(event for event in bakery.history() if isinstance(event, e.AttemptDeclined))
    assert refused.failure.card is not None
    assert refused.failure.card.fingerprint == "fp_old", "its limits were looked at, no other's"


async def test_a_decline_whose_event_is_late_counts_before_the_charge() -> None:
    bakery = await a_due_attempt()
    bakery.now = bakery.case().next_attempt_at or bakery.now
    unheard = declined(charge="ch_unheard", at=bakery.now - HOUR)
    bakery.shows(replace(await bakery.shown(), last_failure=unheard))
    await bakery.does_what_is_next()
    assert bakery.payments.charges == [], "one decline a day is enough, also one we just learned of"
    assert e.ChargeDeclined in bakery.kinds()


async def test_what_stripe_will_not_even_try_is_left_and_the_plan_goes_on() -> None:
    bakery = await a_due_attempt()

    async def refuses(pay: Pay, key: str) -> Outcome:
        return Refused(reason="account_invalid")

    bakery.payments.beside = refuses
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


async def test_an_action_before_its_time_by_this_clock_waits_and_is_no_fault() -> None:
    bakery = await a_due_attempt()
    ref = await bakery.due()
    assert ref is not None
    with pytest.raises(TooEarly) as early:
        await bakery.carry_out(ref)  # three days too early
    assert tries_for(early.value) == FOR_EVER
    await bakery.hears(InvoiceSignal(invoice_id="in_1", news=InvoiceNews.VOIDED))
    await bakery.carry_out(ref)  # replaced meanwhile: nothing to do, and no error


async def test_an_invoice_that_stripe_forgot_is_not_chased() -> None:
    bakery = await a_due_attempt()
    bakery.payments.forget_everything()
    await bakery.does_what_is_next()
    assert bakery.case().phase.value == "stopped"
