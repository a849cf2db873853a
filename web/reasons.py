"""Why a step was planned, in sentences: the rule, what spoke for it, what was not taken and why."""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from domain.decline import DeclineFamily
from domain.network import BARRING
from domain.policy import Channel, Template
from domain.recovery import events as e
from domain.recovery.why import Rejected, Why
from web import money
from web.declines import FAMILIES
from web.rules import TEMPLATES, WHY_ASKED, WHY_SKIPPED, WHY_THEN
from web.wording.budgets import BARRED, budget_sentence
from web.wording.telling import BRANDS, Telling

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
    "beside_another": "Stripe has charged this card a few hours before",
    "card_barred": "this card has said never",
    "scheme_limit": "the bank\u2019s scheme allows no further debit of this invoice",
    "debit_final": "the bank would return it again",
    "month_limit": "the card\u2019s month has no room for another decline",
    "day_limit": "the card needs rest after the declines of the last day",
    "contact_budget": "this person has heard from us often enough by then",
    "quiet_hours": "nobody is written to at that hour",
    "mail_minute": "as many of your letters as may go within a minute had gone",
    "mail_day": "as many of your letters as may go within a day had gone",
    "mail_recipient": "as many letters as may go to one address within a day had gone there",
    "mail_merchant_paused": "too many of your letters of the last hour came back or were called "
    "spam, and the others wait until that is over",
    "mail_all_paused": "too many letters of this installation came back or were called spam, and "
    "all wait until that is over",
    "kept for a later try": "it is kept for a later charge",
    "not worth its cost": "it would cost more than it brings",
    "less likely": "it is less likely to go through",
    "over budget": "there are not enough tries left for it",
    "too soon": "it is too soon after the last one",
}
# In the order in which they are told.
INPUTS: Final = {
    "family": "Kind of decline",
    "code": "Stripe\u2019s code",
    "retries_on_card": "Our tries of this card so far",
    "template": "Message",
    "since": "Counted from",
    "at_least_cents": "Least amount",
    "brings_cents": "It would bring",
    "risks_cents": "It would risk",
    "later_percent": "Chance that the money comes anyway",
}
SINCE: Final = {
    "opened": "the beginning of the case",
    "due": "the due date of the invoice",
    "asked": "the moment it was the customer\u2019s turn",
    "end": "the end of the case",
}
WORDS_OF: Final[Mapping[str, Mapping[str, str]]] = {
    "family": {family.value: words for family, words in FAMILIES.items()},
    "since": SINCE,
    "template": TEMPLATES,
}
EVERY_KIND: Final = "all"  # in place of a family: counted over every kind of decline
# Where a number of none reads oddly.
NONE_OF_THEM: Final = {
    "0 days after a pay day": "on a pay day",
    "0 days after the first refusal": "on the day of the first refusal",
    "0 retries before": "the first retry",
    "0 messages before": "no message before",
}
# These buckets count what people did; the others count charges.
OF_PEOPLE: Final = ("acted", "cancelled")
ONE_OF_MANY: Final = re.compile(r"\b1 (message|day|hour|refusal|retr)(?:ies|s)\b")
BARRED_RULES: Final = frozenset({"card_barred", *BARRING})


# Why a call to Stripe was refused: our own words first, then those codes of Stripe's that are met.
WHY_NOT: Final[Mapping[str, str]] = {
    "key_revoked": "Stripe does not know the key of this connection any more: it was revoked or "
    "has expired.",
    "permission_missing": "The connection to Stripe is not permitted to do this.",
    "deauthorised": "The connection to this Stripe account was taken back.",
    "wrong_mode": "The key is for the other mode: a test key reaches no live data, and a live key "
    "no test data.",
    "no_card": "There is no card or bank account that this invoice could be charged to.",
    "already_settled": "The invoice was paid, voided or written off in the meantime.",
    "key_expired": "We could not find out within a day what had become of it, and do not ask again "
    "with the same request.",
    "invoice_paid": "The invoice has been paid in the meantime.",
    "invoice_void": "The invoice has been voided in the meantime.",
    "invoice_draft": "The invoice is a draft and not a claim yet.",
    "invoice_gone": "The invoice is not in Stripe any more.",
    "processing": "A payment of this invoice is on its way; nothing else can be done until it has "
    "arrived or failed.",
    "nothing_to_end": "There was nothing left to do in Stripe.",
    "resource_missing": "Stripe does not know it any more.",
    "changed_meanwhile": "It has changed in the meantime; this is how it stands now.",
    "unavailable": "Stripe does not answer just now; please try again in a few minutes.",
}
ANY_REFUSAL: Final = "Stripe would not do it."


def why_not(reason: str) -> str:
    """A refusal as a sentence; a code that has none yet is named, so that it can be looked up."""
    known = WHY_NOT.get(reason)
    return known or f"{ANY_REFUSAL} Its code for that is {reason}."


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
        inputs=() if _is_of_bill(why) else _inputs(why),
        not_taken=tuple(_not_taken(each, telling) for each in sorted(why.rejected, key=_when)),
        budget=None if _is_of_bill(why) else _budget(event, why, telling, brand),
    )


def _is_of_bill(why: Why) -> bool:
    """Nothing is charged: there are no tries to count and no card to spare."""
    return bool(why.inputs.get("family") == DeclineFamily.OUTSTANDING)


def rule_of(event: Explained) -> str:
    """The sentence of the rule that an event names; empty for a message that goes by its plan."""
    match event:
        case e.AttemptPlanned():
            return WHY_THEN.get(event.rule, "")
        case e.CustomerAsked():
            return WHY_ASKED.get(event.rule, "")
        case e.ReminderSkipped():
            return WHY_SKIPPED.get(event.reason, "")
        case e.ReminderPlanned(template=Template.INVOICE_DUE | Template.INVOICE_OVERDUE):
            return "The plan for bills has this message."
        case e.ReminderPlanned(template=Template.RECOVERED):
            return "Whoever was written to is thanked when it is paid."
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
            kind = ", a text message," if event.channel is Channel.SMS else ""
            return f"Reminder {event.step}{kind} on {telling.time(event.due_at)}"
        case e.ReminderSkipped():
            return f"Reminder {event.step} is left out"
        case e.CustomerAsked():
            return "The customer\u2019s turn"


def _for_it(why: Why) -> tuple[str, ...]:
    chance = (f"We expect it to go through in {why.percent} of 100 cases.",)
    return (chance if why.percent is not None else ()) + tuple(map(_counted, why.evidence))


def _counted(seen: tuple[str, str, int, int]) -> str:
    """4 to 5 days after the first refusal, this kind of decline: 2 of 3 went through."""
    family, bucket, tries, won = seen
    named = NONE_OF_THEM.get(bucket, BRANDS.get(bucket, bucket))
    what = ONE_OF_MANY.sub(_one, named[:1].upper() + named[1:])
    for template, name in TEMPLATES.items():
        what = what.replace(f"after {template}", f"after {name}")
    whose = "" if family == EVERY_KIND else ", this kind of decline"
    outcome = "people" if bucket.startswith(OF_PEOPLE) else "went through"
    return f"{what}{whose}: {won} of {tries} {outcome}."


def _one(many: re.Match[str]) -> str:
    return f"1 {many[1]}" + ("y" if many[1] == "retr" else "")


def _inputs(why: Why) -> tuple[tuple[str, str], ...]:
    """What was looked at, in one order; what has no words yet comes last under its own name."""
    known = [name for name in INPUTS if name in why.inputs]
    unknown = [name for name in why.inputs if name not in INPUTS]
    return tuple(
        (INPUTS.get(name, name), _value(name, why.inputs[name])) for name in known + unknown
    )


def _value(name: str, value: str | int) -> str:
    if isinstance(value, int):
        if name.endswith("_cents"):
            return f"about {money.plain(value, 'usd')}"
        return f"{value} of 100" if name.endswith("_percent") else str(value)
    return WORDS_OF.get(name, {}).get(value, value)


def _when(each: Rejected) -> tuple[bool, float]:
    """Earlier ones first; what has no instant of its own last."""
    return (each.at is None, each.at.timestamp() if each.at else 0.0)


def _not_taken(each: Rejected, telling: Telling) -> str:
    when = f" on {telling.time(each.at)}" if each.at else ""
    chance = f" ({each.percent} of 100)" if each.percent is not None else ""
    return f"{WHATS.get(each.what, each.what)}{when}{chance}: {AGAINST.get(each.rule, each.rule)}."


def _budget(event: Explained, why: Why, telling: Telling, brand: str | None) -> str | None:
    if why.budget is None:
        return None
    if isinstance(event, e.CustomerAsked) and event.rule in BARRED_RULES:
        return BARRED
    return budget_sentence(why.budget, brand, telling.zone)
