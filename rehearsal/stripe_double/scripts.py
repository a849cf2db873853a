"""Outcome scripts: rules for a card, a customer or a whole account; the first that fits decides."""

from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from rehearsal.stripe_double.cards import SUCCEEDS, Outcome
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import World

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_RULES: Final = 50
_PAY_HOUR: Final = 2  # wages are booked in the night
_SEARCH_DAYS: Final = 40

PayDay = Literal["friday", "semi_monthly", "month_end"]


class When(Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of virtual time; either end may be open."""

    before: datetime | None = None
    after: datetime | None = None


class Then(Struct, frozen=True, forbid_unknown_fields=True):
    """What happens when a rule fits."""

    decline: str | None = None
    requires_action: bool = False
    succeed: bool = False
    settles_after_s: float | None = None


class Rule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All conditions given must hold; then the charge ends as `then` (or the same words here) says.

    `first_n`: the invoice saw fewer charges than that. `p`: drawn for each charge, `share`: drawn
    once for each invoice, both with `seed`. `until` "pm_updated": only cards older than the script.
    `until` "payday": until the first pay day after the invoice, in `timezone`. `within_s`: virtual
    seconds since the invoice was made. `settles_after_s`: how long a bank debit is under way.
    """

    when: When | None = None
    first_n: int | None = None
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] | None = None
    p: float | None = None
    share: float | None = None
    seed: int = 0
    amount_over: int | None = None
    within_s: float | None = None
    until: Literal["pm_updated", "payday"] | None = None
    payday: PayDay | None = None
    bound_to_card: bool = False
    timezone: str = "UTC"
    then: Then | None = None
    decline: str | None = None
    requires_action: bool = False
    succeed: bool = False
    settles_after_s: float | None = None


class Charging(Struct, frozen=True):
    """One charge about to be made: on which card, for which invoice."""

    card: Document
    invoice: Document


def set_script(world: World, account: str, scope: str, rules: list[Any]) -> Document:
    """Replace the rules of a card, a customer or the account; raises MsgspecError on bad ones."""
    checked = msgspec.convert(rules, list[Rule])[:MAX_RULES]
    key = f"{account}:{scope}"
    old = world.store.get("script", key)
    if old:
        world.store.drop(old)
    return world.store.insert(
        {
            "object": "script",
            "id": key,
            "_account": account,
            "rules": [msgspec.to_builtins(rule) for rule in checked],
        }
    )


def decide(world: World, charging: Charging) -> Outcome:
    """How a charge ends: the card's script, the customer's, the account's, else the card itself."""
    account = charging.card["_account"]
    for scope in (charging.card["id"], charging.invoice["customer"], account):
        script = world.store.get("script", f"{account}:{scope}")
        for raw in script["rules"] if script else ():
            rule = msgspec.convert(raw, Rule)
            if _fits(world, rule, charging, script or {}):
                return _outcome(rule, charging.card)
    return _own_nature(charging.card)


def _own_nature(card: Document) -> Outcome:
    if card["_requires_action"] and not card["_authenticated"]:
        return Outcome(requires_action=True)
    return Outcome(card["_decline"]) if card["_decline"] else SUCCEEDS


def _outcome(rule: Rule, card: Document) -> Outcome:
    then = rule.then or Then(rule.decline, rule.requires_action, rule.succeed, rule.settles_after_s)
    if then.requires_action or then.decline == "authentication_required":
        return SUCCEEDS if card["_authenticated"] else Outcome(then.decline, then.requires_action)
    return Outcome(then.decline, settles_after_s=then.settles_after_s)


def _fits(world: World, rule: Rule, charging: Charging, script: Document) -> bool:
    return (
        _in_time(world, rule, charging.invoice)
        and _by_card(rule, charging.card, script)
        and _by_count(rule, charging.invoice)
        and _by_chance(rule, charging.invoice)
    )


def _in_time(world: World, rule: Rule, invoice: Document) -> bool:
    now = world.moment()
    if rule.when and rule.when.before and now >= _aware(rule.when.before):
        return False
    if rule.when and rule.when.after and now < _aware(rule.when.after):
        return False
    if rule.weekday and WEEKDAYS[now.astimezone(ZoneInfo(rule.timezone)).weekday()] != rule.weekday:
        return False
    if rule.within_s is not None and now.timestamp() - invoice["created"] >= rule.within_s:
        return False
    if rule.until == "payday" and rule.payday:
        made = datetime.fromtimestamp(invoice["created"], UTC)
        return now < next_pay_day(rule.payday, made, rule.timezone)
    return True


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _by_card(rule: Rule, card: Document, script: Document) -> bool:
    if rule.until == "pm_updated" or rule.bound_to_card:
        return bool(card["_seq"] < script["_seq"])
    return True


def _by_count(rule: Rule, invoice: Document) -> bool:
    if rule.first_n is not None and invoice["_charges"] >= rule.first_n:
        return False
    return rule.amount_over is None or invoice["amount_remaining"] > rule.amount_over


def _by_chance(rule: Rule, invoice: Document) -> bool:
    if rule.share is not None and draw(rule.seed, invoice["id"]) >= rule.share:
        return False
    return rule.p is None or draw(rule.seed, invoice["id"], invoice["_charges"]) < rule.p


def draw(*parts: object) -> float:
    """A number in [0, 1) that is always the same for the same parts."""
    digest = blake2b(":".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def next_pay_day(kind: PayDay, after: datetime, timezone: str) -> datetime:
    """The night in which wages come next, strictly after an instant."""
    zone = ZoneInfo(timezone)
    day = after.astimezone(zone).date()
    for _ in range(_SEARCH_DAYS):
        paid = datetime(day.year, day.month, day.day, _PAY_HOUR, tzinfo=zone)
        if _is_pay_day(kind, day) and paid > after:
            return paid
        day += timedelta(days=1)
    raise AssertionError("every kind of pay day comes within forty days")


def _is_pay_day(kind: PayDay, day: date) -> bool:
    match kind:
        case "friday":
            return day.weekday() == 4
        case "semi_monthly":
            return day.day in {1, 15}
        case "month_end":
            return (day + timedelta(days=1)).day == 1
