"""The words of the house: what a phase, an event and a next step are called on screens.

Sentences have a subject and a time. Nothing is "successfully" done, nobody is blamed.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, assert_never

from msgspec import Struct

from application.views import CaseRow, CaseView
from domain.invoice import Card
from domain.network import Budget
from domain.recovery import events as e
from domain.recovery.actions import Action, ActionKind
from domain.recovery.state import MarkKind
from domain.recovery.transitions import Phase
from web import money, times
from web.declines import reason_of
from web.rules import LOSSES, RETURNS, STOPS, WHY_ASKED, WHY_SKIPPED, WHY_THEN


class PhaseWords(Struct, frozen=True):
    """How a phase is named and which tone and shape it has; never colour alone."""

    label: str
    tone: str  # waiting | customer | recovered | stopped | lost: a class of the design system
    about: str


PHASES: Final = {
    Phase.NEW: PhaseWords("New", "waiting", "Just arrived."),
    Phase.WAITING: PhaseWords("Waiting", "waiting", "We know when we act next."),
    Phase.CHARGING: PhaseWords("Charging", "charging", "A charge is on its way."),
    Phase.CUSTOMER: PhaseWords("Customer\u2019s turn", "customer", "Only the customer can help."),
    Phase.PAUSED: PhaseWords("Paused", "waiting", "Somebody asked us to wait."),
    Phase.RECOVERED: PhaseWords("Recovered", "recovered", "The money came back."),
    Phase.LOST: PhaseWords("Lost", "lost", "The money did not come back in time."),
    Phase.STOPPED: PhaseWords("Stopped", "stopped", "There is nothing left to chase."),
}

# In place of the phase, for an open case that is only watched.
HELD_OUT_WORDS: Final = PhaseWords("Held out", "waiting", "We watch, and neither charge nor write.")

MARKS: Final = {
    MarkKind.FAILED: "Declined",
    MarkKind.TRIED: "Tried again",
    MarkKind.WROTE: "Wrote to the customer",
    MarkKind.CUSTOMER: "New card",
    MarkKind.PAID: "Paid",
    MarkKind.ENDED: "Ended",
}

PLANNED: Final = {
    ActionKind.ATTEMPT: "We try again",
    ActionKind.REMINDER: "We write to the customer",
    ActionKind.RECONCILE: "We ask Stripe what became of the charge",
    ActionKind.TAKE_OVER: "We take over from Stripe",
    ActionKind.RESUME: "The chase goes on by itself",
    ActionKind.CLOSE: "The case ends, if the money has not come",
    ActionKind.END: "We do in Stripe what your policy says for the end",
}

ASKS: Final = {
    e.Ask.CARD: "to put in another card",
    e.Ask.AUTHENTICATION: "to confirm the payment with the bank",
    e.Ask.PAYMENT: "to pay in whatever way suits",
}

# Why a message goes later than its campaign says.
WHY_LATER: Final = {
    "contact_budget": "This person has heard from us often enough for now.",
    "quiet_hours": "It was night where the customer lives.",
    "promised": "The customer promised to pay, so we leave them alone until then.",
}

BRANDS: Final = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "discover": "Discover",
    "diners": "Diners Club",
    "jcb": "JCB",
    "unionpay": "UnionPay",
}


class Told(Struct, frozen=True, kw_only=True):
    """One event in words. `tone` names the mark beside it; `plan` marks are quiet."""

    at: datetime
    tone: str
    text: str
    why: str = ""


class Telling(Struct, frozen=True, kw_only=True):
    """What sentences need beside the event: the reader's zone and the case's currency."""

    zone: str
    currency: str

    def money(self, amount_minor: int) -> str:
        """The amount with its code."""
        return money.plain(amount_minor, self.currency)

    def time(self, at: datetime) -> str:
        """Friday 4 July at 09:00."""
        return times.sentence(at, self.zone)


def card_name(card: Card | None) -> str:
    """Visa ending in 4242."""
    if card is None:
        return "the card on file"
    brand = BRANDS.get(card.brand or "", "card" if card.brand is None else card.brand.title())
    return f"{brand} ending in {card.last4}" if card.last4 else brand


def tell(event: e.Event, telling: Telling) -> Told:
    """One event as a line of the timeline."""
    match event:
        case e.CaseOpened() | e.RetriesTakenOver() | e.AmountChanged():
            return _tell_opening(event, telling)
        case e.ChargeDeclined() | e.AttemptDeclined():
            return _tell_decline(event)
        case e.AttemptPlanned() | e.AttemptStarted() | e.AttemptUnclear() | e.AttemptAbandoned():
            return _tell_attempt(event, telling)
        case e.CustomerAsked() | e.CardReplaced() | e.DatePicked() | e.PaymentPromised():
            return _tell_customer(event, telling)
        case e.CasePaused() | e.CaseResumed():
            return _tell_pause(event, telling)
        case e.ReminderPlanned() | e.ReminderStarted() | e.ReminderSkipped() | e.ReminderFailed():
            return _tell_reminder(event, telling)
        case e.CaseRecovered() | e.CaseLost() | e.CaseStopped() | e.MoneyCameLate():
            return _tell_end(event, telling)
        case e.EndActionDone() | e.MoneyReturned() | e.MoneyReinstated():
            return _tell_after_the_end(event, telling)
        case _:
            assert_never(event)


def _tell_opening(
    event: e.CaseOpened | e.RetriesTakenOver | e.AmountChanged, telling: Telling
) -> Told:
    match event:
        case e.CaseOpened(held_out=True):
            text = f"We watch what becomes of {telling.money(event.amount_minor)}."
            why = "Chance put this customer into the hold-out: we neither charge nor write."
            return Told(at=event.at, tone="plan", text=text, why=why)
        case e.CaseOpened():
            text = f"We took up the chase of {telling.money(event.amount_minor)}."
            why = f"It lasts until {telling.time(event.closes_at)} at the longest."
            return Told(at=event.at, tone="plan", text=text, why=why)
        case e.RetriesTakenOver():
            text = "Stripe\u2019s own retries of this invoice are off."
            return Told(at=event.at, tone="plan", text=text, why="From here every attempt is ours.")
        case e.AmountChanged():
            text = f"The invoice now asks for {telling.money(event.amount_minor)}."
            part = f"{telling.money(event.paid_minor)} of it is paid."
            why = part if event.paid_minor else "It was changed in Stripe."
            return Told(at=event.at, tone="plan", text=text, why=why)


def _tell_decline(event: e.ChargeDeclined | e.AttemptDeclined) -> Told:
    card, why = card_name(event.failure.card), reason_of(event.failure.decline, event.family)
    if isinstance(event, e.AttemptDeclined):
        text = f"Attempt {event.number} on {card} was declined."
        return Told(at=event.at, tone="failed", text=text, why=why)
    who = {
        e.Payer.STRIPE: f"Stripe charged {card}: declined.",
        e.Payer.CUSTOMER: f"The customer tried to pay with {card}: declined.",
        e.Payer.CHARGECHASE: f"A charge of {card} was declined.",
    }
    return Told(at=event.failure.at, tone="failed", text=who[event.by], why=why)


def _tell_attempt(
    event: e.AttemptPlanned | e.AttemptStarted | e.AttemptUnclear | e.AttemptAbandoned,
    telling: Telling,
) -> Told:
    match event:
        case e.AttemptPlanned():
            text = f"Attempt {event.number} was planned for {telling.time(event.due_at)}."
            why = WHY_THEN.get(event.rule, "")
            return Told(at=event.at, tone="plan", text=text, why=why)
        case e.AttemptStarted():
            asked = f"asked Stripe to charge {telling.money(event.amount_minor)}"
            text = f"Attempt {event.number}: we {asked} to {card_name(event.card)}."
            return Told(at=event.at, tone="tried", text=text)
        case e.AttemptUnclear():
            text = f"Stripe gave no clear answer to attempt {event.number}."
            why = f"Nothing is charged before we know. We ask on {telling.time(event.check_at)}."
            return Told(at=event.at, tone="plan", text=text, why=why)
        case e.AttemptAbandoned(evidence="authentication"):
            text = f"Attempt {event.number} waits: the bank wants to see the customer."
            return Told(at=event.at, tone="plan", text=text, why="No money has moved.")
        case e.AttemptAbandoned():
            text = f"Stripe knows of no charge by attempt {event.number}."
            return Told(at=event.at, tone="plan", text=text, why="No money has moved.")


QUIET: Final = "Until then we neither charge nor write."


def _tell_customer(
    event: e.CustomerAsked | e.CardReplaced | e.DatePicked | e.PaymentPromised, telling: Telling
) -> Told:
    match event:
        case e.CardReplaced(by=e.CardSource.NETWORK):
            text = f"The card\u2019s network renewed the card: {card_name(event.card)}."
            return Told(at=event.at, tone="customer", text=text)
        case e.CardReplaced():
            text = f"The customer put in another card: {card_name(event.card)}."
            return Told(at=event.at, tone="customer", text=text)
        case e.DatePicked():
            text = f"The customer chose to be charged on {telling.time(event.charge_at)}."
            return Told(at=event.at, tone="customer", text=text, why=QUIET)
        case e.PaymentPromised():
            text = f"The customer promised to pay by {telling.time(event.until)}."
            return Told(at=event.at, tone="customer", text=text, why=QUIET)
        case e.CustomerAsked():
            text = f"From here it is the customer\u2019s turn {ASKS[event.ask]}."
            why = WHY_ASKED.get(event.rule, "")
            return Told(at=event.at, tone="customer", text=text, why=why)


def _tell_pause(event: e.CasePaused | e.CaseResumed, telling: Telling) -> Told:
    if isinstance(event, e.CaseResumed):
        why = {
            e.Pauser.MERCHANT: "Your team wanted it so.",
            e.Pauser.STRIPE: "The subscription goes on in Stripe.",
            e.Pauser.SCHEDULE: "The time of the pause was over.",
        }
        return Told(at=event.at, tone="plan", text="The chase goes on.", why=why[event.by])
    who = "Your team" if event.by is e.Pauser.MERCHANT else "A pause of the subscription in Stripe"
    until = f" until {telling.time(event.until)}" if event.until else ""
    return Told(at=event.at, tone="plan", text=f"{who} paused the chase{until}.", why=QUIET)


def _tell_reminder(
    event: e.ReminderPlanned | e.ReminderStarted | e.ReminderSkipped | e.ReminderFailed,
    telling: Telling,
) -> Told:
    match event:
        case e.ReminderPlanned():
            text = f"Reminder {event.step} was planned for {telling.time(event.due_at)}."
            return Told(at=event.at, tone="plan", text=text)
        case e.ReminderStarted():
            return Told(
                at=event.at, tone="wrote", text=f"We wrote to the customer, reminder {event.step}."
            )
        case e.ReminderSkipped():
            text = f"Reminder {event.step} was not written."
            why = WHY_SKIPPED.get(event.reason, "")
            return Told(at=event.at, tone="plan", text=text, why=why)
        case e.ReminderFailed():
            text = f"The mail server did not take reminder {event.step}."
            return Told(
                at=event.at, tone="plan", text=text, why="If it is worth another, it is planned."
            )


def _tell_end(
    event: e.CaseRecovered | e.CaseLost | e.CaseStopped | e.MoneyCameLate, telling: Telling
) -> Told:
    match event:
        case e.CaseRecovered():
            how = {
                e.Payer.CHARGECHASE: f"Attempt {event.attempt} went through.",
                e.Payer.STRIPE: "A charge by Stripe went through.",
                e.Payer.CUSTOMER: "The customer paid.",
            }
            text = f"{telling.money(event.amount_minor)} came back."
            return Told(at=event.at, tone="paid", text=text, why=how[event.by])
        case e.CaseLost():
            return Told(
                at=event.at, tone="lost", text="The case was lost.", why=LOSSES[event.reason]
            )
        case e.CaseStopped():
            return Told(at=event.at, tone="ended", text="We stopped.", why=STOPS[event.reason])
        case e.MoneyCameLate():
            text = f"{telling.money(event.amount_minor)} came after the end."
            return Told(
                at=event.at, tone="paid", text=text, why="The case stays as it was counted."
            )


def _tell_after_the_end(
    event: e.EndActionDone | e.MoneyReturned | e.MoneyReinstated, telling: Telling
) -> Told:
    match event:
        case e.EndActionDone(result=e.EndResult.DONE):
            text = "We did in Stripe what your policy says for the end."
            return Told(at=event.at, tone="ended", text=text)
        case e.EndActionDone():
            text = "Stripe would not do what your policy says for the end."
            return Told(at=event.at, tone="ended", text=text, why="It may have changed meanwhile.")
        case e.MoneyReturned():
            text = f"{telling.money(event.amount_minor)} went back to the customer."
            return Told(at=event.at, tone="lost", text=text, why=RETURNS[event.reason])
        case e.MoneyReinstated():
            text = f"{telling.money(event.amount_minor)} came back again."
            return Told(at=event.at, tone="paid", text=text, why="The dispute was won.")


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


HELD_OUT: Final = (
    "Chance put this customer into the hold-out: we watch, and neither charge nor write, "
    "so that what we bring can be measured."
)


def next_sentence(view: CaseView, telling: Telling) -> str:
    """What comes next and when, as a sentence; for a closed case, how it ended."""
    if view.row.held_out and view.row.closed_at is None:
        return HELD_OUT
    if view.row.next is None or view.row.next.kind is ActionKind.END:
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
    return f"We will try again on {telling.time(action.due_at)}. {why}".rstrip()


def _next_reminder(view: CaseView, action: Action, telling: Telling) -> str:
    writes = f"We will write to the customer on {telling.time(action.due_at)}."
    if view.next_attempt_at is None:
        return writes
    return f"{writes} The next attempt follows on {telling.time(view.next_attempt_at)}."


def _next_reconcile(view: CaseView, action: Action, telling: Telling) -> str:  # noqa: ARG001
    when = telling.time(action.due_at)
    return (
        f"A charge is on its way. If no answer has come by {when}, we ask Stripe what became of it."
    )


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


def budget(view: CaseView) -> str:
    """What the networks and the policy leave of the card: 3 of 8 declines left on this card."""
    left = max(0, view.card_limit - view.declines_on_card)
    network = BRANDS.get((view.row.card.brand if view.row.card else None) or "", "its network")
    return (
        f"{left} of {view.card_limit} declines left on this card in 30 days. "
        f"{network[:1].upper()}{network[1:]} allows {view.network_limit}."
    )


def budget_sentence(left: Budget, brand: str | None, zone: str) -> str:
    """A card's budget at the instant of a decision: 3 of 8 left until 14 May; Visa allows 20."""
    until = f" until {times.day(left.frees_at, zone)}" if left.frees_at else ""
    network = BRANDS.get(brand or "", "its network")
    return f"{left.left} of {left.allowed} left{until}; {network} allows {left.network}."
