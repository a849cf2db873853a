"""Who charges: how a case lives beside Stripe's own retries, and what Stripe counts of them."""

from typing import Final

from domain.policy import StripeRetries
from domain.recovery import events as e

MODES: Final = {
    StripeRetries.TAKE_OVER: "We charge; Stripe\u2019s own retries are off.",
    StripeRetries.FOLLOW: "Stripe retries; we write.",
    StripeRetries.HOLD_OUT: "Only watched: Stripe goes on as it would without us.",
}
BILL: Final = "A bill that the customer pays by hand: we write, and nothing is charged."


def mode_of(history: tuple[e.Event, ...]) -> str | None:
    """Who charges, in a sentence; None for a case of old, which did not write it down."""
    opened = _opened(history)
    if opened is None:
        return None
    if opened.outstanding and not opened.held_out:
        return BILL
    mode = StripeRetries.HOLD_OUT if opened.held_out else opened.stripe_retries
    return MODES[mode] if mode is not None else None


def tries_of_stripe(history: tuple[e.Event, ...]) -> str | None:
    """Stripe counts 6 tries; 3 of them were charges. None where its count says nothing new.

    Only what Stripe has counted since the case was opened can be told apart: of an earlier try we
    do not know whether it reached the bank.
    """
    opened = _opened(history)
    counted = [event for event in history if isinstance(event, e.StripeCounted)]
    if opened is None or not counted:
        return None
    now, before = counted[-1].attempt_count, opened.attempt_count
    silent = now - before - _charges_of_stripe(history, opened)
    if silent <= 0:
        return None
    if before <= 1:
        told = f"Stripe counts {now} tries; {now - silent} of them {_were(now - silent)}."
    else:
        since = now - before
        told = (
            f"Stripe counts {now} tries. Of the {since} since we watch, {since - silent} "
            f"{_were(since - silent)}."
        )
    return f"{told} The other {silent} never reached the bank."


def _charges_of_stripe(history: tuple[e.Event, ...], opened: e.CaseOpened) -> int:
    """Refused charges by Stripe's schedule after the one for which the case was opened.

    One that goes through settles the invoice, and nothing is counted any more.
    """
    refused = [
        event
        for event in history
        if isinstance(event, e.ChargeDeclined) and event.by is e.Payer.STRIPE
    ]
    known = 1 if opened.attempt_count and refused else 0
    return len(refused) - known


def _opened(history: tuple[e.Event, ...]) -> e.CaseOpened | None:
    return next((event for event in history if isinstance(event, e.CaseOpened)), None)


def _were(count: int) -> str:
    return "was a charge" if count == 1 else "were charges"
