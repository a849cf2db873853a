"""The preview: what a policy would do about one failed payment, told step by step."""

from domain.simulate.scenario import Scenario
from domain.simulate.simulate import simulate
from domain.simulate.timeline import Entry, Timeline

__all__ = ["Entry", "Scenario", "Timeline", "simulate"]
