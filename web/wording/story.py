"""What happened: each event of a case as a line of its timeline."""

from datetime import datetime
from typing import Final, assert_never

from msgspec import Struct

from domain.policy import Channel, Template
from domain.recovery import events as e
from web.declines import reason_of
from web.reasons import WHY_NOT, why_not
from web.rules import (
    LOSSES,
    REINSTATED,
    RETURNS,
    STOPS,
    TEMPLATES,
    WHY_ASKED,
    WHY_SKIPPED,
    WHY_THEN,
)
from web.wording.reports import PROBLEMS
from web.wording.telling import Telling, card_name

ASKS: Final = {
    e.Ask.CARD: "to put in another card",
    e.Ask.AUTHENTICATION: "to confirm the payment with the bank",
    e.Ask.PAYMENT: "to pay in whatever way suits",
}
UNTIL_ANSWERED: Final = (
    "Nobody charges or writes until your team has answered, or they take it back."
)


class Told(Struct, frozen=True, kw_only=True):
    """One event in words. `tone` names the mark beside it; `plan` marks are quiet."""

    at: datetime
    tone: str
    text: str
    why: str = ""


def tell(event: e.Event, telling: Telling) -> Told:
    """One event as a line of the timeline."""
    match event:
        case e.CaseOpened() | e.RetriesTakenOver() | e.StripeCounted() | e.AmountChanged():
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
        case e.EndActionDone() | e.EndConfirmed() | e.EndActionUndone():
            return _tell_in_stripe(event)
        case e.MoneyReturned() | e.MoneyReinstated() | e.MoneyOverpaid():
            return _tell_after_the_end(event, telling)
        case _:
            assert_never(event)


def _tell_opening(
    event: e.CaseOpened | e.RetriesTakenOver | e.StripeCounted | e.AmountChanged,
    telling: Telling,
) -> Told:
    match event:
        case e.CaseOpened(held_out=True):
            text = f"We watch what becomes of {telling.money(event.amount_minor)}."
            why = "Chance, or your policy, put this customer into the hold-out: we do nothing."
            return Told(at=event.at, tone="plan", text=text, why=why)
        case e.CaseOpened():
            text = f"We took up the chase of {telling.money(event.amount_minor)}."
            why = f"It lasts until {telling.time(event.closes_at)} at the longest."
            return Told(at=event.at, tone="plan", text=text, why=why)
        case e.RetriesTakenOver():
            text = "Stripe\u2019s own retries of this invoice are off."
            return Told(at=event.at, tone="plan", text=text, why="From here every attempt is ours.")
        case e.StripeCounted():
            text = f"Stripe now counts {event.attempt_count} tries."
            why = "It counts those too that never become a charge."
            return Told(at=event.at, tone="plan", text=text, why=why)
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
        e.Payer.MERCHANT: f"Somebody on your side charged {card} in Stripe: declined.",
    }
    return Told(at=event.failure.at, tone="failed", text=who[event.by], why=why)


def folded(history: tuple[e.Event, ...]) -> list[e.Event]:
    """The history as it is told: of questions to Stripe that brought no answer, one after another,
    the last alone. A bank debit is asked about for days."""
    told: list[e.Event] = []
    for event in history:
        before = told[-1] if told else None
        if isinstance(event, e.AttemptUnclear) and isinstance(before, e.AttemptUnclear):
            told.pop()
        told.append(event)
    return told


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
        case e.AttemptAbandoned() if event.evidence in WHY_NOT:
            text = f"Attempt {event.number} was not made."
            why = f"{why_not(event.evidence)} No money has moved."
            return Told(at=event.at, tone="plan", text=text, why=why)
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
        case e.CardReplaced(by=e.CardSource.BACKUP):
            text = f"Next is another card of theirs: {card_name(event.card)}."
            why = "The customer agreed to it; the one on file is charged no more."
            return Told(at=event.at, tone="plan", text=text, why=why)
        case e.CardReplaced():
            text = f"The customer put in another card: {card_name(event.card)}."
            return Told(at=event.at, tone="customer", text=text)
        case e.DatePicked() if event.charge_at <= event.at:
            text = "The customer wanted to pay at once, with the card on file."
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
            e.Pauser.CUSTOMER: "The customer says that all is well after all.",
        }
        return Told(at=event.at, tone="plan", text="The chase goes on.", why=why[event.by])
    if event.by is e.Pauser.CUSTOMER:
        about = event.about or e.Problem.OTHER
        text = f"The customer says that something is wrong: {PROBLEMS[about]}."
        if about is e.Problem.ANSWERED:
            text = "The customer answered a letter."
        return Told(at=event.at, tone="customer", text=text, why=UNTIL_ANSWERED)
    who = "Your team" if event.by is e.Pauser.MERCHANT else "A pause of the subscription in Stripe"
    until = f" until {telling.time(event.until)}" if event.until else ""
    return Told(at=event.at, tone="plan", text=f"{who} paused the chase{until}.", why=QUIET)


def _wrote(event: e.ReminderStarted) -> str:
    if event.template is Template.RECOVERED:
        return "We thanked the customer."
    about = f": {TEMPLATES[event.template]}" if event.template else ""
    if event.channel is Channel.SMS:
        return f"We texted the customer, reminder {event.step}{about}."
    return f"We wrote to the customer, reminder {event.step}{about}."


def _tell_reminder(
    event: e.ReminderPlanned | e.ReminderStarted | e.ReminderSkipped | e.ReminderFailed,
    telling: Telling,
) -> Told:
    match event:
        case e.ReminderPlanned(template=Template.RECOVERED):
            text = f"Thanks to the customer were planned for {telling.time(event.due_at)}."
            return Told(at=event.at, tone="plan", text=text)
        case e.ReminderPlanned():
            kind = ", a text message," if event.channel is Channel.SMS else ""
            text = f"Reminder {event.step}{kind} was planned for {telling.time(event.due_at)}."
            return Told(at=event.at, tone="plan", text=text)
        case e.ReminderStarted():
            return Told(at=event.at, tone="wrote", text=_wrote(event))
        case e.ReminderSkipped():
            text = f"Reminder {event.step} was not written."
            why = WHY_SKIPPED.get(event.reason, "")
            return Told(at=event.at, tone="plan", text=text, why=why)
        case e.ReminderFailed():
            text = f"Reminder {event.step} could not be delivered."
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
                e.Payer.MERCHANT: "It was charged or noted as paid in Stripe, on your side.",
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


def _tell_in_stripe(event: e.EndActionDone | e.EndConfirmed | e.EndActionUndone) -> Told:
    """What became of the end action."""
    match event:
        case e.EndActionDone(result=e.EndResult.DONE):
            text, why = "What your policy says for the end was done in Stripe.", ""
        case e.EndActionDone(result=e.EndResult.BY_HAND):
            text = "We may not do in Stripe what your policy says for the end: it is yours to do."
            why = why_not(event.reason or "permission_missing")
        case e.EndActionDone():
            text = "Stripe would not do what your policy says for the end."
            why = why_not(event.reason) if event.reason else "It may have changed meanwhile."
        case e.EndConfirmed():
            text, why = "You confirmed what your policy says for the end.", ""
        case e.EndActionUndone(in_stripe=True):
            text, why = "You took back what was done in Stripe at the end.", ""
        case _:
            text, why = "You left it in Stripe as it is.", ""
    return Told(at=event.at, tone="ended", text=text, why=why)


def _tell_after_the_end(
    event: e.MoneyReturned | e.MoneyReinstated | e.MoneyOverpaid,
    telling: Telling,
) -> Told:
    match event:
        case e.MoneyReturned():
            text = f"{telling.money(event.amount_minor)} went back to the customer."
            return Told(at=event.at, tone="lost", text=text, why=RETURNS[event.reason])
        case e.MoneyReinstated():
            text = f"{telling.money(event.amount_minor)} came back again."
            return Told(at=event.at, tone="paid", text=text, why=REINSTATED[event.reason])
        case e.MoneyOverpaid():
            text = f"The customer paid {telling.money(event.amount_minor)} too much."
            why = "Stripe keeps it as the customer\u2019s balance; you can refund it there."
            return Told(at=event.at, tone="paid", text=text, why=why)
