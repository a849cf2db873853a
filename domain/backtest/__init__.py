"""The backtest: how another policy would have done with a merchant's own past."""

from domain.backtest.backtest import EmptyHistory, LeftToStripe, backtest
from domain.backtest.history import PastCase, PastCharge
from domain.backtest.report import Report, lines_of

__all__ = [
    "EmptyHistory",
    "LeftToStripe",
    "PastCase",
    "PastCharge",
    "Report",
    "backtest",
    "lines_of",
]
