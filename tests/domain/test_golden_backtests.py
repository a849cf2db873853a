"""Whole reports of backtests over example histories, to the digits that a platform keeps.

See `golden_files`. What the figures must be is proven elsewhere; here a change of any shows.
"""

from typing import Any, Final

import msgspec
import pytest
from msgspec.structs import replace

from bench.backtest import A, B
from domain.backtest import PastCase, backtest, lines_of
from domain.decline import DeclineFamily
from domain.policy import FixedWaits, Match, Plan, Policy, Segment, balanced, gentle
from tests.domain.golden_files import assert_golden
from tests.domain.policy_faults import DAY
from wiring.example_history import example_cases

PATIENT: Final = Segment(
    name="dollars",
    when=Match(currencies=("usd",), at_least_minor=20_00, tenure_at_least=100 * DAY),
    plans={DeclineFamily.FUNDS: Plan(retries=FixedWaits(waits=(5 * DAY, 9 * DAY)))},
    window=20 * DAY,
)
COMPARISONS: Final[dict[str, tuple[int, Policy | None, Policy]]] = {
    "two policies of fixed waits": (2_000, A, B),
    "what happened and a segment": (800, None, replace(B, segments=(PATIENT,))),
    "what happened and pay days": (150, None, gentle("Europe/Berlin")),
    "fixed waits and what learns": (40, A, balanced("Europe/Berlin")),
    "a policy and itself": (100, A, A),
}


def history(cases: int) -> list[PastCase]:
    """An example's history in which some subscribed early and some late."""
    return [
        replace(case, subscribed_at=case.opened_at - number % 200 * 86_400, interval="month")
        for number, case in enumerate(example_cases(cases))
    ]


def figures(value: Any) -> Any:
    """All floats to six digits."""
    match value:
        case float():
            return float(f"{value:.6g}")
        case dict():
            return {name: figures(one) for name, one in value.items()}
        case list():
            return [figures(one) for one in value]
        case _:
            return value


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_backtest_finds_what_its_golden_file_says(name: str) -> None:
    cases, a, b = COMPARISONS[name]
    report = backtest(history(cases), a, b)
    found = msgspec.json.encode(figures(msgspec.to_builtins(report)))
    text = "\n".join((*lines_of(report), "", msgspec.json.format(found, indent=1).decode(), ""))
    assert_golden(f"backtests/{name.replace(' ', '_')}.txt", text)
