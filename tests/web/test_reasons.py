"""The reasons of a planned step, in sentences that a merchant can check."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.invoice import Card
from domain.network import Budget
from domain.policy import Template
from domain.recovery import events as e
from domain.recovery.why import Rejected, Why
from web.reasons import TEMPLATES, planned, reason_of
from web.wording.telling import Telling

AT = datetime(2026, 7, 3, 7, 0, tzinfo=UTC)  # a Friday, nine in Berlin
TELLING = Telling(zone="Europe/Berlin", currency="eur")
WHY = Why(
    inputs={"family": "funds", "retries_on_card": 1, "code": "insufficient_funds"},
    evidence=(("funds", "2 days after a pay day", 310, 121),),
    rejected=(
        Rejected(what="charge", rule="too soon", at=AT, percent=3),
        Rejected(what="charge", rule="a_rule_of_tomorrow"),
    ),
    budget=Budget(used=5, allowed=8, network=20, frees_at=AT),
    percent=39,
)
CHARGE = e.AttemptPlanned(at=AT, number=2, due_at=AT, rule="plan:funds", why=WHY)
LETTER = e.ReminderPlanned(
    at=AT, step=1, due_at=AT, why=Why(inputs={"template": "final_notice", "since": "end"})
)
QUESTION = e.CustomerAsked(at=AT, ask=e.Ask.CARD, rule="card_barred")
STARTED = e.AttemptStarted(at=AT, number=2, amount_minor=5, card=None)
WROTE = e.ReminderStarted(at=AT, step=1, message_id="m")


def test_a_planned_charge_says_rule_evidence_alternatives_and_budget() -> None:
    reason = reason_of(CHARGE, TELLING, "visa")
    assert reason.about == "Attempt 2 on Friday 3 July at 09:00"
    assert reason.rule == "Lack of money heals with time, so we wait for a likely day."
    assert reason.for_it == (
        "We expect it to go through in 39 of 100 cases.",
        "2 days after a pay day, this kind of decline: 121 of 310 went through.",
    )
    assert reason.inputs == (
        ("Kind of decline", "Not enough money, or a limit was reached"),
        ("Stripe\u2019s code", "insufficient_funds"),
        ("Our tries of this card so far", "1"),
    )
    assert reason.not_taken == (
        "A charge on Friday 3 July at 09:00 (3 of 100): it is too soon after the last one.",
        "A charge: a_rule_of_tomorrow.",
    )
    assert reason.budget == "3 of 8 left until 3 Jul; Visa allows 20."


def test_a_step_without_much_of_a_reason_says_what_there_is() -> None:
    asked = reason_of(QUESTION, TELLING)
    assert asked.about == "The customer\u2019s turn"
    assert asked.rule
    assert (asked.for_it, asked.inputs, asked.not_taken, asked.budget) == ((), (), (), None)
    letter = reason_of(LETTER, TELLING)
    assert letter.about == "Reminder 1 on Friday 3 July at 09:00"
    assert letter.inputs == (
        ("Message", "\u201cStill open\u201d, the last one"),
        ("Counted from", "the end of the case"),
    )
    skipped = reason_of(e.ReminderSkipped(at=AT, step=2, reason="too_small"), TELLING)
    assert skipped.about == "Reminder 2 is left out"
    assert skipped.rule == "The amount is less than this message asks for."


def test_a_message_that_is_not_worth_it_says_what_people_did_and_what_it_would_bring() -> None:
    weighed = Why(
        inputs={"risks_cents": 1_42, "brings_cents": 21, "later_percent": 13, "mood": "calm"},
        evidence=(
            ("all", "cancelled after payment_failed", 19, 4),
            ("unknown", "acted, 1 messages before", 9, 0),
            ("unknown", "1 retries before", 6, 2),
            ("all", "31 days after the last try", 6, 2),
            ("all", "visa", 49, 6),
            ("funds", "0 days after a pay day", 56, 32),
        ),
    )
    told = reason_of(
        e.ReminderSkipped(at=AT, step=2, reason="not_worthwhile", why=weighed), TELLING
    )
    assert told.for_it == (
        "Cancelled after \u201cPayment did not go through\u201d: 4 of 19 people.",
        "Acted, 1 message before, this kind of decline: 0 of 9 people.",
        "1 retry before, this kind of decline: 2 of 6 went through.",
        "31 days after the last try: 2 of 6 went through.",
        "Visa: 6 of 49 went through.",
        "On a pay day, this kind of decline: 32 of 56 went through.",
    )
    assert told.inputs == (
        ("It would bring", "about 0.21\u00a0USD"),
        ("It would risk", "about 1.42\u00a0USD"),
        ("Chance that the money comes anyway", "13 of 100"),
        ("mood", "calm"),
    )


@pytest.mark.parametrize("rule", ["card_barred", "never", "needs_new_card"])
def test_a_card_that_said_never_has_no_budget_to_speak_of(rule: str) -> None:
    why = Why(budget=Budget(used=1, allowed=8, network=35))
    reason = reason_of(e.CustomerAsked(at=AT, ask=e.Ask.CARD, rule=rule, why=why), TELLING)
    assert reason.budget == "This card is not charged again for this payment."


def test_every_message_has_a_name() -> None:
    assert set(TEMPLATES) == set(Template)


def test_what_was_not_taken_is_told_in_the_order_of_time() -> None:
    days = [AT + timedelta(days=day) for day in (5, 1, 3)]
    rejected = tuple(Rejected(what="charge", rule="less likely", at=day) for day in days)
    why = Why(rejected=(Rejected(what="wait", rule="over budget"), *rejected))
    told = reason_of(e.AttemptPlanned(at=AT, number=1, due_at=AT, rule="spent", why=why), TELLING)
    whats = [line.split(":")[0] for line in told.not_taken]
    assert [what.split(" on ")[-1].split(" July")[0] for what in whats] == [
        "Saturday 4",
        "Monday 6",
        "Wednesday 8",
        "Waiting",
    ]


def test_an_unused_card_has_a_budget_without_a_date() -> None:
    full = Why(budget=Budget(used=0, allowed=8, network=35))
    reason = reason_of(e.CustomerAsked(at=AT, ask=e.Ask.CARD, rule="no_card", why=full), TELLING)
    assert reason.budget == "8 of 8 left; its network allows 35."


def test_only_steps_that_are_still_to_come_are_explained() -> None:
    assert planned((CHARGE, LETTER)) == (CHARGE, LETTER)
    assert planned((CHARGE, STARTED, LETTER)) == (LETTER,)
    assert planned((CHARGE, LETTER, WROTE)) == (CHARGE,)
    later = e.AttemptPlanned(at=AT + timedelta(days=1), number=2, due_at=AT, rule="new_card")
    assert planned((CHARGE, QUESTION)) == (QUESTION,)
    assert planned((CHARGE, QUESTION, later)) == (later, QUESTION)
    card = Card(payment_method="pm", fingerprint="fp")
    assert planned((CHARGE, QUESTION, e.CardReplaced(at=AT, card=card))) == ()
    assert planned((CHARGE, LETTER, e.CasePaused(at=AT, by=e.Pauser.STRIPE))) == ()
    assert planned(()) == ()


def test_of_a_bill_no_tries_and_no_card_are_spoken_of() -> None:
    why = Why(inputs={"family": "outstanding", "retries_on_card": 0}, budget=WHY.budget)
    asked = e.CustomerAsked(at=AT, ask=e.Ask.PAYMENT, rule="outstanding", why=why)
    reason = reason_of(asked, TELLING)
    assert (reason.inputs, reason.budget) == ((), None)
    assert reason.rule == "This bill was sent: the customer pays it by hand."
    letter = e.ReminderPlanned(at=AT, step=1, due_at=AT, template=Template.INVOICE_OVERDUE)
    assert reason_of(letter, TELLING).rule == "The plan for bills has this message."
