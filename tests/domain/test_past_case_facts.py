"""A past case keeps each fact that a plan may ask for, and nothing beyond its ends."""

import pytest
from msgspec.structs import replace

from domain.backtest import PastCase, PastCharge
from domain.backtest.past import past_case
from domain.decline import DeclineFamily
from domain.invoice import Card, Profile
from domain.recovery import events as e
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, opened, our_decline, refused, started

BARE = replace(opened(Shop(None, "acct_1")), timezone=None, profile=None)  # type: ignore[arg-type]
REFUSED = refused("ch_1")
END = MONDAY + 10 * DAY
LOST = e.CaseLost(at=END, reason=e.LossReason.WINDOW_OVER)
OURS = e.CaseRecovered(at=END, amount_minor=29_00, by=e.Payer.CHARGECHASE, attempt=1)
PICKED = e.DatePicked(at=MONDAY + DAY, charge_at=END)
UPDATED = e.CardReplaced(
    at=MONDAY + 2 * DAY,
    card=Card(payment_method="pm_2", fingerprint="two"),
    by=e.CardSource.NETWORK,
)
STARTED_AT, ENDED_AT = int(MONDAY.timestamp()), int(END.timestamp())


def first(**card: str) -> e.ChargeDeclined:
    """The first refusal, of a card of which this is known."""
    known = Card(payment_method="pm_1", fingerprint="one", **card)
    return replace(REFUSED, failure=replace(REFUSED.failure, card=known))


def past(*history: e.Event) -> PastCase:
    found = past_case(history)
    assert found is not None
    return found


def test_all_that_is_known_is_kept() -> None:
    profile = Profile(
        country="AT",
        timezone="Europe/Vienna",
        interval="year",
        price="price_1",
        collection="send_invoice",
        subscribed_at=MONDAY - 40 * DAY,
    )
    known = replace(BARE, profile=profile, customer_id="cus_7", amount_minor=77_00, currency="chf")
    stumbled = replace(first(funding="debit", country="DE"), family=DeclineFamily.TEMPORARY)
    assert past(known, stumbled, LOST) == PastCase(
        customer="cus_7",
        opened_at=STARTED_AT,
        closed_at=ENDED_AT,
        amount_minor=77_00,
        currency="chf",
        family=DeclineFamily.TEMPORARY,
        country="AT",
        timezone="Europe/Vienna",
        funding="debit",
        interval="year",
        price="price_1",
        collection="send_invoice",
        subscribed_at=STARTED_AT - 40 * 86_400,
    )


def test_what_the_profile_does_not_say_the_card_does_and_the_rest_is_unknown() -> None:
    found = past(BARE, first(funding="credit", country="DE"), LOST)
    assert (found.country, found.funding, found.timezone) == ("DE", "credit", None)
    assert found.collection == "charge_automatically"
    assert (found.interval, found.price, found.subscribed_at) == (None, None, None)


def test_a_zone_that_the_case_was_given_counts_more_than_the_profiles() -> None:
    profile = Profile(timezone="Europe/Vienna")
    told = replace(BARE, profile=profile, timezone="Asia/Tokyo")
    assert past(told, first(), LOST).timezone == "Asia/Tokyo"
    assert past(replace(told, timezone=None), first(), LOST).timezone == "Europe/Vienna"


def test_what_happens_at_the_very_first_and_last_instant_belongs_to_the_case() -> None:
    letters = [
        e.ReminderStarted(at=at, step=1, message_id=f"{at:%d}@mail")
        for at in (MONDAY - HOUR, MONDAY, END, END + HOUR)
    ]
    charges = [
        our_decline(number, f"ch_{number + 2}", at)
        for number, at in enumerate((MONDAY - HOUR, MONDAY, END, END + HOUR))
    ]
    found = past(BARE, first(), *letters, *charges, LOST)
    assert found.messages == (STARTED_AT, ENDED_AT)
    assert [charge.at for charge in found.charges] == [STARTED_AT, ENDED_AT]


def test_a_message_that_failed_is_the_last_that_was_sent() -> None:
    sent = [
        e.ReminderStarted(at=MONDAY + day * DAY, step=day, message_id=f"{day}@mail")
        for day in (1, 2, 3)
    ]
    failed = e.ReminderFailed(at=MONDAY + 4 * DAY, step=3, reason="no such mailbox")
    found = past(BARE, first(), *sent, failed, LOST)
    assert found.messages == (STARTED_AT + 86_400, STARTED_AT + 2 * 86_400)


def test_what_a_customer_has_done_stays_theirs_when_the_network_renews_the_card() -> None:
    own = replace(UPDATED, by=e.CardSource.CUSTOMER, at=MONDAY + DAY)
    for deed in (PICKED, own):
        found = past(BARE, first(), deed, UPDATED, started(1, END - HOUR), OURS)
        assert (found.charges, found.paid_at) == ((), ENDED_AT)


@pytest.mark.parametrize("stripes", [True, False])
def test_money_that_none_of_our_charges_brought_counts_from_when_it_came(stripes: bool) -> None:
    """Stripe's own retry while one of ours is under way, and ours of which no beginning is told."""
    retried = [started(1, END - DAY), replace(OURS, by=e.Payer.STRIPE, attempt=None)]
    found = past(BARE, first(), *(retried if stripes else [OURS]))
    assert found.charges == (PastCharge(ENDED_AT, succeeded=True),)
