"""ReconcileAttempt: what became of a charge is found out, never guessed."""

from datetime import datetime

import pytest
from msgspec.structs import replace

from application.ports.payments import Outcome, Unknown
from domain.invoice import Card, InvoiceStatus
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from tests.application.bakery import FAILED, Bakery, Pay
from tests.builders import DAY, a_paid_invoice, declined


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


ACCOUNT_IN_THE_US = Card(
    payment_method="pm_bank", fingerprint="fp_bank", last4="6789", kind="us_bank_account"
)


async def a_debit_on_its_way() -> tuple[Bakery, datetime]:
    """A bank debit that Stripe took in, and the second at which its charge was made."""
    bakery = await Bakery().opens(card=ACCOUNT_IN_THE_US, last_failure=None)
    bakery.payments.beside = _taken_in
    while bakery.case().in_flight is None:
        await bakery.does_what_is_next()
    bakery.shows(replace(await bakery.shown(), processing=True))
    return bakery, bakery.now.replace(microsecond=0)


async def _taken_in(_pay: Pay, _key: str) -> Outcome:
    return Unknown(reason="processing")


@pytest.mark.parametrize("days", [0, 4])
async def test_a_debit_that_comes_back_days_later_is_the_attempts_own_refusal(days: int) -> None:
    bakery, made_at = await a_debit_on_its_way()
    written = len(bakery.mailer.letters)
    while bakery.now < made_at + days * DAY:
        assert await bakery.does_what_is_next() is ActionKind.RECONCILE
    came_back = declined(charge="ch_debit", at=made_at, card=ACCOUNT_IN_THE_US)
    bakery.shows(replace(await bakery.shown(), processing=False, last_failure=came_back))
    await bakery.does_what_is_next()
    refusals_ = [event for event in bakery.history() if isinstance(event, e.AttemptDeclined)]
    assert [(event.number, event.failure.charge_id) for event in refusals_] == [(1, "ch_debit")]
    assert not any(isinstance(event, e.AttemptAbandoned) for event in bakery.history())
    assert len(bakery.mailer.letters) == written, "letters wait for the bank"
    assert bakery.case().in_flight is None


async def test_a_refusal_from_before_the_debit_was_made_is_not_its_own() -> None:
    bakery, made_at = await a_debit_on_its_way()
    before = declined(charge="ch_before", at=made_at - DAY, card=ACCOUNT_IN_THE_US)
    bakery.shows(replace(await bakery.shown(), processing=False, last_failure=before))
    await bakery.does_what_is_next()
    assert not any(isinstance(event, e.AttemptDeclined) for event in bakery.history())


async def test_a_refusal_of_another_account_is_not_the_debits_own() -> None:
    bakery, made_at = await a_debit_on_its_way()
    other = replace(ACCOUNT_IN_THE_US, payment_method="pm_other")
    theirs = declined(charge="ch_theirs", at=made_at, card=other)
    bakery.shows(replace(await bakery.shown(), processing=False, last_failure=theirs))
    await bakery.does_what_is_next()
    assert not any(isinstance(event, e.AttemptDeclined) for event in bakery.history())


async def test_a_debit_that_goes_through_days_later_is_credited_to_us() -> None:
    bakery, made_at = await a_debit_on_its_way()
    paid = a_paid_invoice(made_at + 4 * DAY, last_failure=None)
    bakery.shows(replace(paid, card=ACCOUNT_IN_THE_US))
    await bakery.does_what_is_next()
    recovered = bakery.history()[-2]
    assert isinstance(recovered, e.CaseRecovered)
    assert (recovered.by, recovered.attempt) == (e.Payer.CHARGECHASE, 1)


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


async def a_refused_attempt_that_nobody_heard_of() -> Bakery:
    """The bank said no, and the answer got lost."""
    bakery = await Bakery().opens()
    await bakery.does_what_is_next()
    bakery.payments.will_decline("in_1", "do_not_honor")
    bakery.payments.beside = _answer_gets_lost
    assert await bakery.does_what_is_next() is ActionKind.ATTEMPT
    bakery.payments.beside = None
    return bakery


async def _answer_gets_lost(pay: Pay, key: str) -> Outcome:
    await pay(key)
    return Unknown(reason="timeout")


def refusals(bakery: Bakery) -> list[tuple[type[e.Event], str]]:
    """Each refusal since the first, whose it was said to be and which."""
    told = (e.ChargeDeclined, e.AttemptDeclined)
    return [
        (type(event), event.failure.charge_id)
        for event in bakery.history()
        if isinstance(event, told) and event.failure.charge_id != "ch_first"
    ]


async def test_our_own_refusal_is_told_by_the_answer_to_our_key_and_counts_once() -> None:
    bakery = await a_refused_attempt_that_nobody_heard_of()
    await bakery.does_what_is_next()
    heard, answered = refusals(bakery)
    assert (heard[0], answered[0]) == (e.ChargeDeclined, e.AttemptDeclined)
    assert heard[1] == answered[1]
    assert len(bakery.case().refusals) == 2
    assert len(bakery.payments.charges) == 1, "asked again, charged once"


async def test_a_customers_refused_try_of_the_same_second_is_not_taken_for_ours() -> None:
    bakery = await a_refused_attempt_that_nobody_heard_of()
    own = (await bakery.shown()).last_failure
    assert own is not None
    theirs = declined("insufficient_funds", "ch_theirs", at=own.at)
    bakery.shows(replace(await bakery.shown(), last_failure=theirs))
    await bakery.does_what_is_next()
    assert refusals(bakery) == [
        (e.ChargeDeclined, "ch_theirs"),
        (e.AttemptDeclined, own.charge_id),
    ]
    assert len(bakery.case().refusals) == 3


async def test_an_event_of_our_attempt_does_not_make_the_latest_refusal_ours() -> None:
    bakery = await a_refused_attempt_that_nobody_heard_of()
    theirs = declined("insufficient_funds", "ch_theirs", at=bakery.now)
    bakery.shows(replace(await bakery.shown(), last_failure=theirs))
    key = f"cc:{bakery.case_id}:1"
    await bakery.hears(replace(FAILED, idempotency_key=key, requested=True))
    assert refusals(bakery) == [(e.ChargeDeclined, "ch_theirs")]
    assert bakery.case().in_flight is not None
    await bakery.does_what_is_next()
    assert [kind for kind, _ in refusals(bakery)] == [e.ChargeDeclined, e.AttemptDeclined]


async def test_a_payment_is_ours_only_if_the_answer_to_our_key_says_so() -> None:
    bakery = await Bakery().opens()
    await bakery.does_what_is_next()
    bakery.payments.beside = _answer_gets_lost
    await bakery.does_what_is_next()
    bakery.payments.beside = None
    await bakery.does_what_is_next()
    paid = bakery.history()[-2]
    assert isinstance(paid, e.CaseRecovered)
    assert (paid.by, paid.attempt) == (e.Payer.CHARGECHASE, 1)


async def test_a_customer_who_paid_while_our_charge_was_lost_has_paid_it() -> None:
    bakery = await an_unanswered_attempt()
    bakery.shows(a_paid_invoice(bakery.now, last_failure=None))
    await bakery.does_what_is_next()
    paid = bakery.history()[-2]
    assert isinstance(paid, e.CaseRecovered)
    assert (paid.by, paid.attempt) == (e.Payer.CUSTOMER, None)
    assert bakery.payments.charges == []


async def test_a_payment_is_written_down_though_its_key_is_too_old_to_ask_whose_it_was() -> None:
    bakery = await an_unanswered_attempt()
    bakery.shows(a_paid_invoice(bakery.now, last_failure=None))
    bakery.now += 2 * DAY
    await bakery.does_what_is_next()
    assert bakery.kinds()[-2:] == [e.CaseRecovered, e.ReminderPlanned]
    assert e.AttemptAbandoned not in bakery.kinds()


@pytest.mark.parametrize(
    ("status", "phase"), [(InvoiceStatus.VOID, "stopped"), (InvoiceStatus.UNCOLLECTIBLE, "lost")]
)
async def test_an_invoice_that_was_settled_otherwise_ends_the_case(
    status: InvoiceStatus, phase: str
) -> None:
    bakery = await an_unanswered_attempt()
    refusal = declined("do_not_honor", "ch_2", at=bakery.now)
    bakery.shows(replace(await bakery.shown(), status=status, last_failure=refusal))
    await bakery.does_what_is_next()
    assert bakery.case().phase.value == phase
    assert refusals(bakery) == [(e.ChargeDeclined, "ch_2")], "it counts against its card"


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
