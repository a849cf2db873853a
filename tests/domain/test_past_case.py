"""A past case is what became of a case, told by its own events."""

from datetime import timedelta

from msgspec.structs import replace

from domain.backtest import PastCase
from domain.backtest.past import past_case
from domain.decline import DeclineFamily
from domain.invoice import Card, Profile
from domain.recovery import events as e
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, opened, our_decline, refused, started

SHOP = Shop(None, "acct_1")  # type: ignore[arg-type]
OPENED = opened(SHOP)
FIRST = refused("ch_1")
END = MONDAY + 10 * DAY
LOST = e.CaseLost(at=END, reason=e.LossReason.WINDOW_OVER)
OURS = e.CaseRecovered(at=END, amount_minor=29_00, by=e.Payer.CHARGECHASE, attempt=1)
THEIRS = e.CaseRecovered(at=END, amount_minor=29_00, by=e.Payer.CUSTOMER)
NEW_CARD = e.CardReplaced(at=MONDAY + DAY, card=Card(payment_method="pm_2", fingerprint="two"))


def seconds(days: float) -> int:
    return int((MONDAY + timedelta(days=days)).timestamp())


def past(*history: e.Event) -> PastCase:
    found = past_case(history)
    assert found is not None
    return found


def test_a_case_that_was_never_refused_or_is_not_over_teaches_nothing() -> None:
    assert past_case([OPENED, LOST]) is None
    assert past_case([OPENED, FIRST]) is None
    assert past_case([FIRST, our_decline(1, "ch_2"), LOST]) is None
    assert past_case([OPENED, our_decline(1, "ch_2"), LOST]) is None


def test_refusals_count_once_each_and_the_customers_own_do_not() -> None:
    again = our_decline(1, "ch_2", MONDAY + DAY)
    own = replace(refused("ch_3", MONDAY + DAY), by=e.Payer.CUSTOMER)
    stolen = refused("ch_4", MONDAY + 2 * DAY, "stolen_card")
    told_again = our_decline(9, "ch_1")
    found = past(OPENED, FIRST, told_again, again, again, own, stolen, LOST)
    assert [(one.at, one.family) for one in found.charges] == [
        (seconds(1), None),
        (seconds(2), DeclineFamily.NEVER),
    ]
    assert found.paid_at is None
    assert found.closed_at == seconds(10)


def test_a_charge_that_brought_the_money_counts_from_when_it_began() -> None:
    found = past(OPENED, FIRST, started(1, END - HOUR), OURS)
    assert [(one.at, one.succeeded) for one in found.charges] == [
        (int((END - HOUR).timestamp()), True)
    ]
    stripes = replace(OURS, by=e.Payer.STRIPE, attempt=None)
    assert past(OPENED, FIRST, stripes).charges[0].at == seconds(10)


def test_what_follows_a_customers_deed_is_theirs() -> None:
    assert past(OPENED, FIRST, THEIRS).paid_at == seconds(10)
    found = past(OPENED, FIRST, NEW_CARD, our_decline(1, "ch_2", MONDAY + 2 * DAY), OURS)
    assert (found.charges, found.paid_at) == ((), seconds(10))
    picked = e.DatePicked(at=MONDAY + DAY, charge_at=END)
    assert past(OPENED, FIRST, picked, started(1, END), OURS).paid_at == seconds(10)
    updated = replace(NEW_CARD, by=e.CardSource.NETWORK)
    assert past(OPENED, FIRST, updated, started(1, END), OURS).paid_at is None


def test_messages_that_went_are_counted() -> None:
    sent = e.ReminderStarted(at=MONDAY + DAY, step=1, message_id="one@mail")
    lost = e.ReminderFailed(at=MONDAY + 2 * DAY, step=2, reason="no such mailbox")
    late = e.CaseStopped(at=END, reason=e.StopReason.VOIDED)
    found = past(OPENED, FIRST, sent, replace(sent, at=MONDAY + 2 * DAY, step=2), lost, late)
    assert found.messages == (seconds(1),)


def test_who_the_customer_is_comes_from_the_profile_and_the_card() -> None:
    known = replace(OPENED, timezone="Europe/Vienna", profile=Profile(
        country="AT", interval="month", price="price_1", subscribed_at=MONDAY - DAY))  # fmt: skip
    found = past(known, FIRST, e.AttemptUnclear(at=MONDAY, number=1, check_at=END), LOST)
    assert (found.country, found.timezone, found.interval) == ("AT", "Europe/Vienna", "month")
    assert found.subscribed_at == seconds(-1)
    cardless = replace(FIRST, failure=replace(FIRST.failure, card=None))
    bare = past(replace(OPENED, customer_id=None), cardless, LOST)
    assert (bare.customer, bare.country, bare.funding) == ("in_1", None, None)
