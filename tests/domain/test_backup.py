"""Another card of the customer's is charged once, by their word, when the one on file has no more
chance; what it stands for is not charged in its place."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.invoice import Card
from domain.network import CardUse
from domain.policy import FixedWaits, Plan, Policy, Step, StripeRetries, Template
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.transitions import Phase
from tests.builders import (
    ACCOUNT,
    DAY,
    HOUR,
    MONDAY,
    NEW_VISA,
    OLD_VISA,
    a_policy,
    an_invoice,
    declined,
)
from tests.domain.given import History, kinds, state, when

BACKUP = Card(payment_method="pm_backup", fingerprint="fp_backup", brand="mastercard", last4="4444")
PLAIN = a_policy(
    plans={
        DeclineFamily.FUNDS: Plan(retries=FixedWaits(waits=(2 * DAY,))),
        DeclineFamily.NEEDS_NEW_CARD: Plan(),
        DeclineFamily.NEVER: Plan(),
        DeclineFamily.NEEDS_AUTHENTICATION: Plan(),
    }
)
ON_THE_DAY = Plan(campaign=(Step(template=Template.INVOICE_OVERDUE),))
USED = replace(PLAIN, use_backup=True)
NINE = MONDAY + DAY - 2 * HOUR  # the next hour for charges: nine in Berlin


def opened(
    code: str = "stolen_card",
    policy: Policy = USED,
    backup: Card | None = BACKUP,
    **changes: Any,
) -> History:
    invoice = an_invoice(last_failure=declined(code), **changes)
    return when((), c.OpenCase(account=ACCOUNT, invoice=invoice), policy=policy, backup=backup)


def begun(history: History, card: Card | None, at: Any = NINE) -> History:
    """The charge that is due, as the worker would begin it with this card in the invoice."""
    number = state(history).attempts + 1
    begin = c.BeginAttempt(number=number, invoice=an_invoice(card=card), use=CardUse())
    return when(history, begin, at, USED, backup=BACKUP)


def test_a_card_that_said_never_gives_way_to_the_backup_at_the_next_hour_for_charges() -> None:
    history = opened()
    assert kinds(history) == [e.CaseOpened, e.ChargeDeclined, e.CardReplaced, e.AttemptPlanned]
    replaced, planned = history[2:]
    assert isinstance(replaced, e.CardReplaced)
    assert isinstance(planned, e.AttemptPlanned)
    assert (replaced.card, replaced.by) == (BACKUP, e.CardSource.BACKUP)
    assert (planned.due_at, planned.rule) == (NINE, "backup")


@pytest.mark.parametrize(
    ("policy", "backup"),
    [
        (PLAIN, BACKUP),  # the policy does not
        (USED, None),  # nobody agreed
        (USED, replace(BACKUP, fingerprint=OLD_VISA.fingerprint)),  # the same number
    ],
)
def test_without_policy_word_or_another_number_the_customer_is_asked(
    policy: Policy, backup: Card | None
) -> None:
    history = opened(policy=policy, backup=backup)
    assert kinds(history) == [e.CaseOpened, e.ChargeDeclined, e.CustomerAsked]


def test_while_the_card_on_file_has_chances_they_are_taken_first() -> None:
    history = opened("insufficient_funds")
    assert kinds(history)[-1] is e.AttemptPlanned
    assert state(history).card == OLD_VISA
    due_at = state(history).next_attempt_at
    history += begun(history, OLD_VISA, due_at)
    refused = c.RecordDecline(
        failure=declined(charge="ch_2", at=due_at), by=e.Payer.CHARGECHASE, attempt=1
    )
    steps = when(history, refused, due_at, USED, backup=BACKUP)
    assert kinds(steps) == [e.AttemptDeclined, e.CardReplaced, e.AttemptPlanned]
    assert state(history, steps).card == BACKUP


def test_a_bank_that_wants_its_customer_is_answered_by_the_customer() -> None:
    history = opened("authentication_required")
    assert isinstance(history[-1], e.CustomerAsked)
    assert history[-1].ask is e.Ask.AUTHENTICATION


def test_who_is_held_out_or_pays_bills_by_hand_is_left_alone() -> None:
    watching = replace(USED, stripe_retries=StripeRetries.HOLD_OUT)
    bills = replace(USED, plans={**USED.plans, DeclineFamily.OUTSTANDING: ON_THE_DAY})
    assert e.CardReplaced not in kinds(opened(policy=watching))
    by_hand = opened(policy=bills, collection="send_invoice", due_at=MONDAY)
    assert by_hand
    assert e.CardReplaced not in kinds(by_hand)


def test_the_backup_is_charged_once_and_a_refusal_ends_it() -> None:
    history = opened()
    history += begun(history, BACKUP)
    started = history[-1]
    assert isinstance(started, e.AttemptStarted)
    assert started.card == BACKUP
    failure = declined("insufficient_funds", "ch_b", at=NINE, card=BACKUP)
    back = c.RecordDecline(failure=failure, by=e.Payer.CHARGECHASE, attempt=1)
    steps = when(history, back, NINE, USED, backup=BACKUP)
    assert kinds(steps) == [e.AttemptDeclined, e.CustomerAsked]
    assert steps[-1].rule == "backup_refused"  # type: ignore[union-attr]
    again = c.ReplaceCard(card=BACKUP, by=e.CardSource.BACKUP)
    assert when((*history, *steps), again, NINE + DAY, USED, backup=BACKUP) == ()


def test_a_word_that_was_taken_back_leaves_the_old_card_alone() -> None:
    """The invoice shows what lies in its slot: what the backup stood for is not charged instead."""
    history = opened()
    steps = begun(history, OLD_VISA)
    assert kinds(steps) == [e.CustomerAsked]
    assert steps[0].rule == "backup_gone"  # type: ignore[union-attr]
    assert state(history, steps).next_attempt_at is None
    assert kinds(begun(history, None)) == [e.CustomerAsked]


def test_news_of_the_card_that_lies_in_the_slot_changes_nothing() -> None:
    history = opened()
    assert when(history, c.ReplaceCard(card=OLD_VISA), policy=USED, backup=BACKUP) == ()


def test_a_card_that_the_customer_gives_goes_before_the_backup() -> None:
    history = opened()
    steps = when(history, c.ReplaceCard(card=NEW_VISA), policy=USED, backup=BACKUP)
    assert kinds(steps)[:2] == [e.CardReplaced, e.AttemptPlanned]
    case = state(history, steps)
    assert (case.card, case.beside, case.next_attempt_at) == (NEW_VISA, None, MONDAY)
    found = begun(history, NEW_VISA)  # nobody told; the invoice shows it
    assert kinds(found) == [e.CardReplaced, e.AttemptStarted]


def test_who_agrees_while_it_is_their_turn_is_charged_at_the_next_hour() -> None:
    asked = opened(backup=None)
    assert state(asked).phase is Phase.CUSTOMER
    agreed = c.ReplaceCard(card=BACKUP, by=e.CardSource.BACKUP)
    steps = when(asked, agreed, MONDAY, USED, backup=BACKUP)
    assert kinds(steps) == [e.CardReplaced, e.AttemptPlanned]
    assert when(asked, agreed, MONDAY, USED) == ()  # nothing is recorded
    waiting = opened("insufficient_funds", backup=None)
    assert when(waiting, agreed, MONDAY, USED, backup=BACKUP) == ()


def test_stripes_own_refusals_of_the_card_on_file_do_not_end_the_backup() -> None:
    history = opened()
    theirs = declined("do_not_honor", "ch_theirs", at=MONDAY + timedelta(minutes=1))
    told = c.RecordDecline(failure=theirs, by=e.Payer.STRIPE)
    steps = when(history, told, MONDAY + HOUR, USED, backup=BACKUP)
    case = state(history, steps)
    assert (case.card, case.next_attempt_at) == (BACKUP, NINE)
