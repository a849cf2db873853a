"""What issuers answer: whether a charge goes through, and what they say when it does not."""

from bisect import bisect_right
from typing import Final

from rehearsal.worlds.draws import draw, pick
from rehearsal.worlds.shapes import Card, Cause, Decline, World
from rehearsal.worlds.zones import HOUR_S, local_hour, offset_s

# After any of these the card must not be retried (the protocol's list).
NEVER_CODES: Final = frozenset(
    "lost_card stolen_card pickup_card invalid_account incorrect_number stop_payment_order "
    "revocation_of_authorization revocation_of_all_authorizations".split()
)
NEVER_ADVICE: Final = frozenset({"03", "21"})

CODES: Final[dict[Cause, tuple[str, ...]]] = {
    Cause.FUNDS: ("insufficient_funds",),
    Cause.TROUBLE: ("processing_error", "issuer_not_available", "try_again_later",
                    "reenter_transaction"),
    Cause.LIMIT: ("card_velocity_exceeded", "withdrawal_count_limit_exceeded"),
    Cause.EXPIRED: ("expired_card", "invalid_expiry_year", "expired_card"),
    Cause.DEAD: ("lost_card", "stolen_card", "pickup_card", "invalid_account", "incorrect_number",
                 "revocation_of_authorization", "stop_payment_order", "restricted_card"),
    Cause.REFUSED: ("transaction_not_allowed", "card_not_supported", "service_not_allowed",
                    "currency_not_supported"),
    Cause.AUTHENTICATION: ("authentication_required", "authentication_required",
                           "approve_with_id"),
    Cause.RISK: ("fraudulent", "generic_decline", "security_violation", "do_not_honor"),
    Cause.NOTHING: ("do_not_honor", "generic_decline", "try_again_later"),
}  # fmt: skip
VAGUE: Final = ("do_not_honor", "generic_decline", "generic_decline", "call_issuer",
                "no_action_taken", "do_not_honor")  # fmt: skip
WRONG: Final = ("insufficient_funds", "processing_error", "expired_card", "incorrect_cvc",
                "card_velocity_exceeded", "transaction_not_allowed", "authentication_required",
                "issuer_said_4711")  # fmt: skip

_ADVICE: Final[dict[Cause, tuple[str, ...]]] = {
    Cause.FUNDS: ("try_again_later",),
    Cause.TROUBLE: ("try_again_later",),
    Cause.LIMIT: ("try_again_later",),
    Cause.EXPIRED: ("confirm_card_data",),
    Cause.DEAD: ("do_not_try_again", "do_not_try_again", "confirm_card_data"),
    Cause.REFUSED: ("do_not_try_again",),
    Cause.AUTHENTICATION: ("confirm_card_data", "try_again_later"),
    Cause.RISK: ("try_again_later", "do_not_try_again"),
    Cause.NOTHING: ("try_again_later",),
}
_NETWORK: Final[dict[Cause, tuple[str, ...]]] = {
    Cause.FUNDS: ("02", "02", "24", "25", "26", "27", "28", "29", "30"),
    Cause.TROUBLE: ("02", "24", "24"),
    Cause.LIMIT: ("02", "25"),
    Cause.EXPIRED: ("01",),
    Cause.DEAD: ("03", "03", "21", "01"),
    Cause.REFUSED: ("01", "99"),
    Cause.AUTHENTICATION: ("01", "99"),
    Cause.RISK: ("02", "99"),
    Cause.NOTHING: ("02", "99"),
}
_ERRS: Final = 0.04  # share of advice that belongs to another cause
_SAYS, _WHICH, _ADVISES, _WHAT, _ERRING, _OTHER = range(6)


def approves(world: World, zone: str, card: Card, at: int, suspicion: float) -> bool:
    """Whether a charge goes through. A mood lasts `redraw_hours`: trying again before it changes,
    with the same chances, meets the same answer. More `suspicion` never helps.
    """
    if not permits(card, at):
        return False
    mood = (at + offset_s(zone, at)) // (world.temper.redraw_hours * HOUR_S)
    return draw(card.key, mood) < chance(world, zone, card, at) * damp(suspicion)


def permits(card: Card, at: int) -> bool:
    """Whether the cause of the failure is over, or pauses."""
    place = bisect_right(card.windows, (at, 1 << 62)) - 1
    return place >= 0 and at < card.windows[place][1]


def chance(world: World, zone: str, card: Card, at: int) -> float:
    """How willing an unsuspicious issuer is at this hour."""
    return card.approval * world.temper.hours[local_hour(zone, at)]


def damp(suspicion: float) -> float:
    """What earlier failures leave of an approval: between 0 and 1."""
    return 1.0 if suspicion <= 0.0 else 2.718281828459045**-suspicion


def decline(world: World, card: Card, at: int) -> Decline:
    """What is said about a charge that failed at `at`: the card's habit, or something else."""
    key = card.key ^ (at * 0x2545F4914F6CDD1D & 0xFFFFFFFFFFFFFFFF)
    cause = Cause.NOTHING if permits(card, at) else card.cause
    code = card.habit[int(draw(key, _WHICH) * len(card.habit))]
    if cause is Cause.NOTHING or draw(key, _SAYS) < world.fickle:
        code = pick(key, _OTHER, VAGUE)
    about = cause if draw(key, _ERRING) >= _ERRS else Cause.TROUBLE
    advice = pick(key, _WHAT, _ADVICE[about]) if draw(key, _ADVISES) < world.advice else None
    return Decline(code, advice, _network_advice(world, card, key, about))


def says_never(decline_: Decline) -> bool:
    """Whether the answer forbids any further retry of this card."""
    return decline_.code in NEVER_CODES or decline_.network_advice in NEVER_ADVICE


def _network_advice(world: World, card: Card, key: int, about: Cause) -> str | None:
    if card.brand != "mastercard" or draw(key, 7) >= world.network_advice:
        return None
    return pick(key, 8, _NETWORK[about])
