"""Public holidays, from the `holidays` library."""

from adapters.holidays.public import public_holidays

__all__ = ["public_holidays"]
