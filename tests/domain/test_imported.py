"""The past before we came: an invoice and its charges become the events of a case."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.backtest.past import past_case
from domain.decline import DeclineFamily
from domain.invoice import Card, InvoiceStatus
from domain.recovery import events as e
from domain.recovery.case import replay
from domain.recovery.imported import SeenCharge, past_events, stripes_lessons
from tests.builders import DAY, MONDAY, OLD_VISA, a_paid_invoice, an_invoice, declined

NEW_VISA = Card(payment_method="pm_new", fingerprint="fp_new", brand="visa")
LATER = MONDAY + 60 * DAY
PAID = a_paid_invoice(MONDAY + 5 * DAY)


def refused(
    day: float, card: Card | None = OLD_VISA, code: str = "insufficient_funds"
) -> SeenCharge:
    at, name = MONDAY + day * DAY, f"ch_{day}"
    failure = declined(code, name, at=at, card=card)
    return SeenCharge(charge_id=name, at=at, amount_minor=29_00, card=card, failure=failure)


def succeeded(day: float, card: Card | None = OLD_VISA) -> SeenCharge:
    at = MONDAY + day * DAY
    return SeenCharge(charge_id=f"ch_{day}", at=at, amount_minor=29_00, card=card)


def kinds(history: tuple[e.Event, ...]) -> list[str]:
    return [type(event).__name__ for event in history]


def test_what_was_never_refused_is_no_case() -> None:
    assert past_events("acct_1", PAID, [succeeded(0)], LATER) == ()
    assert past_events("acct_1", an_invoice(), [], LATER) == ()


def test_stripes_retries_are_told_in_their_order_and_the_last_one_paid() -> None:
    charges = [succeeded(5), refused(3, code="do_not_honor"), refused(0)]
    history = past_events("acct_1", PAID, charges, MONDAY + 5 * DAY)
    assert kinds(history) == ["CaseOpened", "ChargeDeclined", "ChargeDeclined", "CaseRecovered"]
    past = past_case(history)
    assert past is not None
    assert past.family is DeclineFamily.FUNDS
    assert [(charge.succeeded, charge.at) for charge in past.charges] == [
        (False, _seconds(MONDAY + 3 * DAY)),
        (True, _seconds(MONDAY + 5 * DAY)),
    ]
    assert (past.paid_at, past.closed_at) == (None, _seconds(MONDAY + 5 * DAY))


def test_a_charge_of_another_card_is_the_customers_doing() -> None:
    charges = [refused(0), refused(1), refused(2, NEW_VISA), succeeded(2.5, NEW_VISA)]
    history = past_events("acct_1", PAID, charges, MONDAY + 3 * DAY)
    assert [event.by for event in history if isinstance(event, e.ChargeDeclined)] == [
        e.Payer.STRIPE,
        e.Payer.STRIPE,
        e.Payer.CUSTOMER,
    ]
    assert kinds(history).count("CardReplaced") == 1
    past = past_case(history)
    assert past is not None
    assert past.paid_at == _seconds(MONDAY + 2.5 * DAY)
    assert len(past.charges) == 1


def test_a_card_that_stripe_does_not_name_says_nothing_about_who_paid() -> None:
    history = past_events("acct_1", PAID, [refused(0), succeeded(2, None)], LATER)
    assert [event.by for event in history if isinstance(event, e.CaseRecovered)] == [e.Payer.STRIPE]


def test_money_that_came_without_a_charge_came_from_the_customer() -> None:
    history = past_events("acct_1", PAID, [refused(0)], MONDAY + 5 * DAY)
    recovered = history[-1]
    assert isinstance(recovered, e.CaseRecovered)
    assert (recovered.by, recovered.amount_minor) == (e.Payer.CUSTOMER, 29_00)
    assert stripes_lessons(history, "own") == ()


def test_each_end_of_an_unpaid_invoice_has_its_word() -> None:
    ends = {
        InvoiceStatus.OPEN: e.CaseLost(at=LATER, reason=e.LossReason.WINDOW_OVER),
        InvoiceStatus.UNCOLLECTIBLE: e.CaseLost(at=LATER, reason=e.LossReason.WRITTEN_OFF),
        InvoiceStatus.VOID: e.CaseStopped(at=LATER, reason=e.StopReason.VOIDED),
    }
    for status, end in ends.items():
        history = past_events("acct_1", an_invoice(status=status), [refused(0)], LATER)
        assert history[-1] == end


def test_a_charge_of_a_part_does_not_end_a_case() -> None:
    part = replace(succeeded(1), amount_minor=9_00)
    history = past_events("acct_1", an_invoice(), [refused(0), part, refused(2)], LATER)
    assert kinds(history) == ["CaseOpened", "ChargeDeclined", "ChargeDeclined", "CaseLost"]


def test_no_charge_comes_after_the_end() -> None:
    history = past_events("acct_1", an_invoice(), [refused(0), refused(9)], MONDAY + DAY)
    assert history[-1].at == MONDAY + 9 * DAY


def test_an_invoice_of_nobody_has_a_past_too() -> None:
    history = past_events("acct_1", an_invoice(customer=None), [refused(0)], LATER)
    past = past_case(history)
    assert past is not None
    assert past.customer == "in_1"


def test_each_of_stripes_retries_teaches_once_in_the_situation_of_its_time() -> None:
    charges = [refused(0), refused(3), refused(5), succeeded(7)]
    history = past_events("acct_1", PAID, charges, MONDAY + 7 * DAY)
    lessons = stripes_lessons(history, "own")
    assert [(lesson.at, lesson.succeeded) for lesson in lessons] == [
        (MONDAY + 3 * DAY, False),
        (MONDAY + 5 * DAY, False),
        (MONDAY + 7 * DAY, True),
    ]
    assert [lesson.situation.tries for lesson in lessons] == [0, 1, 2]
    assert {lesson.situation.failed_at for lesson in lessons} == {MONDAY}
    assert {lesson.situation.merchant for lesson in lessons} == {"own"}


def test_what_a_customer_brought_about_teaches_nothing_of_stripes_timing() -> None:
    charges = [refused(0), refused(2, NEW_VISA), succeeded(3, NEW_VISA)]
    assert stripes_lessons(past_events("acct_1", PAID, charges, LATER), "own") == ()


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.booleans(), st.sampled_from([OLD_VISA, NEW_VISA, None])),
        max_size=8,
    ),
    st.sampled_from([status for status in InvoiceStatus if status is not InvoiceStatus.DRAFT]),
    st.integers(0, 60),
)
def test_any_past_is_one_case_that_ends_once_and_teaches_no_more_than_its_charges(
    drawn: list[tuple[int, bool, Card | None]], status: InvoiceStatus, end: int
) -> None:
    charges = [refused(day, card) if bad else succeeded(day, card) for day, bad, card in drawn]
    invoice = an_invoice(status=status)
    history = past_events("acct_1", invoice, charges, MONDAY + end * DAY)
    assert (history == ()) == all(charge.failure is None for charge in charges)
    if not history:
        return
    assert [event.at for event in history] == sorted(event.at for event in history)
    ends = [
        event
        for event in history
        if isinstance(event, e.CaseRecovered | e.CaseLost | e.CaseStopped)
    ]
    assert ends == [history[-1]]
    assert past_case(history) is not None
    assert not replay(history).is_open
    assert len(stripes_lessons(history, "own")) < len(charges)


def _seconds(at: datetime) -> int:
    return int((at - datetime.fromtimestamp(0, at.tzinfo)) / timedelta(seconds=1))
