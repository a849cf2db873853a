"""What a message does to the person who gets it: it persuades, and it annoys."""

from typing import Final

from msgspec import Struct

from rehearsal.worlds.protocol import TEMPLATES, Step
from rehearsal.worlds.shapes import Cause, Truth, World
from rehearsal.worlds.zones import HOUR_S, local_hour

SOON_S: Final = 40 * HOUR_S

# How well each template fits the trouble, in the order of TEMPLATES.
_NEW_CARD: Final = (0.75, 1.0, 0.2, 0.9)
_MONEY: Final = (0.45, 0.3, 0.1, 0.55)
_FIT: Final[dict[Cause, tuple[float, ...]]] = {
    Cause.FUNDS: _MONEY,
    Cause.TROUBLE: (0.35, 0.3, 0.1, 0.3),
    Cause.LIMIT: (0.5, 0.4, 0.15, 0.4),
    Cause.EXPIRED: _NEW_CARD,
    Cause.DEAD: _NEW_CARD,
    Cause.REFUSED: _NEW_CARD,
    Cause.AUTHENTICATION: (0.6, 0.45, 1.0, 0.7),
    Cause.RISK: (0.55, 0.6, 0.4, 0.5),
    Cause.NOTHING: (0.3, 0.2, 0.1, 0.3),
}
_HARSHNESS: Final = (1.0, 1.0, 1.15, 1.5)  # of each template
_SMS_ANNOYS, _SMS_PERSUADES = 2.2, 1.25
_NIGHT_ANNOYS, _NIGHT_PERSUADES = 1.6, 0.75
_SOON_ANNOYS: Final = 1.7


class Sent(Struct, frozen=True, gc=False):
    """One message: what it adds to the annoyance, and how strongly it persuades."""

    annoyance: float
    persuasion: float


def sent(world: World, truth: Truth, number: int, before: int | None, step: Step) -> Sent:
    """The effect of message `number` (0 the first); `before` is when the last one went."""
    night = not 8 <= local_hour(truth.zone, step.at) < 21
    soon = before is not None and step.at - before < SOON_S
    annoyance = weight(step.channel, step.template)
    annoyance *= _NIGHT_ANNOYS if night else 1.0
    annoyance *= _SOON_ANNOYS if soon else 1.0
    persuasion = strength(world, truth, number, step.channel, step.template)
    return Sent(annoyance, persuasion * (_NIGHT_PERSUADES if night else 1.0))


def weight(channel: str, template: str) -> float:
    """How much a message annoys at the best of times."""
    return _HARSHNESS[TEMPLATES.index(template)] * (_SMS_ANNOYS if channel == "sms" else 1.0)


def strength(world: World, truth: Truth, number: int, channel: str, template: str) -> float:
    """How much a message persuades at the best of times."""
    manners = world.manners
    fit = _FIT[truth.card.cause][TEMPLATES.index(template)]
    told = fit * (_SMS_PERSUADES if channel == "sms" else 1.0)
    return told * truth.willing * 1.6 * manners.answers * manners.fatigue**number


def cost_cents(world: World, channel: str) -> float:
    """What sending costs."""
    return world.sms_cents if channel == "sms" else world.email_cents
