"""What the case page says of Stripe: who charges, what it counts, what a scheme leaves."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from application.views import CaseRow, CaseView
from domain.decline import Decline, DeclineFamily
from domain.invoice import Card, FailedCharge
from domain.network import Budget
from domain.policy import StripeRetries
from domain.recovery import events as e
from domain.recovery.actions import Action, ActionKind
from domain.recovery.transitions import Phase
from tests.web.site import NOW
from web.wording.ahead import next_sentence
from web.wording.bills import due
from web.wording.budgets import budget, budget_sentence, left_on_card, most_on_card
from web.wording.modes import BILL, MODES, mode_of, tries_of_stripe
from web.wording.story import folded
from web.wording.telling import Telling, card_name

TELLING = Telling(zone="Europe/Berlin", currency="usd")
AT = datetime(2026, 7, 3, 7, tzinfo=UTC)
BANK = Card(payment_method="pm", fingerprint="fp", last4="6789", kind="us_bank_account")


def opened(**changes: Any) -> e.CaseOpened:
    case = e.CaseOpened(
        at=AT,
        account="acct",
        invoice_id="in_1",
        customer_id=None,
        subscription_id=None,
        amount_minor=29_00,
        currency="usd",
        policy_version=1,
        closes_at=AT + timedelta(days=14),
        attempt_count=1,
    )
    return replace(case, **changes)


def refused(number: int, by: e.Payer = e.Payer.STRIPE, card: Card = BANK) -> e.ChargeDeclined:
    failure = FailedCharge(
        charge_id=f"ch_{number}", at=AT, amount_minor=29_00, decline=Decline(), card=card
    )
    return e.ChargeDeclined(at=AT, failure=failure, family=DeclineFamily.FUNDS, by=by)


def counted(tries: int) -> e.StripeCounted:
    return e.StripeCounted(at=AT, attempt_count=tries)


@pytest.mark.parametrize("mode", StripeRetries)
def test_each_mode_has_its_sentence(mode: StripeRetries) -> None:
    held = mode is StripeRetries.HOLD_OUT
    assert mode_of((opened(stripe_retries=mode, held_out=held),)) == MODES[mode]


def test_whoever_is_watched_is_said_to_be_in_cases_of_old_too() -> None:
    assert mode_of((opened(held_out=True),)) == MODES[StripeRetries.HOLD_OUT]
    assert mode_of((opened(),)) is None
    assert mode_of(()) is None


def test_a_bill_is_said_to_be_one() -> None:
    bill = opened(outstanding=True, stripe_retries=StripeRetries.TAKE_OVER)
    assert mode_of((bill,)) == BILL


def test_tries_that_never_reached_the_bank_are_told_from_charges() -> None:
    history = (opened(), refused(1), refused(2), refused(3), counted(4), counted(6))
    assert tries_of_stripe(history) == (
        "Stripe counts 6 tries; 3 of them were charges. The other 3 never reached the bank."
    )


def test_a_count_that_is_one_of_charges_says_nothing_new() -> None:
    assert tries_of_stripe((opened(), refused(1), refused(2), counted(2))) is None
    assert tries_of_stripe((opened(), refused(1))) is None
    assert tries_of_stripe((counted(2),)) is None


def test_what_the_customer_tried_by_hand_is_none_of_stripes_tries() -> None:
    history = (opened(), refused(1), refused(2, e.Payer.CUSTOMER), counted(2))
    assert tries_of_stripe(history) == (
        "Stripe counts 2 tries; 1 of them was a charge. The other 1 never reached the bank."
    )


def test_of_tries_before_we_watched_nothing_is_said() -> None:
    history = (opened(attempt_count=4), refused(1), refused(2), counted(7))
    assert tries_of_stripe(history) == (
        "Stripe counts 7 tries. Of the 3 since we watch, 1 was a charge. "
        "The other 2 never reached the bank."
    )


def a_view(*history: e.Event, card: Card | None = BANK) -> CaseView:
    row = CaseRow(
        case_id=UUID(int=1),
        invoice_id="in_1",
        number=None,
        customer_name=None,
        customer_email=None,
        amount_minor=29_00,
        currency="usd",
        recovered_minor=0,
        phase=Phase.WAITING,
        ask=None,
        family=DeclineFamily.FUNDS,
        card=card,
        opened_at=AT,
        closes_at=AT,
        closed_at=None,
        changed_at=NOW,
        next=None,
        marks=(),
    )
    return CaseView(
        row=row,
        history=history,
        next_attempt_at=None,
        reminder_at=None,
        declines_on_card=1,
        card_limit=8,
        network_limit=8,
        dead=None,
    )


def test_the_debits_that_a_scheme_leaves_are_counted_by_invoice() -> None:
    view = a_view(opened(), refused(1), refused(2))
    assert budget(view) == "1 of 2 further debits of this invoice left. Nacha allows 2."
    assert (left_on_card(view), most_on_card(view)) == (1, 2)


def test_a_card_is_counted_as_cards_are() -> None:
    view = a_view(opened(), card=None)
    assert (left_on_card(view), most_on_card(view)) == (7, 8)


def test_the_sentence_of_a_decision_names_the_scheme() -> None:
    left = Budget(used=1, allowed=2, network=2)
    assert budget_sentence(left, BANK.scheme, "UTC") == "1 of 2 left; Nacha allows 2."


def test_an_account_is_not_called_a_card() -> None:
    assert card_name(BANK) == "bank account ending in 6789"
    assert card_name(replace(BANK, brand="Example Bank")) == "Example Bank ending in 6789"


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (-3, "in 3 days"),
        (-1, "in 1 day"),
        (0, "today"),
        (1, "1 day ago"),
        (12, "12 days ago"),
    ],
)
def test_a_bill_says_when_it_is_due_and_how_far_that_is(days: int, told: str) -> None:
    due_at = AT + timedelta(days=20)
    history = (opened(outstanding=True, due_at=due_at),)
    now = due_at + timedelta(days=days, minutes=1 if days >= 0 else 0)
    said = due(history, now, TELLING)
    assert said is not None
    assert said.endswith(f", {told}")
    assert "23 July" in said or "23 Jul" in said
    assert due((opened(),), now, TELLING) is None


def test_a_debit_on_its_way_says_since_when() -> None:
    begun = e.AttemptStarted(at=AT, number=1, amount_minor=29_00, card=BANK)
    waits = e.AttemptUnclear(at=AT, number=1, check_at=AT + timedelta(hours=6))
    view = a_view(opened(), begun, waits)
    action = Action(kind=ActionKind.RECONCILE, due_at=waits.check_at, number=1)
    view = replace(view, row=replace(view.row, next=action, phase=Phase.CHARGING))
    assert "bank debit has been on its way since" in next_sentence(view, TELLING)
    card = replace(begun, card=replace(BANK, kind="card"))
    of_card = replace(view, history=(opened(), card, waits))
    assert "A charge is on its way." in next_sentence(of_card, TELLING)


def test_of_questions_without_an_answer_the_last_is_told() -> None:
    begun = e.AttemptStarted(at=AT, number=1, amount_minor=29_00, card=BANK)
    first, *_, last = waits = [
        e.AttemptUnclear(at=AT, number=1, check_at=AT + timedelta(hours=hours))
        for hours in (1, 2, 6)
    ]
    again = e.AttemptUnclear(at=AT, number=2, check_at=AT)
    assert folded((begun, *waits)) == [begun, last]
    assert folded((*waits, begun, again)) == [last, begun, again]
    assert folded((first,)) == [first]
