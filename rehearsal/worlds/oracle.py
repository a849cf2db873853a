"""The most a case can bring to somebody who sees the hidden truth: no policy passes it."""

from collections.abc import Iterator
from typing import Final

from rehearsal.worlds import customer, issuer
from rehearsal.worlds.protocol import CHANNELS, TEMPLATES
from rehearsal.worlds.shapes import Card, Truth, World
from rehearsal.worlds.spans import CHASE_S
from rehearsal.worlds.zones import HOUR_S, offset_s

NEVER: Final = float("-inf")


def best_net_cents(world: World, truth: Truth) -> float:
    """The best net value in US cents: left alone, charged once at the right instant, or written to.

    Suspicion, night and haste only lower chances, so one charge without a history and messages at
    their best times bound every plan. A charge that works while the case is open costs one fee.
    """
    ends_at = _ends_at(truth)
    best = (
        truth.amount_cents
        if truth.fix and truth.fix.card is None and truth.fix.at <= ends_at
        else 0.0
    )
    charged = truth.amount_cents - world.retry_fee_cents
    if best < charged and any(
        _can_be_charged(world, truth, *each) for each in _cards(truth, ends_at)
    ):
        best = charged
    return max(best, _written_to(world, truth, ends_at))


def _ends_at(truth: Truth) -> int:
    """Nobody is charged after they left, or after 45 days."""
    closes_at = truth.opened_at + CHASE_S
    return closes_at if truth.leaves_at is None else min(closes_at, truth.leaves_at)


def _cards(truth: Truth, ends_at: int) -> Iterator[tuple[Card, int, int]]:
    """Each card and the longest that it can be on file. A customer's card can come before the
    updater's, or keep it away; so none is assumed to end another's time."""
    yield truth.card, truth.opened_at, ends_at
    for change in (truth.updater, truth.fix):
        if change and change.card and change.at < ends_at:
            yield change.card, change.at, ends_at


def _can_be_charged(world: World, truth: Truth, card: Card, since: int, until: int) -> bool:
    """Whether any instant in [since, until) goes through; chances change with the local hour."""
    for begin, end in card.windows:
        at, last = max(begin, since), min(end, until)
        while at < last:
            if issuer.approves(world, truth.zone, card, at, 0.0):
                return True
            at += HOUR_S - (at + offset_s(truth.zone, at)) % HOUR_S
    return False


def _written_to(world: World, truth: Truth, ends_at: int) -> float:
    """The best that messages can bring: the n-th convinces, the ones before cost and annoy."""
    best = NEVER
    for number, answer in enumerate(truth.answers):
        before = float(number)  # as many plain mails, each of weight 1
        options = [
            customer.cost_cents(world, channel)
            for channel in CHANNELS
            for template in TEMPLATES
            if before + customer.weight(channel, template) <= truth.tolerance
            and answer.need < customer.strength(world, truth, number, channel, template)
        ]
        if not options or truth.opened_at >= ends_at:
            continue
        cost = number * min(world.email_cents, world.sms_cents) + min(options)
        cost += 0.0 if answer.card is None else world.retry_fee_cents
        if answer.card is None or _can_be_charged(
            world, truth, answer.card, truth.opened_at, ends_at
        ):
            best = max(best, truth.amount_cents - cost)
    return best
