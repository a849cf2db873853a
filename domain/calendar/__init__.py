"""Local time and pay days."""

from domain.calendar.hours import is_timezone, next_at_hour, within_hours

__all__ = ["is_timezone", "next_at_hour", "within_hours"]
