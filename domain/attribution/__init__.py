"""What came back because of us: the credit for each payment, and the lift over a hold-out."""

from domain.attribution.credit import Cause, Credited, Split, credited, split
from domain.attribution.experiment import Experiment, latest_experiment
from domain.attribution.groups import Group, MoneyOutcome, PeopleOutcome, money_groups, people_group
from domain.attribution.lift import Extra, Lift, Verdict, anyway_per_million, compare, extra

__all__ = [
    "Cause",
    "Credited",
    "Experiment",
    "Extra",
    "Group",
    "Lift",
    "MoneyOutcome",
    "PeopleOutcome",
    "Split",
    "Verdict",
    "anyway_per_million",
    "compare",
    "credited",
    "extra",
    "latest_experiment",
    "money_groups",
    "people_group",
    "split",
]
