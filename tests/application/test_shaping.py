"""Shaper: at 09:00 a thousand charges are due, and Stripe takes twenty a second."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from adapters.stripe.pace import TokenBucket
from application.ports.conveyor import DueAction
from application.ports.stores import ActionRef
from application.shaping import NEAR, Shaper
from domain.recovery.actions import ActionKind

MERCHANT = UUID(int=1)
PER_SECOND = 20
BURST = PER_SECOND // 5  # what TokenBucket lets go at once


class Nine:
    """A clock at 09:00, and a shaper that lives by it."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.shaper = Shaper(TokenBucket(PER_SECOND, monotonic=lambda: self.now).reserve)


def due(account: str, number: int) -> DueAction:
    ref = ActionRef(MERCHANT, UUID(int=number))
    return DueAction(ref=ref, kind=ActionKind.ATTEMPT, account=account)


def burst(account: str, count: int = 1_000) -> tuple[DueAction, ...]:
    return tuple(due(account, number) for number in range(count))


def test_a_burst_of_a_thousand_is_spread_at_the_accounts_rate() -> None:
    nine = Nine()
    ready, waits = nine.shaper.shape(burst("acct_big"))
    assert len(ready) + len(waits) == 1_000
    assert len(ready) <= BURST + PER_SECOND * NEAR.total_seconds()
    in_second = Counter(int(wait.total_seconds()) for _, wait in waits)
    assert max(in_second.values()) <= PER_SECOND
    longest = max(wait for _, wait in waits).total_seconds()
    assert longest <= 1_000 / PER_SECOND, "and no slower than it may be"


def test_turns_are_given_in_the_order_of_coming() -> None:
    first_to_last = [wait for _, wait in Nine().shaper.shape(burst("acct_big"))[1]]
    assert first_to_last == sorted(first_to_last)


def test_another_account_is_unharmed() -> None:
    nine = Nine()
    nine.shaper.shape(burst("acct_big"))
    small = due("acct_small", 5_000)
    assert nine.shaper.shape((small,)) == ((small.ref,), ())


def test_an_action_that_waited_keeps_its_turn_and_goes_at_once() -> None:
    nine = Nine()
    actions = burst("acct_big")
    last = actions[-1]
    _, waits = nine.shaper.shape(actions)
    nine.now += dict(waits)[last.ref].total_seconds()
    newcomers = tuple(due("acct_big", number) for number in range(1_000, 1_100))
    ready, _ = nine.shaper.shape((*newcomers, last))
    assert last.ref in ready


def test_a_turn_that_was_used_must_be_asked_for_anew() -> None:
    nine = Nine()
    actions = burst("acct_big")
    last = actions[-1:]
    nine.shaper.shape(actions)
    assert nine.shaper.shape(last)[0] == (last[0].ref,)
    assert nine.shaper.shape(last)[1][0][1] > timedelta(seconds=1)
