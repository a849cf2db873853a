"""A new card, and news of cards that are history."""

from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.network import CardUse
from domain.recovery import commands as c
from domain.recovery import events as e
from tests.builders import (
    DAY,
    HOUR,
    MONDAY,
    NEW_VISA,
    OLD_VISA,
    a_decline,
    after,
    declined,
    to_begin,
    to_open,
)
from tests.domain.given import kinds, state, when

THURSDAY = MONDAY + 3 * DAY - 2 * HOUR
ASKED = after(to_open(last_failure=declined("expired_card")))
CHARGING = after(to_open(), (THURSDAY, to_begin()))
REPLACE = c.ReplaceCard(card=NEW_VISA)


def of_attempt(number: int = 1, charge: str = "ch_2") -> c.RecordDecline:
    failure = declined(charge=charge, at=THURSDAY)
    return c.RecordDecline(failure=failure, by=e.Payer.CHARGECHASE, attempt=number)


def test_a_new_card_is_charged_at_once() -> None:
    assert when(ASKED, REPLACE, THURSDAY) == (
        e.CardReplaced(at=THURSDAY, card=NEW_VISA),
        e.AttemptPlanned(at=THURSDAY, number=1, due_at=THURSDAY, rule="new_card"),
    )


def test_the_card_we_know_is_no_news() -> None:
    assert when(ASKED, c.ReplaceCard(card=OLD_VISA), THURSDAY) == ()
    replaced = (*ASKED, *when(ASKED, REPLACE, THURSDAY))
    assert when(replaced, REPLACE, THURSDAY) == ()


def test_the_same_number_with_new_details_is_a_new_card() -> None:
    renewed = c.ReplaceCard(card=NEW_VISA.__class__(payment_method="pm_2", fingerprint="fp_old"))
    assert kinds(when(ASKED, renewed, THURSDAY)) == [e.CardReplaced, e.AttemptPlanned]


def test_a_card_given_where_none_was_known_is_charged_at_once() -> None:
    given = after(to_open(last_failure=declined("expired_card", card=None)))
    assert kinds(when(given, REPLACE)) == [e.CardReplaced, e.AttemptPlanned]
    assert state(given, when(given, REPLACE)).old_cards == frozenset()


def test_a_new_card_starts_its_own_count_of_retries() -> None:
    replaced = when(ASKED, REPLACE, THURSDAY)
    begun = when((*ASKED, *replaced), to_begin(card=NEW_VISA), THURSDAY)
    assert state(ASKED, replaced, begun).retries_on_card == 1


def test_a_card_given_while_the_old_one_is_being_charged_is_tried_when_that_is_refused() -> None:
    replaced = when(CHARGING, REPLACE, THURSDAY)
    assert kinds(replaced) == [e.CardReplaced]
    given = (*CHARGING, *replaced)
    answer = when(given, of_attempt(), THURSDAY)
    assert answer[1] == e.AttemptPlanned(at=THURSDAY, number=2, due_at=THURSDAY, rule="new_card")
    assert state(given, answer).card == NEW_VISA


def test_it_is_tried_too_when_the_bank_wants_to_see_the_owner_of_the_old_one() -> None:
    given = (*CHARGING, *when(CHARGING, REPLACE, THURSDAY))
    events = when(given, c.RequestAuthentication(attempt=1), THURSDAY)
    assert kinds(events) == [e.AttemptAbandoned, e.AttemptPlanned]


def test_an_old_question_does_not_keep_a_new_card_waiting() -> None:
    given = (*ASKED, *when(ASKED, REPLACE, THURSDAY))
    assert when(given, c.RequestAuthentication(), THURSDAY) == ()


def test_a_late_decline_of_the_replaced_card_says_nothing_about_the_new_one() -> None:
    given = (*ASKED, *when(ASKED, REPLACE, THURSDAY))
    late = c.RecordDecline(failure=declined("lost_card", "ch_0"), by=e.Payer.STRIPE)
    events = when(given, late, THURSDAY)
    assert kinds(events) == [e.ChargeDeclined]
    case = state(given, events)
    assert case.card == NEW_VISA
    assert case.next_attempt_at == THURSDAY


def test_a_new_card_whose_charge_vanished_is_tried_again_not_asked_for() -> None:
    given = (*ASKED, *when(ASKED, REPLACE, THURSDAY))
    given = (*given, *when(given, to_begin(card=NEW_VISA), THURSDAY))
    events = when(given, c.AbandonAttempt(attempt=1, evidence="no_charge"), THURSDAY)
    assert kinds(events)[:2] == [e.AttemptAbandoned, e.AttemptPlanned]


def test_a_card_taken_up_again_counts_again() -> None:
    given = (*ASKED, *when(ASKED, REPLACE, THURSDAY))
    given = (*given, *when(given, c.ReplaceCard(card=OLD_VISA), THURSDAY))
    case = state(given)
    assert case.card == OLD_VISA
    assert case.old_cards == {NEW_VISA.payment_method}


def test_the_networks_wait_for_the_old_card_does_not_bind_the_new_one() -> None:
    told = a_decline(brand="mastercard", network_advice_code="30")
    given = after(to_open(last_failure=declined(decline=told)))
    given = (*given, *when(given, REPLACE, THURSDAY))
    assert kinds(when(given, to_begin(card=NEW_VISA), THURSDAY)) == [e.AttemptStarted]


def test_a_new_card_after_the_window_is_not_charged() -> None:
    late = MONDAY + 14 * DAY
    assert kinds(when(ASKED, REPLACE, late)) == [e.CardReplaced, e.CustomerAsked]


def test_a_decline_of_another_kind_changes_the_plan() -> None:
    stolen = c.RecordDecline(
        failure=declined("stolen_card", "ch_2", at=MONDAY + DAY), by=e.Payer.STRIPE
    )
    waiting = after(to_open())
    events = when(waiting, stolen, MONDAY + DAY)
    assert kinds(events) == [e.ChargeDeclined, e.CustomerAsked, e.ReminderPlanned]
    assert state(waiting, events).family is DeclineFamily.NEEDS_NEW_CARD
    assert state(waiting, events).next_attempt_at is None


def test_a_decline_of_the_same_kind_leaves_the_plan_alone() -> None:
    again = c.RecordDecline(failure=declined(charge="ch_2", at=MONDAY + DAY), by=e.Payer.STRIPE)
    assert kinds(when(after(to_open()), again, MONDAY + DAY)) == [e.ChargeDeclined]


def test_a_decline_older_than_the_last_changes_no_plan() -> None:
    earlier = c.RecordDecline(
        failure=declined("stolen_card", "ch_0", at=MONDAY - DAY), by=e.Payer.STRIPE
    )
    events = when(after(to_open()), earlier)
    assert kinds(events) == [e.ChargeDeclined]
    assert state(after(to_open()), events).family is DeclineFamily.FUNDS


def test_a_decline_without_a_card_is_of_the_card_we_charged() -> None:
    nameless = declined(charge="ch_2", at=THURSDAY, card=None)
    answer = c.RecordDecline(failure=nameless, by=e.Payer.CHARGECHASE, attempt=1)
    assert state(CHARGING, when(CHARGING, answer, THURSDAY)).card == OLD_VISA


def test_the_same_card_with_a_new_expiry_is_charged_at_once() -> None:
    """An expired card has its number still: its renewal is not barred with it."""
    old = replace(OLD_VISA, expires="2026-02")
    opened = after(to_open(last_failure=replace(declined("expired_card"), card=old), card=old))
    renewed = replace(old, expires="2029-02")
    events = when(opened, c.ReplaceCard(card=renewed), MONDAY + DAY)
    assert [type(event) for event in events] == [e.CardReplaced, e.AttemptPlanned]
    assert when((*opened, *events), c.ReplaceCard(card=renewed), MONDAY + DAY) == ()


def test_an_old_refusal_of_a_card_that_is_not_on_file_counts_for_neither() -> None:
    other = replace(NEW_VISA, payment_method="pm_other", fingerprint="fp_other")
    earlier = declined(charge="ch_0", at=MONDAY - DAY, card=other)
    told = c.RecordDecline(failure=earlier, by=e.Payer.CUSTOMER)
    waiting = after(to_open())
    case = state(waiting, when(waiting, told))
    assert (case.card, case.refusals) == (OLD_VISA, (MONDAY,))


def test_a_card_that_the_customer_tried_and_that_was_refused_is_the_one_on_file() -> None:
    tried = declined("stolen_card", "ch_2", at=MONDAY + HOUR, card=NEW_VISA)
    waiting = after(to_open())
    told = c.RecordDecline(failure=tried, by=e.Payer.CUSTOMER)
    case = state(waiting, when(waiting, told, MONDAY + HOUR))
    assert (case.card, case.refusals, case.barred) == (NEW_VISA, (MONDAY + HOUR,), True)


def test_details_that_the_network_renewed_clear_what_the_old_ones_said() -> None:
    old = replace(OLD_VISA, expires="2026-02")
    opened = after(to_open(last_failure=replace(declined("expired_card"), card=old), card=old))
    renewed = replace(old, expires="2029-02")
    by_network = c.ReplaceCard(card=renewed, by=e.CardSource.NETWORK)
    replaced, charge = when(opened, by_network, MONDAY + DAY)
    assert replaced == e.CardReplaced(at=MONDAY + DAY, card=renewed, by=e.CardSource.NETWORK)
    assert isinstance(charge, e.AttemptPlanned)
    case = state(opened, (replaced, charge))
    assert (case.family, case.ask, case.new_card) == (None, None, True)


def test_what_was_read_of_the_old_card_does_not_bar_a_new_one() -> None:
    events = when(ASKED, REPLACE, THURSDAY, use=CardUse(barred=True))
    assert kinds(events) == [e.CardReplaced, e.AttemptPlanned]
