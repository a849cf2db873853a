"""What comes next and when: short for a row of the list, a sentence for the case's page."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from application.views import CaseRow, CaseView
from domain.network import DEBIT_SCHEMES
from domain.policy import Channel
from domain.recovery import events as e
from domain.recovery.actions import Action, ActionKind
from domain.recovery.transitions import Phase
from web import times
from web.rules import WHY_THEN
from web.wording.phases import PHASES
from web.wording.story import ASKS, tell
from web.wording.telling import Telling

PLANNED: Final = {
    ActionKind.ATTEMPT: "We try again",
    ActionKind.REMINDER: "We write to the customer",
    ActionKind.RECONCILE: "We ask Stripe what became of the charge",
    ActionKind.TAKE_OVER: "We take over from Stripe",
    ActionKind.RESUME: "The chase goes on by itself",
    ActionKind.CLOSE: "The case ends, if the money has not come",
    ActionKind.END: "We do in Stripe what your policy says for the end",
}


def next_short(row: CaseRow, zone: str) -> str:
    """What comes next, for a line of the list; empty once the case is closed."""
    action = row.next
    if action is None:
        return ""
    when = times.short(action.due_at, zone)
    match action.kind:
        case ActionKind.ATTEMPT:
            return f"Attempt {action.number} \u00b7 {when}"
        case ActionKind.REMINDER:
            return f"Reminder {action.number} \u00b7 {when}"
        case ActionKind.RECONCILE:
            return "Asking Stripe what became of it"
        case ActionKind.TAKE_OVER:
            return "Taking over from Stripe"
        case ActionKind.RESUME:
            return f"Goes on \u00b7 {when}"
        case ActionKind.CLOSE:
            return f"Ends \u00b7 {when}"
        case ActionKind.END:
            return "Ending it in Stripe"


TEXTED: Final = "We text the customer, if they have agreed to it by then"


HELD_OUT: Final = (
    "Chance put this customer into the hold-out: we watch, and neither charge nor write, "
    "so that what we bring can be measured."
)


def next_sentence(view: CaseView, telling: Telling) -> str:
    """What comes next and when, as a sentence; for a closed case, how it ended."""
    if view.row.held_out and view.row.closed_at is None:
        return HELD_OUT
    if view.row.next is None or view.row.closed_at is not None:
        return _how_it_ended(view, telling)
    return _NEXT[view.row.next.kind](view, view.row.next, telling)


def _how_it_ended(view: CaseView, telling: Telling) -> str:
    ends = (e.CaseRecovered, e.CaseLost, e.CaseStopped, e.MoneyCameLate)
    ended = [event for event in view.history if isinstance(event, ends)]
    if not ended:
        return PHASES[view.row.phase].about
    told = tell(ended[-1], telling)
    return f"{told.text.removesuffix('.')} on {telling.time(told.at)}. {told.why}"


def _next_attempt(view: CaseView, action: Action, telling: Telling) -> str:
    planned = [event for event in view.history if isinstance(event, e.AttemptPlanned)]
    why = WHY_THEN.get(planned[-1].rule, "") if planned else ""
    theirs = _their_time(view, action.due_at, telling)
    return f"We will try again on {telling.time(action.due_at)}{theirs}. {why}".rstrip()


def _next_reminder(view: CaseView, action: Action, telling: Telling) -> str:
    theirs = _their_time(view, action.due_at, telling)
    writes = f"We will write to the customer on {telling.time(action.due_at)}{theirs}."
    if is_text_planned(view):
        when = f"{telling.time(action.due_at)}{theirs}"
        writes = f"We will text the customer on {when}, if they have agreed to it by then."
    if view.next_attempt_at is None:
        return writes
    return f"{writes} The next attempt follows on {telling.time(view.next_attempt_at)}."


def is_text_planned(view: CaseView) -> bool:
    """Whether the message that is planned is a text."""
    planned = [event for event in view.history if isinstance(event, e.ReminderPlanned)]
    return bool(planned) and planned[-1].channel is Channel.SMS


def _their_time(view: CaseView, at: datetime, telling: Telling) -> str:
    """The customer's own day and hour, where these are known and not the reader's."""
    opened = next((event for event in view.history if isinstance(event, e.CaseOpened)), None)
    zone = opened.profile.timezone if opened and opened.profile else None
    if zone is None or times.short(at, zone) == times.short(at, telling.zone):
        return ""
    return f" ({times.weekday_hour(at, zone)} where the customer lives)"


def _next_reconcile(view: CaseView, action: Action, telling: Telling) -> str:
    when, begun = telling.time(action.due_at), _debit_begun_at(view)
    if begun is not None:
        return (
            f"The bank debit has been on its way since {telling.time(begun)}; banks take some "
            f"days. We look again on {when}. Until then nobody charges or writes."
        )
    return (
        f"A charge is on its way. If no answer has come by {when}, we ask Stripe what became of it."
    )


def _debit_begun_at(view: CaseView) -> datetime | None:
    """When the debit that is on its way was begun; None for a card."""
    started = [event for event in view.history if isinstance(event, e.AttemptStarted)]
    card = started[-1].card if started else None
    return started[-1].at if card is not None and card.kind in DEBIT_SCHEMES else None


def _next_take_over(view: CaseView, action: Action, telling: Telling) -> str:  # noqa: ARG001
    return "We are switching off Stripe\u2019s own retries of this invoice."


def _next_resume(view: CaseView, action: Action, telling: Telling) -> str:  # noqa: ARG001
    return f"Somebody asked us to wait. The chase goes on on {telling.time(action.due_at)}."


def _next_close(view: CaseView, action: Action, telling: Telling) -> str:
    if view.row.phase is Phase.PAUSED:
        end = telling.time(action.due_at)
        return f"Paused until somebody lets it go on. The case ends on {end} at the latest."
    ask = ASKS[view.row.ask] if view.row.ask else "to pay"
    end = f"The case ends on {telling.time(action.due_at)}."
    return f"We wait for the customer {ask}; no more reminders are planned. {end}"


_NEXT: Final[dict[ActionKind, Callable[[CaseView, Action, Telling], str]]] = {
    ActionKind.ATTEMPT: _next_attempt,
    ActionKind.REMINDER: _next_reminder,
    ActionKind.RECONCILE: _next_reconcile,
    ActionKind.TAKE_OVER: _next_take_over,
    ActionKind.RESUME: _next_resume,
    ActionKind.CLOSE: _next_close,
}
