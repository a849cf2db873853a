"""When to charge next, and whether a message is worth sending: by what has worked before."""

from datetime import date, datetime, timedelta
from itertools import islice
from math import ceil
from statistics import NormalDist
from typing import Final

from msgspec import Struct

from domain.policy.shapes import Channel, Economics, Template
from domain.timing.features import Key, charge_keys, message_keys, quiet_keys, week_of
from domain.timing.knowledge import Knowledge
from domain.timing.outlook import Outlook, Range, outlook
from domain.timing.search import Plan, best_plan, next_chance
from domain.timing.situation import Situation
from domain.timing.wording import phrase

# Beyond these draws exploration would go to extremes that one case in fifty sees.
DRAWS: Final = (0.02, 0.98)
MOST_EVIDENCE: Final = 6
MOST_CONSIDERED: Final = 4
# More charges than this are never planned ahead; the later ones are planned when they come near.
MOST_AHEAD: Final = 8
HOUR: Final = timedelta(hours=1)
_normal: Final = NormalDist()


class Span(Struct, frozen=True, kw_only=True):
    """Within what a charge may be chosen."""

    now: datetime
    not_before: datetime  # gaps and waits that were advised are over by then
    closes_at: datetime
    tries_left: int  # by the plan and by the card's budget, whichever is less
    gap: timedelta
    holidays: tuple[date, ...] = ()  # of the customer's country, within the window


class Option(Struct, frozen=True, kw_only=True, array_like=True):
    """An instant that was considered: its chance in percent, and why it was not taken ("")."""

    at: datetime
    chance_percent: int
    rejected: str = ""


class Choice(Struct, frozen=True, kw_only=True):
    """The instant taken, its chance, and what stood against it. `at` None: no charge is worth it.

    `evidence` says in counts what the chance rests on: ("funds", "2 days after a pay day", 310
    tries, 121 successes) and so on, strongest first. `later_percent` is the chance that this and
    the charges after it bring the money.
    """

    at: datetime | None
    chance_percent: int
    later_percent: int
    evidence: tuple[tuple[str, str, int, int], ...] = ()
    considered: tuple[Option, ...] = ()


class Worth(Struct, frozen=True, kw_only=True):
    """Whether a message pays: what it brings and what it risks, in rough US cents."""

    worthwhile: bool
    brings_cents: int
    risks_cents: int
    evidence: tuple[tuple[str, str, int, int], ...] = ()


def choose(
    situation: Situation, span: Span, knowledge: Knowledge, economics: Economics, draw: float
) -> Choice:
    """The best next charge within `span`; `draw` in [0, 1) decides how far to explore.

    The rest of the case is planned as a whole (`search`), its first charge is taken. A charge whose
    chance times the amount does not exceed `economics.attempt_cents` is never taken.
    """
    earliest = max(span.now, span.not_before, situation.last_try_at)
    tries = min(span.tries_left, MOST_AHEAD)
    if tries <= 0 or earliest >= span.closes_at:
        return Choice(at=None, chance_percent=0, later_percent=0)
    within = Range(
        earliest=earliest,
        end=span.closes_at,
        tries=tries,
        holidays=span.holidays,
        boldness=_boldness(draw, economics.exploration_percent),
    )
    view = outlook(situation, knowledge, within)
    price = economics.attempt_cents / max(1, situation.amount_cents)
    plan = best_plan(view, ceil(span.gap / HOUR), tries, price)
    return _choice(situation, span, knowledge, view, plan)


def weigh_message(  # noqa: PLR0913, PLR0917 - as binding as it is plain
    situation: Situation,
    template: Template,
    at: datetime,
    knowledge: Knowledge,
    economics: Economics,
    later_percent: int,
    channel: Channel = Channel.EMAIL,
) -> Worth:
    """Whether a message at `at` brings more than it costs; `later_percent` would come anyway.

    It brings the amount as far as more customers act within a week than without a message, and the
    charges to come would not have brought it. It risks what those are worth who cancel because of
    it, in monthly amounts, and costs its fee.
    """
    acting, leaving = message_keys(situation, template, channel)
    quiet_acting, quiet_leaving = quiet_keys(situation, week_of(situation, at))
    acts = knowledge.chance(acting) * (1 - knowledge.chance(quiet_acting))
    leaves = knowledge.chance(leaving) * (1 - knowledge.chance(quiet_leaving))
    brings = acts * (1 - later_percent / 100) * situation.amount_cents
    lost = economics.cancelled_months * situation.monthly_cents
    risks = leaves * lost + economics.message_cents
    return Worth(
        worthwhile=brings > risks,
        brings_cents=round(brings),
        risks_cents=round(risks),
        evidence=_evidence(knowledge, [*acting, *leaving]),
    )


def _boldness(draw: float, exploration_percent: int) -> float:
    low, high = DRAWS
    return _normal.inv_cdf(min(high, max(low, draw))) * exploration_percent / 100


def _choice(
    situation: Situation, span: Span, knowledge: Knowledge, view: Outlook, plan: Plan
) -> Choice:
    if not plan.path:
        return Choice(
            at=None, chance_percent=0, later_percent=0, considered=_rejected(span, view, plan)
        )
    at = view.instants[plan.path[0]].at
    return Choice(
        at=at,
        chance_percent=round(100 * plan.chances[0]),
        later_percent=round(100 * plan.brings()),
        evidence=_evidence(knowledge, charge_keys(situation, at, span.holidays)),
        considered=_rejected(span, view, plan),
    )


def _evidence(knowledge: Knowledge, keys: list[Key]) -> tuple[tuple[str, str, int, int], ...]:
    """The buckets that speak loudest among those that have seen anything."""
    loudest = sorted(keys, key=lambda key: -abs(knowledge.reading(key)[0]))
    counted = ((key, knowledge.counts(key)) for key in loudest)
    seen = ((key, tries, successes) for key, (tries, successes) in counted if tries)
    loud = islice(seen, MOST_EVIDENCE)
    return tuple((*phrase(key), tries, successes) for key, tries, successes in loud)


def _rejected(span: Span, view: Outlook, plan: Plan) -> tuple[Option, ...]:
    """What stood against the choice, the likeliest first; `now` too where a gap forbids it."""
    chances = [next_chance(view, index) for index in range(len(view.instants))]
    others = [index for index in range(len(chances)) if index not in plan.path[:1]]
    options = [
        _option(view.instants[index].at, chances[index], _rule(plan, index, chances[index]))
        for index in sorted(others, key=lambda index: -chances[index])[:MOST_CONSIDERED]
    ]
    if span.not_before > span.now:
        options.append(_option(span.now, 0.0, "too soon"))
    return tuple(options)


def _rule(plan: Plan, index: int, chance: float) -> str:
    """Why a candidate was not the one to take."""
    if not plan.path:
        return "not worth its cost"
    if index in plan.path:
        return "kept for a later try"
    return "less likely" if chance <= plan.chances[0] else "over budget"


def _option(at: datetime, chance: float, rule: str) -> Option:
    return Option(at=at, chance_percent=round(100 * chance), rejected=rule)
