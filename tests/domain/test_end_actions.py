"""The end in Stripe: what is asked first, what is the merchant's to do, and what is taken back."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.shapes import IRREVERSIBLE, OF_SUBSCRIPTION, UNDOABLE, EndAction
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import ActionKind, next_action
from domain.recovery.transitions import Phase
from tests.builders import DAY, MONDAY, a_policy, after, to_open
from tests.domain.given import state, when

OVER = MONDAY + 14 * DAY
WAITING = after(to_open())
PAID = c.RecordPayment(amount_minor=29_00, by=e.Payer.STRIPE)
ANSWERS: dict[str, c.Command] = {
    "confirm": c.ConfirmEnd(),
    "undo": c.UndoEndAction(),
    "done": c.RecordEndAction(),
    "refused": c.RecordEndAction(result=e.EndResult.REFUSED, reason="invoice_void"),
    "by hand": c.RecordEndAction(result=e.EndResult.BY_HAND, reason="permission_missing"),
    "money": PAID,
}


def lost(end: EndAction, *, confirm: bool = True, taken_over: bool = True) -> tuple[e.Event, ...]:
    opened = after(to_open(stripe_retry_at=OVER)) if taken_over else WAITING
    begun = (*opened, *when(opened, c.RecordTakeOver())) if taken_over else opened
    policy = a_policy(end=end, confirm_end=confirm)
    return (*begun, *when(begun, c.CloseCase(), OVER, policy))


def tell(history: tuple[e.Event, ...], *commands: c.Command) -> tuple[e.Event, ...]:
    for command in commands:
        history = (*history, *when(history, command, OVER))
    return history


@pytest.mark.parametrize("end", sorted(IRREVERSIBLE))
def test_what_nothing_brings_back_waits_for_the_merchant(end: EndAction) -> None:
    case = state(lost(end))
    assert (case.then, case.end_waits, case.needs_merchant) == (end, True, True)
    assert next_action(case) is None


@pytest.mark.parametrize("end", sorted(IRREVERSIBLE))
def test_a_policy_that_says_so_has_it_done_at_once(end: EndAction) -> None:
    case = state(lost(end, confirm=False))
    action = next_action(case)
    assert action is not None
    assert action.kind is ActionKind.END
    assert not case.needs_merchant


@pytest.mark.parametrize("end", sorted(frozenset(EndAction) - IRREVERSIBLE - {EndAction.KEEP}))
def test_what_can_be_borne_is_done_without_asking(end: EndAction) -> None:
    action = next_action(state(lost(end)))
    assert action is not None
    assert action.kind is ActionKind.END


def test_the_merchants_yes_makes_it_due_once() -> None:
    waits = lost(EndAction.CANCEL_SUBSCRIPTION)
    said = tell(waits, c.ConfirmEnd())
    assert said[-1] == e.EndConfirmed(at=OVER)
    action = next_action(state(said))
    assert action is not None
    assert action.kind is ActionKind.END
    assert when(said, c.ConfirmEnd(), OVER) == ()


def test_nobody_can_say_that_it_is_done_while_it_waits() -> None:
    for word in ("done", "refused", "by hand"):
        assert when(lost(EndAction.VOID_INVOICE), ANSWERS[word], OVER) == ()


def test_the_merchants_no_leaves_it_as_it_is() -> None:
    waits = lost(EndAction.CANCEL_SUBSCRIPTION)
    said = tell(waits, c.UndoEndAction())
    assert said[-1] == e.EndActionUndone(at=OVER, in_stripe=False)
    case = state(said)
    assert (case.then, case.needs_merchant, next_action(case)) == (EndAction.KEEP, False, None)
    assert when(said, c.UndoEndAction(), OVER) == ()


def test_what_the_connection_may_not_do_is_the_merchants_to_do_and_done_once() -> None:
    task = tell(lost(EndAction.PAUSE_COLLECTION), ANSWERS["by hand"])
    case = state(task)
    assert (case.by_hand, case.needs_merchant) == (EndAction.PAUSE_COLLECTION, True)
    assert next_action(case) is None
    assert when(task, ANSWERS["by hand"], OVER) == ()
    done = tell(task, c.RecordEndAction())
    assert not state(done).needs_merchant
    assert when(done, c.RecordEndAction(), OVER) == ()


def test_what_the_merchant_did_by_hand_is_not_ours_to_take_back() -> None:
    done = tell(lost(EndAction.PAUSE_COLLECTION), ANSWERS["by hand"], ANSWERS["done"])
    assert when(done, c.UndoEndAction(), OVER) == ()


def test_a_task_that_the_merchant_leaves_is_none_any_more() -> None:
    left = tell(lost(EndAction.MARK_UNCOLLECTIBLE), ANSWERS["by hand"], c.UndoEndAction())
    assert left[-1] == e.EndActionUndone(at=OVER, in_stripe=False)
    assert not state(left).needs_merchant


@pytest.mark.parametrize("end", sorted(frozenset(EndAction) - {EndAction.KEEP}))
def test_only_what_can_be_undone_is_undone_and_once(end: EndAction) -> None:
    done = tell(lost(end, confirm=False), c.RecordEndAction())
    undone = when(done, c.UndoEndAction(), OVER)
    assert undone == ((e.EndActionUndone(at=OVER),) if end in UNDOABLE else ())
    assert when((*done, *undone), c.UndoEndAction(), OVER) == ()


def test_late_money_leaves_nothing_to_do_but_what_was_done_can_still_be_taken_back() -> None:
    for before in (
        lost(EndAction.VOID_INVOICE),
        tell(lost(EndAction.HAND_BACK), ANSWERS["by hand"]),
    ):
        case = state(tell(before, PAID))
        assert (case.needs_merchant, next_action(case)) == (False, None)
    done = tell(lost(EndAction.CANCEL_AT_PERIOD_END), ANSWERS["done"], PAID)
    assert tell(done, c.UndoEndAction())[-1] == e.EndActionUndone(at=OVER)


def test_only_what_was_taken_over_is_handed_back() -> None:
    assert state(lost(EndAction.HAND_BACK)).then is EndAction.HAND_BACK
    assert state(lost(EndAction.HAND_BACK, taken_over=False)).then is EndAction.KEEP


@pytest.mark.parametrize("end", sorted(OF_SUBSCRIPTION))
def test_without_a_subscription_there_is_none_to_end(end: EndAction) -> None:
    single = after(to_open(subscription_id=None))
    (over,) = when(single, c.CloseCase(), OVER, a_policy(end=end))
    assert isinstance(over, e.CaseLost)
    assert (over.then, over.confirm) == (EndAction.KEEP, False)


def test_an_open_case_has_no_end_to_speak_of() -> None:
    for word in ("confirm", "undo", "done"):
        assert when(WAITING, ANSWERS[word]) == ()


def test_why_not_is_kept() -> None:
    told = tell(lost(EndAction.MARK_UNCOLLECTIBLE), ANSWERS["refused"])[-1]
    assert told == e.EndActionDone(at=OVER, result=e.EndResult.REFUSED, reason="invoice_void")


@pytest.mark.parametrize(("kept", "result"), [("true", "done"), ("false", "refused")])
def test_a_decision_of_old_is_still_understood(kept: str, result: str) -> None:
    raw = f'{{"type":"record_end_action","done":{kept}}}'
    command = msgspec.json.decode(raw, type=c.Command)
    assert isinstance(command, c.RecordEndAction)
    assert command.outcome == result


@given(st.sampled_from(EndAction), st.booleans(), st.lists(st.sampled_from(sorted(ANSWERS))))
def test_whatever_is_said_in_whatever_order_the_end_happens_at_most_once(
    end: EndAction, confirm: bool, words: list[str]
) -> None:
    history = lost(end, confirm=confirm)
    for word in words:
        before = state(history)
        history = tell(history, ANSWERS[word])
        case = state(history)
        assert case.phase is Phase.LOST
        assert not (case.then is not EndAction.KEEP and case.by_hand is not EndAction.KEEP)
        assert (next_action(case) is not None) == (
            case.then is not EndAction.KEEP and not case.end_waits
        )
        if before.end_waits and word not in ("confirm",):
            assert next_action(case) is None
    done = [n for n in history if isinstance(n, e.EndActionDone) and n.result == "done"]
    undone = [n for n in history if isinstance(n, e.EndActionUndone)]
    assert len(done) <= 1
    assert len(undone) <= 1
