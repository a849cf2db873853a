"""The circuit breaker: by itself on a clock that the test moves, and on the wire."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.stripe.transport import caller_of
from application.breaker import MOST_ENDS, Breaker, Patience
from application.ports.payments import Paid, StripeUnavailable, Unknown
from tests.stripe_shop import ACCOUNT, a_shop

PATIENCE = Patience(failures=3, pause_s=5, longest_pause_s=20)


class Hands:
    """A clock's hands."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def broken(clock: Hands, account: str = "acct_1") -> Breaker:
    breaker = Breaker(PATIENCE, clock)
    for _ in range(PATIENCE.failures):
        breaker.failed(account)
    return breaker


def test_after_failures_in_a_row_nobody_asks() -> None:
    breaker = Breaker(PATIENCE, Hands())
    for _ in range(PATIENCE.failures):
        assert breaker.may_ask("acct_1")
        breaker.failed("acct_1")
    assert not breaker.may_ask("acct_1")


def test_an_answer_between_two_failures_keeps_it_closed() -> None:
    breaker = Breaker(PATIENCE, Hands())
    for _ in range(10):
        breaker.failed("acct_1")
        breaker.failed("acct_1")
        breaker.answered("acct_1")
    assert breaker.may_ask("acct_1")


def test_other_accounts_are_asked_as_before() -> None:
    assert broken(Hands()).may_ask("acct_2")


def test_after_the_pause_one_asks_and_the_others_wait_for_what_it_finds() -> None:
    clock = Hands()
    breaker = broken(clock)
    clock.at += PATIENCE.pause_s
    assert [breaker.may_ask("acct_1") for _ in range(5)] == [True, False, False, False, False]
    breaker.answered("acct_1")
    assert all(breaker.may_ask("acct_1") for _ in range(5))


def test_a_probe_that_nobody_heard_of_again_is_followed_by_another() -> None:
    clock = Hands()
    breaker = broken(clock)
    clock.at += PATIENCE.pause_s
    assert breaker.may_ask("acct_1")
    clock.at += PATIENCE.pause_s
    assert breaker.may_ask("acct_1")


def test_each_probe_that_fails_doubles_the_pause_up_to_the_longest() -> None:
    clock = Hands()
    breaker = broken(clock)
    for pause_s in (5, 10, 20, 20):
        clock.at += pause_s - 0.001
        assert not breaker.may_ask("acct_1")
        clock.at += 0.001
        assert breaker.may_ask("acct_1")
        breaker.failed("acct_1")


@given(st.lists(st.floats(0.01, 3), min_size=50, max_size=300))
def test_while_stripe_is_away_few_ask(pauses: list[float]) -> None:
    clock = Hands()
    breaker, asked, began = Breaker(PATIENCE, clock), 0, clock.at
    for pause in pauses:
        clock.at += pause
        if breaker.may_ask("acct_1"):
            asked += 1
            breaker.failed("acct_1")
    assert asked <= PATIENCE.failures + (clock.at - began) / PATIENCE.pause_s + 1


def test_it_forgets_rather_than_grow_without_end() -> None:
    breaker = Breaker(PATIENCE, Hands())
    for n in range(MOST_ENDS + 1):
        breaker.failed(f"acct_{n}")
    assert len(breaker._circuits) == 1


def test_accounts_without_a_name_are_told_apart_by_their_keys_and_no_key_is_shown() -> None:
    one = caller_of({"Authorization": "Bearer sk_test_one"})
    other = caller_of({"Authorization": "Bearer sk_test_two"})
    assert one != other
    assert "sk_test" not in one + other
    assert (
        caller_of({"Stripe-Account": "acct_1", "Authorization": "Bearer sk_test_one"}) == "acct_1"
    )


@pytest.mark.parametrize("fault", ["503", "reset_before"])
async def test_on_the_wire_it_opens_within_a_few_calls_and_closes_once_stripe_is_back(
    fault: str,
) -> None:
    async with a_shop(patience=Patience(failures=3, pause_s=0.3)) as shop:
        invoice = await shop.invoice()
        shop.fault(fault, path="/v1/*")
        for _ in range(20):
            with pytest.raises(StripeUnavailable):
                await shop.payments.read_invoice(ACCOUNT, invoice)
        outcome = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="cc:1")
        assert isinstance(outcome, Unknown)
        asked = [what for _, what in shop.seen if what == "failed"]
        assert len(asked) < 10
        assert ("invoices.pay", "spared") in shop.seen
        shop.double.faults.replace([])
        await asyncio.sleep(0.7)
        outcome = await shop.payments.pay_invoice(ACCOUNT, invoice, idempotency_key="cc:1")
        assert isinstance(outcome, Paid)


async def test_refusals_and_declines_are_answers() -> None:
    async with a_shop(patience=Patience(failures=2, pause_s=60)) as shop:
        for _ in range(10):
            assert await shop.payments.read_invoice(ACCOUNT, "in_absent") is None
        assert {what for _, what in shop.seen} == {"refused"}
