"""Whether somebody acts who was asked to wait: pauses, promises, picked dates, hold-outs."""

from datetime import datetime

from adapters.memory.world import CaseKey
from domain.policy import Template
from domain.recovery import events as e
from domain.recovery.state import RecoveryCase
from tests.simulation.demands import demand
from tests.simulation.judges.evidence import Evidence
from tests.simulation.laws import Law

Assigned = tuple[str | None, bool]


class QuietJudge:
    """Remembers by itself who asked for quiet; a case may forget."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._quiet_until: dict[CaseKey, datetime] = {}
        self._paused: set[CaseKey] = set()
        self._held_out: set[CaseKey] = set()
        self._assigned: dict[tuple[object, ...], Assigned] = {}

    def happened(self, key: CaseKey, case: RecoveryCase, event: e.Event) -> None:
        """An event of a case, before it is added."""
        match event:
            case e.CaseOpened():
                self._opened(key, event)
            case e.DatePicked():
                self._quiet_until[key] = event.charge_at
            case e.PaymentPromised():
                self._quiet_until[key] = event.until
            case e.CasePaused():
                self._paused.add(key)
            case e.CaseResumed():
                self._paused.discard(key)
            case e.AttemptStarted() | e.ReminderStarted():
                self._acts(key, event)
            case _:
                pass

    def _opened(self, key: CaseKey, event: e.CaseOpened) -> None:
        if event.held_out:
            self._held_out.add(key)
        person = (key[0], event.account, event.customer_id, event.policy_version)
        drawn = (event.arm, event.held_out)
        same = self._assigned.setdefault(person, drawn) == drawn
        demand(same, Law.I24, "a person stays where the draw put them", key, drawn)

    def _acts(self, key: CaseKey, event: e.AttemptStarted | e.ReminderStarted) -> None:
        demand(key not in self._paused, Law.I23, "who is paused is left alone", key, event)
        demand(key not in self._held_out, Law.I23, "who is held out is left alone", key, event)
        thanks = isinstance(event, e.ReminderStarted) and event.template is Template.RECOVERED
        until = None if thanks else self._quiet_until.get(key)  # it is paid, whatever was promised
        over = until is None or event.at >= until
        demand(over, Law.I23, "a promised day is waited for", key, until, event)
