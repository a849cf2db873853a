"""Why a step was planned, in sentences: the rule, what spoke for it, what was not taken and why."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from domain.recovery import events as e
from domain.recovery.why import Rejected, Why
from web.rules import WHY_ASKED, WHY_SKIPPED, WHY_THEN
from web.wording import Telling, budget_sentence

Explained = e.AttemptPlanned | e.CustomerAsked | e.ReminderPlanned | e.ReminderSkipped

# What a later event makes of the steps that were planned before it: they are not to come any more.
OVERTAKEN: Final[Mapping[type[e.Event], tuple[type[Explained], ...]]] = {
    e.AttemptStarted: (e.AttemptPlanned,),
    e.CustomerAsked: (e.AttemptPlanned,),
    e.CardReplaced: (e.AttemptPlanned, e.CustomerAsked),
    e.CasePaused: (e.AttemptPlanned, e.ReminderPlanned),
    e.ReminderStarted: (e.ReminderPlanned,),
    e.ReminderSkipped: (e.ReminderPlanned,),
}

WHATS: Final = {"charge": "A charge", "message": "A message", "wait": "Waiting"}
AGAINST: Final = {
    "advised_wait": "the network asked us to wait longer",
    "promised": "the customer asked for quiet until later",
    "card_barred": "this card has said never",
    "month_limit": "the card\u2019s month has no room for another decline",
    "day_limit": "the card needs rest after the declines of the last day",
    "contact_budget": "this person has heard from us often enough by then",
    "quiet_hours": "nobody is written to at that hour",
    "kept for a later try": "it is kept for a later charge",
    "not worth its cost": "it would cost more than it brings",
    "less likely": "it is less likely to go through",
    "over budget": "there are not enough tries left for it",
    "too soon": "it is too soon after the last one",
}
INPUTS: Final = {
    "family": "Kind of decline",
    "code": "Stripe\u2019s code",
    "retries_on_card": "Our tries of this card so far",
    "template": "Message",
    "since": "Counted from",
    "at_least_cents": "Least amount in US cents",
    "brings_cents": "Brings, in US cents",
    "risks_cents": "Risks, in US cents",
    "later_percent": "Chance that it comes anyway, in percent",
}
SINCE: Final = {
    "opened": "the beginning of the case",
    "asked": "the moment it was the customer\u2019s turn",
    "end": "the end of the case",
}


class Reason(Struct, frozen=True, kw_only=True):
    """The reason panel of one planned step: each line a whole sentence."""

    about: str  # which step
    rule: str
    for_it: tuple[str, ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    not_taken: tuple[str, ...] = ()
    budget: str | None = None


def reason_of(event: Explained, telling: Telling, brand: str | None = None) -> Reason:
    """All that was kept of why, as a person reads it; `brand` is that of the card on file."""
    why = event.why or Why()
    return Reason(
        about=_about(event, telling),
        rule=rule_of(event),
        for_it=_for_it(why),
        inputs=tuple((INPUTS.get(name, name), _value(v)) for name, v in why.inputs.items()),
        not_taken=tuple(_not_taken(each, telling) for each in why.rejected),
        budget=budget_sentence(why.budget, brand, telling.zone) if why.budget else None,
    )


def rule_of(event: Explained) -> str:
    """The sentence of the rule that an event names; empty for a message that goes by its plan."""
    match event:
        case e.AttemptPlanned():
            return WHY_THEN.get(event.rule, "")
        case e.CustomerAsked():
            return WHY_ASKED.get(event.rule, "")
        case e.ReminderSkipped():
            return WHY_SKIPPED.get(event.reason, "")
        case e.ReminderPlanned():
            return "The plan for this kind of decline has this message."


def planned(history: tuple[e.Event, ...]) -> tuple[Explained, ...]:
    """The latest events that say why the coming steps are planned, the charge's first."""
    kinds: tuple[type[Explained], ...] = (e.AttemptPlanned, e.CustomerAsked, e.ReminderPlanned)
    latest: dict[type[Explained], Explained] = {}
    for event in history:
        for over in OVERTAKEN.get(type(event), ()):
            latest.pop(over, None)
        if isinstance(event, kinds):
            latest[type(event)] = event
    return tuple(latest[kind] for kind in kinds if kind in latest)


def _about(event: Explained, telling: Telling) -> str:
    match event:
        case e.AttemptPlanned():
            return f"Attempt {event.number} on {telling.time(event.due_at)}"
        case e.ReminderPlanned():
            return f"Message {event.step} on {telling.time(event.due_at)}"
        case e.ReminderSkipped():
            return f"Message {event.step} is left out"
        case e.CustomerAsked():
            return "The customer\u2019s turn"


def _for_it(why: Why) -> tuple[str, ...]:
    chance = (f"We expect it to go through in {why.percent} of 100 cases.",)
    counts = tuple(
        f"{what}, {bucket}: {won} of {tries} went well."
        for what, bucket, tries, won in why.evidence
    )
    return (chance if why.percent is not None else ()) + counts


def _not_taken(each: Rejected, telling: Telling) -> str:
    when = f" on {telling.time(each.at)}" if each.at else ""
    chance = f" ({each.percent} of 100)" if each.percent is not None else ""
    return f"{WHATS.get(each.what, each.what)}{when}{chance}: {AGAINST.get(each.rule, each.rule)}."


def _value(value: str | int) -> str:
    text = str(value)
    return SINCE.get(text, text.replace("_", " "))
