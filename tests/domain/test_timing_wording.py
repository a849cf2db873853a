"""Every bucket has a name that a merchant understands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.shapes import Channel, Template
from domain.timing.features import Key, charge_keys, message_keys
from domain.timing.wording import phrase
from tests.domain.timing_cases import DAY, HOUR, MONDAY, situation


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (("since", "funds", 0), ("funds", "0 days after the first refusal")),
        (("since", "funds", 10), ("funds", "31 or more days after the first refusal")),
        (("gap", "funds", 2), ("funds", "6 to 19 hours after the last try")),
        (("month_day", "funds", 0), ("funds", "last day of the month")),
        (("month_day", "funds", -2), ("funds", "2 days before the month ends")),
        (("month_day_in", "SE", 25), ("all", "day 25 of the month, customers in SE")),
        (("weekday_in", "US", 4), ("all", "Friday, customers in US")),
        (("hours", "unknown", 0), ("unknown", "at night")),
        (("tenure", "", "?"), ("all", "tenure ?")),
        (("merchant", "", "bakery"), ("all", "this merchant")),
    ],
)
def test_a_bucket_is_called_by_what_it_is(key: Key, said: tuple[str, str]) -> None:
    assert phrase(key) == said


@given(st.integers(1, 24 * 60), st.sampled_from(Template), st.sampled_from(Channel))
def test_every_bucket_that_a_decision_rests_on_has_a_name(
    hours: int, template: Template, channel: Channel
) -> None:
    case = situation(failed_at=MONDAY - 3 * DAY, tenure_days=None if hours % 2 else hours)
    acting, leaving = message_keys(case, template, channel)
    for key in [*charge_keys(case, MONDAY + hours * HOUR), *acting, *leaving]:
        family, what = phrase(key)
        assert family
        assert what
        assert "{" not in what
