"""The reasons of a planned step, in sentences that a merchant can check."""

from datetime import UTC, datetime, timedelta

from domain.invoice import Card
from domain.network import Budget
from domain.recovery import events as e
from domain.recovery.why import Rejected, Why
from web.reasons import planned, reason_of
from web.wording import Telling

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
    assert reason.rule == "Lack of money heals with time, so we wait a few days."
    assert reason.for_it == (
        "We expect it to go through in 39 of 100 cases.",
        "funds, 2 days after a pay day: 121 of 310 went well.",
    )
    assert ("Our tries of this card so far", "1") in reason.inputs
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
    assert letter.about == "Message 1 on Friday 3 July at 09:00"
    assert letter.inputs == (
        ("Message", "final notice"),
        ("Counted from", "the end of the case"),
    )
    skipped = reason_of(e.ReminderSkipped(at=AT, step=2, reason="too_small"), TELLING)
    assert skipped.about == "Message 2 is left out"
    assert skipped.rule == "The amount is less than this message asks for."


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
