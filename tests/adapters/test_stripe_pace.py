"""Token buckets on a clock that the test moves."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.stripe.pace import MOST_KEYS, Pace, RateLimits, TokenBucket


class Hands:
    """A clock's hands."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def test_a_burst_goes_at_once_and_what_follows_is_spread_at_the_rate() -> None:
    bucket = TokenBucket(10, burst=3, monotonic=Hands())
    waits = [round(bucket.reserve("acct_1"), 6) for _ in range(6)]
    assert waits == [0, 0, 0, 0.1, 0.2, 0.3]


def test_the_burst_is_there_again_after_a_rest_and_never_grows() -> None:
    clock = Hands()
    bucket = TokenBucket(10, burst=3, monotonic=clock)
    for _ in range(3):
        bucket.reserve("acct_1")
    clock.at += 3_600
    assert [round(bucket.reserve("acct_1"), 6) for _ in range(4)] == [0, 0, 0, 0.1]


def test_accounts_do_not_wait_for_one_another() -> None:
    bucket = TokenBucket(1, burst=1, monotonic=Hands())
    assert [bucket.reserve(f"acct_{n}") for n in range(5)] == [0] * 5


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=100))
def test_no_second_ever_sees_more_than_the_rate_and_one_burst(pauses: list[float]) -> None:
    clock = Hands()
    bucket = TokenBucket(20, burst=4, monotonic=clock)
    leave = []
    for pause in pauses:
        clock.at += pause
        leave.append(clock.at + bucket.reserve("acct_1"))
    for start in leave:
        assert sum(start <= at < start + 1 - 1e-6 for at in leave) <= 20 + 4


def test_accounts_that_rest_are_forgotten() -> None:
    clock = Hands()
    bucket = TokenBucket(10, monotonic=clock)
    for n in range(MOST_KEYS):
        bucket.reserve(f"acct_{n}")
    clock.at += 60
    bucket.reserve("acct_new")
    assert len(bucket._free_at) == 1


def test_an_endpoint_has_a_rate_of_its_own_inside_the_accounts() -> None:
    pace = Pace(RateLimits(account_per_s=100, endpoint_per_s=5), monotonic=Hands())
    pays = [round(pace.reserve("acct_1", "invoices.pay"), 6) for _ in range(3)]
    assert pays == [0, 0.2, 0.4]
    assert pace.reserve("acct_1", "invoices.read") == 0


def test_the_rates_follow_the_keys_mode() -> None:
    assert RateLimits.of_key("sk_test_x").account_per_s == 25
    assert RateLimits.of_key("rk_live_x").account_per_s == 100
