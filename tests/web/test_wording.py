"""The words: every event, phase and next step has its own; money and times read as people read."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from adapters.memory.pages import MemoryPages
from application.views import CaseView, Needs
from domain.decline import Decline, DeclineFamily
from domain.decline.codes import DECLINE_CODES
from domain.invoice import Card, FailedCharge, Profile
from domain.network import BARRING, Budget
from domain.policy import Channel, Template
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from domain.recovery.state import MarkKind
from domain.recovery.transitions import Phase
from tests.web.site import ACME, NOW, Site
from tests.web.stories import Story
from web import money, rules, times
from web.declines import REASONS, reason_of
from web.reasons import AGAINST
from web.rules import WHY_ASKED, WHY_SKIPPED, WHY_THEN
from web.wording.ahead import PLANNED, next_sentence
from web.wording.budgets import budget, budget_sentence, is_barred, left_on_card
from web.wording.phases import MARKS, PHASES
from web.wording.story import ASKS, tell
from web.wording.telling import Telling

AT = datetime(2026, 7, 3, 7, 0, tzinfo=UTC)  # a Friday, nine in Berlin
TELLING = Telling(zone="Europe/Berlin", currency="eur")
VISA = Card(payment_method="pm", fingerprint="fp", brand="visa", last4="4242")
FAILURE = FailedCharge(
    charge_id="ch",
    at=AT,
    amount_minor=29_00,
    decline=Decline(code="card_declined", decline_code="insufficient_funds"),
    card=VISA,
)
FUNDS = DeclineFamily.FUNDS

TOLD = [
    e.CaseOpened(
        at=AT, account="a", invoice_id="i", customer_id=None, subscription_id=None,
        amount_minor=29_00, currency="eur", policy_version=1, closes_at=AT + timedelta(days=14),
    ),
    e.CaseOpened(
        at=AT, account="a", invoice_id="i", customer_id=None, subscription_id=None,
        amount_minor=29_00, currency="eur", policy_version=1, closes_at=AT, held_out=True,
    ),
    e.CaseOpened(
        at=AT, account="a", invoice_id="i", customer_id=None, subscription_id=None, held_out=True,
        amount_minor=29_00, currency="eur", policy_version=1, closes_at=AT + timedelta(days=14),
    ),
    e.RetriesTakenOver(at=AT),
    e.StripeCounted(at=AT, attempt_count=4),
    *(e.ChargeDeclined(at=AT, failure=FAILURE, family=FUNDS, by=by) for by in e.Payer),
    e.AttemptDeclined(at=AT, number=1, failure=FAILURE, family=FUNDS),
    e.AmountChanged(at=AT, amount_minor=10_00),
    e.AmountChanged(at=AT, amount_minor=10_00, paid_minor=19_00),
    e.AttemptPlanned(at=AT, number=2, due_at=AT, rule="plan:funds"),
    e.AttemptStarted(at=AT, number=2, amount_minor=29_00, card=None),
    e.AttemptUnclear(at=AT, number=2, check_at=AT),
    e.AttemptAbandoned(at=AT, number=2, evidence="no charge"),
    e.AttemptAbandoned(at=AT, number=2, evidence="authentication"),
    *(e.CustomerAsked(at=AT, ask=ask, rule="spent") for ask in e.Ask),
    e.ReminderPlanned(at=AT, step=1, due_at=AT),
    *(e.ReminderPlanned(at=AT, step=1, due_at=AT, template=one) for one in Template),
    e.ReminderPlanned(at=AT, step=1, due_at=AT, channel=Channel.SMS),
    e.ReminderStarted(at=AT, step=1, message_id="m"),
    e.ReminderStarted(at=AT, step=1, message_id="m", channel=Channel.SMS),
    *(e.ReminderStarted(at=AT, step=1, message_id="m", template=one) for one in Template),
    *(e.ReminderSkipped(at=AT, step=1, reason=reason) for reason in WHY_SKIPPED),
    e.ReminderFailed(at=AT, step=1, reason="550"),
    *(e.CardReplaced(at=AT, card=VISA, by=by) for by in e.CardSource),
    e.DatePicked(at=AT, charge_at=AT),
    e.DatePicked(at=AT, charge_at=AT + timedelta(days=2)),
    e.PaymentPromised(at=AT, until=AT),
    *(e.CasePaused(at=AT, by=by, until=AT) for by in e.Pauser),
    e.CasePaused(at=AT, by=e.Pauser.MERCHANT),
    *(e.CaseResumed(at=AT, by=by) for by in e.Pauser),
    *(e.CaseRecovered(at=AT, amount_minor=29_00, by=by, attempt=1) for by in e.Payer),
    *(e.CaseLost(at=AT, reason=reason) for reason in e.LossReason),
    *(e.EndActionDone(at=AT, result=result) for result in e.EndResult),
    e.EndActionDone(at=AT, result=e.EndResult.REFUSED, reason="invoice_void"),
    e.EndConfirmed(at=AT),
    *(e.EndActionUndone(at=AT, in_stripe=in_stripe) for in_stripe in (True, False)),
    *(e.MoneyReturned(at=AT, amount_minor=29_00, reason=reason) for reason in e.Return),
    *(e.MoneyReinstated(at=AT, amount_minor=29_00, reason=reason) for reason in e.Return),
    e.MoneyOverpaid(at=AT, amount_minor=29_00),
    *(e.CaseStopped(at=AT, reason=reason) for reason in e.StopReason),
    e.MoneyCameLate(at=AT, amount_minor=29_00, by=e.Payer.CUSTOMER),
]  # fmt: skip


def test_every_kind_of_event_is_among_those_told_here() -> None:
    assert {type(event) for event in TOLD} == set(get_args(e.Event))


@pytest.mark.parametrize("event", TOLD, ids=lambda event: type(event).__name__)
def test_an_event_is_told_in_whole_sentences(event: e.Event) -> None:
    told = tell(event, TELLING)
    assert told.text.endswith((".", "!"))
    assert told.text[0].isupper() or told.text[0].isdigit()
    assert not told.why or told.why.endswith(".")
    for banned in ("successfully", "None", "_funds:", "{", "Retry scheduled"):
        assert banned not in told.text + told.why


def test_every_phase_mark_step_ask_and_end_has_its_words() -> None:
    assert set(PHASES) == {*Phase, *Needs}
    assert set(MARKS) == set(MarkKind)
    assert set(PLANNED) == set(ActionKind)
    assert set(ASKS) == set(e.Ask)
    assert set(rules.STOPS) == set(e.StopReason)
    assert set(rules.LOSSES) == set(e.LossReason)
    assert set(rules.RETURNS) == set(e.Return)


def test_every_decline_has_a_reason_whatever_its_code() -> None:
    assert set(REASONS) <= set(DECLINE_CODES)
    for family in DeclineFamily:
        assert reason_of(Decline(), family).endswith(".")
        assert "(made_up)" in reason_of(Decline(decline_code="made_up"), family)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (0, "usd", "0.00"),
        (5, "eur", "0.05"),
        (123_456_789, "usd", "1\u202f234\u202f567.89"),
        (500, "jpy", "500"),
        (1_000_000, "jpy", "1\u202f000\u202f000"),
        (1_234, "kwd", "1.234"),
        (5, "bhd", "0.005"),
        (500_00, "isk", "500"),
        (-29_00, "EUR", "\u221229.00"),
    ],
)
def test_money_is_printed_in_its_own_currency(minor: int, currency: str, text: str) -> None:
    assert money.number(minor, currency) == text


def test_a_time_is_told_in_the_readers_zone_with_the_zone_beside_it() -> None:
    assert times.sentence(AT, "Europe/Berlin") == "Friday 3 July at 09:00"
    assert times.short(AT, "America/New_York") == "Fri 3 Jul, 03:00"
    assert times.full(AT, "Europe/Berlin").endswith("Europe/Berlin (UTC+0200)")
    assert times.sentence(AT, "Not/AZone") == "Friday 3 July at 07:00"


DISTANCES = {
    -5: "just now",
    5: "now",
    -60: "1 minute ago",
    7_300: "in 2 hours",
    -86_399: "23 hours ago",
    -3 * 86_400: "3 days ago",
}


@pytest.mark.parametrize(("seconds", "text"), DISTANCES.items())
def test_distance_in_time_is_told_in_one_unit(seconds: int, text: str) -> None:
    assert times.relative(AT + timedelta(seconds=seconds), AT) == text


def test_every_rule_of_the_domain_has_its_sentence() -> None:
    """A rule is a word in the domain and a sentence here; a new one must not stay unsaid."""
    source = "\n".join(
        path.read_text() for path in (Path(__file__).parents[2] / "domain").rglob("*.py")
    )
    rules = set(re.findall(r'rule="(\w+)"', source))
    rules |= set(re.findall(r'rule = [^\n]*"(\w+)"', source))
    rules |= set(re.findall(r'\("(\w+)", (?:case\.|room_at)', source))
    rules |= set(re.findall(r'_asked\([^\n]*"(\w+)", now', source))
    rules |= set(re.findall(r'_on_the_day\([^\n]*"(\w+)", basis', source))
    rules |= set(re.findall(r'plan_attempt\([^\n]*"(\w+)", now\)', source))
    rules |= {f"plan:{family}" for family in DeclineFamily}
    rules |= set(re.findall(r'_on_the_day\(case, [\w.]+, "(\w+)"', source))
    assert {"window", "spent", "new_card", "advised_wait", "not_worth_it", "promised"} <= rules
    assert rules <= set(WHY_THEN) | set(WHY_ASKED) | set(AGAINST)
    assert {f"plan:{family}" for family in DeclineFamily if family not in BARRING} <= set(WHY_THEN)


def test_every_reason_for_leaving_a_message_out_has_its_sentence() -> None:
    folder = Path(__file__).parents[2] / "domain" / "recovery"
    source = "\n".join(path.read_text() for path in folder.glob("*.py"))
    reasons = set(re.findall(r'reason="(\w+)"', source))
    reasons |= set(re.findall(r'return "(\w+)", (?:None|Why)', source))
    assert {"spoken_for", "not_worthwhile", "window", "too_small"} <= reasons
    assert reasons <= set(WHY_SKIPPED)


async def view_of(**changes: object) -> CaseView:
    site = Site()
    await site.open_house()
    given = {"invoice_id": "in_0001", "opened_at": NOW - timedelta(days=3), **changes}
    case_id = await site.tell(Story(**given))  # type: ignore[arg-type]
    view = await MemoryPages(site.world).case(ACME, case_id, NOW)
    assert view is not None
    return view


def living_in(view: CaseView, zone: str) -> CaseView:
    opened, *later = view.history
    assert isinstance(opened, e.CaseOpened)
    profile = Profile(country="JP", timezone=zone)
    return replace(view, history=(replace(opened, profile=profile), *later))


async def test_a_step_is_told_in_the_customers_own_time_too_where_it_is_another() -> None:
    view = await view_of()
    there = living_in(view, "Asia/Tokyo")
    assert "where the customer lives" not in next_sentence(view, TELLING)
    assert "where the customer lives" not in next_sentence(living_in(view, "Europe/Paris"), TELLING)
    assert re.search(
        r" at \d\d:\d\d \(\w+day at \d\d:\d\d where the customer lives\)\.",
        next_sentence(there, TELLING),
    )


async def test_a_card_that_said_never_has_nothing_left_until_another_comes() -> None:
    stolen = await view_of(decline_code="stolen_card")
    assert is_barred(stolen)
    assert left_on_card(stolen) == 0
    assert budget(stolen) == "This card is not charged again for this payment."
    renewed = await view_of(decline_code="stolen_card", new_card_at=NOW - timedelta(days=1))
    assert not is_barred(renewed)
    assert "declines left on this card in 30 days" in budget(renewed)
    assert stolen.row.card is not None
    details = e.CardReplaced(at=NOW, card=stolen.row.card, by=e.CardSource.NETWORK)
    assert is_barred(replace(stolen, history=(*stolen.history, details)))
    other = replace(stolen, row=replace(stolen.row, card=VISA))
    assert not is_barred(other)


def test_a_budget_is_told_as_a_person_would() -> None:
    left = Budget(used=5, allowed=8, network=20, frees_at=datetime(2026, 5, 14, 9, tzinfo=UTC))
    told = budget_sentence(left, "visa", "Europe/Berlin")
    assert told == "3 of 8 left until 14 May; Visa allows 20."
    fresh = Budget(used=0, allowed=8, network=8)
    assert budget_sentence(fresh, None, "UTC") == "8 of 8 left; its network allows 8."
