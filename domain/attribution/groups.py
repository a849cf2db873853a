"""Two groups of customers to be compared, as running sums: a look never reads them all again.

The unit is the customer, for chance assigned customers: several invoices of one person are one
outcome between 0 and 1. Money weighs each customer by the amount at risk, and by no more than the
95th percentile of all customers of both groups: beyond that one invoice would decide alone. The
amount at risk was there before anybody was chased, so the cap favours neither side.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

CAP_PERCENTILE: Final = 95


class Group(Struct, frozen=True):
    """Sums over customers with an outcome x in [0, 1] and a weight w > 0; 1 where all count alike.

    Weights are pure numbers or minor units of one currency; a group never mixes the two.
    """

    customers: int = 0
    weight: float = 0.0  # sum of w
    weighted: float = 0.0  # sum of w x
    squares: float = 0.0  # sum of w^2
    squares_x: float = 0.0  # sum of w^2 x
    squares_xx: float = 0.0  # sum of w^2 x^2

    def plus(self, outcome: float, weight: float = 1.0, customers: int = 1) -> "Group":
        """With `customers` more who all have this outcome. Raises ValueError outside [0, 1]."""
        if not 0.0 <= outcome <= 1.0:
            raise ValueError(f"an outcome is between 0 and 1, not {outcome}")
        total, square = weight * customers, weight * weight * customers
        return Group(
            self.customers + customers,
            self.weight + total,
            self.weighted + total * outcome,
            self.squares + square,
            self.squares_x + square * outcome,
            self.squares_xx + square * outcome * outcome,
        )

    @property
    def share(self) -> float:
        """The weighted mean of the outcomes, 0 for nobody."""
        return self.weighted / self.weight if self.weight else 0.0

    @property
    def effective(self) -> float:
        """How many customers of equal weight would tell as much (Kish)."""
        return self.weight * self.weight / self.squares if self.squares else 0.0


class PeopleOutcome(Struct, frozen=True, kw_only=True):
    """So many customers of one lot had so many cases, of which so many were paid in full."""

    held_out: bool
    arm: str | None
    cases: int
    paid: int
    customers: int


class MoneyOutcome(Struct, frozen=True, kw_only=True):
    """So many customers of one lot owed that much, of which that much came and stayed."""

    held_out: bool
    arm: str | None
    currency: str
    at_risk_minor: int
    recovered_minor: int
    customers: int


def people_group(outcomes: Iterable[PeopleOutcome]) -> Group:
    """Every customer alike, with the share of their cases that were paid."""
    group = Group()
    for one in outcomes:
        group = group.plus(one.paid / one.cases, customers=one.customers)
    return group


def money_groups(
    treated: Sequence[MoneyOutcome], control: Sequence[MoneyOutcome]
) -> tuple[Group, Group]:
    """Every customer by the amount at risk, capped alike in both; of one currency."""
    cap = _cap([*treated, *control])
    return _money_group(treated, cap), _money_group(control, cap)


def _cap(outcomes: Sequence[MoneyOutcome]) -> int:
    """The least amount that at least 95 of 100 customers do not exceed; 0 for nobody."""
    left = sum(one.customers for one in outcomes) * CAP_PERCENTILE
    for one in sorted(outcomes, key=lambda one: one.at_risk_minor):
        left -= one.customers * 100
        if left <= 0:
            return one.at_risk_minor
    return 0


def _money_group(outcomes: Iterable[MoneyOutcome], cap: int) -> Group:
    group = Group()
    for one in outcomes:
        if one.at_risk_minor > 0:
            came = min(max(one.recovered_minor, 0), one.at_risk_minor)
            weight = min(one.at_risk_minor, cap)
            group = group.plus(came / one.at_risk_minor, weight, one.customers)
    return group
