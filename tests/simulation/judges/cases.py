"""Whether a case may change like this: its table, its audit, its policy, its next action."""

from typing import Final
from uuid import UUID

import msgspec

from adapters.memory.world import CaseKey, HeldAction, HeldCase
from application.change_case import Change
from application.ports.stores import AuditEntry
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import next_action
from domain.recovery.basis import Basis
from domain.recovery.case import evolve
from domain.recovery.decide import LONGEST_CHECK, decide
from domain.recovery.explain import Decision, decide_all
from domain.recovery.state import RecoveryCase
from domain.recovery.transitions import CLOSED, TRANSITIONS
from domain.timing.knowledge import Knowledge
from tests.simulation.demands import Rows, demand
from tests.simulation.judges.evidence import Evidence
from tests.simulation.laws import Law
from tests.simulation.schedule import Task

EDGES: Final = dict(TRANSITIONS)  # as published: a plant that adds one to the table is seen
MOST_EVENTS: Final = 600  # of one case: more is a case that goes in circles
CANARY: Final = b"anary"  # a part of every customer's name and address
CANARY_NUMBER: Final = "+491715550"  # how every customer's number begins
# Each tells of one occurrence that has no name of its own.
OF_ADDRESSES: Final = frozenset({"suppress_address", "subscribe_again"})
OCCURRENCES: Final = (c.RecordUnclear,)
_ENCODER: Final = msgspec.json.Encoder()


class CasesJudge:
    """Looks at every case, action and audit row that a step touched."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence, world = evidence, evidence.world
        self._cases: Rows[CaseKey, HeldCase] = Rows(world.cases)
        self._actions, self._audit = Rows(world.actions), Rows(world.audit)
        self._customers, self._messages = Rows(world.customers), Rows(world.messages)
        world.cases, world.actions, world.audit = self._cases, self._actions, self._audit
        world.customers, world.messages = self._customers, self._messages
        self._silenced = world.suppressions = Rows(world.suppressions)

    def touched(self, task: Task) -> dict[CaseKey, tuple[RecoveryCase, tuple[e.Event, ...]]]:
        """What a step changed: each case as it was, and what happened to it since."""
        changed = {}
        audited = [row for row in self._audit.touched() if row in self._audit]
        for key in self._cases.touched():
            held, known = self._cases.get(key), self._evidence.known.get(key)
            if held is known:
                continue
            demand(held is not None, Law.I11, "no case vanishes", key)
            assert held is not None
            before = known.events if known else ()
            kept = held.events[: len(before)] == before
            demand(kept, Law.I11, "history is only added to", key)
            new = held.events[len(before) :]
            changed[key] = (known.state if known else RecoveryCase(), new)
        self._audits(audited, changed)
        for key, (state, events) in changed.items():
            self._changed(key, state, events, task)
        self._strangers()
        return changed

    def acted(self, changed: dict[CaseKey, object]) -> dict[CaseKey, None]:
        """Looks at the next actions; whose is new comes back."""
        actions = self._actions.touched()
        for key in {**changed, **actions}:
            self._next_action(key)
        return actions

    def _changed(
        self, key: CaseKey, before: RecoveryCase, events: tuple[e.Event, ...], task: Task
    ) -> None:
        held, evidence = self._cases[key], self._evidence
        after = before
        for event in events:
            after = self._step(key, after, event)
        demand(after == held.state, Law.I8, "replay equals the row", key)
        demand(len(held.events) < MOST_EVENTS, Law.I16, "no case goes in circles", key)
        owned = evidence.owns(key[0], after.account)
        demand(owned, Law.I17, "no row crosses merchants", key)
        debt = evidence.stripe.debts.get((after.account, after.invoice_id))
        demand(debt is not None, Law.I10, "a case is of an invoice of its account", key)
        told = _ENCODER.encode(events)
        demand(not _names(told), Law.I25, "no person in a case's events", key)
        if task.change is not None:
            self._decided(key, before, events, task.change)
        if not after.is_open:
            evidence.closed.setdefault(key, evidence.schedule.steps)

    def _step(self, key: CaseKey, case: RecoveryCase, event: e.Event) -> RecoveryCase:
        known = (case.phase, type(event)) in EDGES
        demand(known, Law.I8, "no edge but those of the table", key, case.phase, event)
        after = evolve(case, event)
        absorbed = case.phase not in CLOSED or after.phase is case.phase
        demand(absorbed, Law.I8, "an end is an end", key, case.phase, after.phase)
        if not case.version:
            return after
        demand(after.currency == case.currency, Law.I9, "a currency never changes", key)
        demand(isinstance(after.recovered_minor, int), Law.I9, "money is whole", key)
        same = after.policy_version == case.policy_version
        demand(same, Law.I24, "a case keeps its policy", key)
        demand(after.closes_at == case.closes_at, Law.I16, "an end does not move away", key)
        return after

    # The decision, made again.
    def _decided(
        self, key: CaseKey, before: RecoveryCase, events: tuple[e.Event, ...], change: Change
    ) -> None:
        """By the domain alone, from what the log of decisions has kept."""
        kept = self._evidence.world.decisions.get(key, ())
        logged = bool(kept) and kept[-1].version == before.version
        demand(logged, Law.I18, "a change has its decision in the log", key)
        demand(not _names(_ENCODER.encode(kept[-1])), Law.I25, "no person in a decision", key)
        version = self._version(key[0], before)
        pinned = kept[-1].policy_version == version
        demand(pinned, Law.I24, "a case keeps its policy", key, kept[-1].policy_version)
        basis = self._basis(key[0], kept[-1])
        again = decide_all(before, kept[-1].commands, basis, kept[-1].at)
        demand(again == events, Law.I20, "a decision is made again alike", key, events, again)
        after = self._cases[key].state
        for command in change.commands:
            if not isinstance(command, OCCURRENCES):
                more = decide(after, command, basis, change.at)
                demand(not more, Law.I22, "told twice is told once", key, command, more)

    def _version(self, merchant_id: UUID, case: RecoveryCase) -> int:
        policies = self._evidence.world.policies
        versions = [version for owner, version in policies if owner == merchant_id]
        return case.policy_version if case.version else max(versions)

    def _basis(self, merchant_id: UUID, decision: Decision) -> Basis:
        world, version = self._evidence.world, decision.knowledge_version
        return Basis(
            policy=world.policies[merchant_id, decision.policy_version],
            knowledge=world.knowledge[merchant_id, version].whole if version else Knowledge(),
            knowledge_version=version,
            around=decision.circumstances,
        )

    # Rows beside the case.
    def _audits(
        self,
        rows: list[tuple[UUID, int]],
        changed: dict[CaseKey, tuple[RecoveryCase, tuple[e.Event, ...]]],
    ) -> None:
        told: dict[CaseKey, list[AuditEntry]] = {key: [] for key in changed}
        asked = list[AuditEntry]()
        for row in rows:
            entry = self._audit[row]
            said = _ENCODER.encode(entry)
            demand(not _names(said), Law.I25, "no person in the audit", row)
            demand(bool(entry.actor), Law.I18, "an audit row names its actor", row)
            kind, _, name = entry.subject.partition(":")
            if entry.action in OF_ADDRESSES:
                asked.append(entry)
            elif kind == "case":
                mine = (row[0], UUID(name))
                demand(mine in told, Law.I18, "no audit row without its change", row)
                told[mine].append(entry)
        silenced = len(self._silenced.touched())
        demand(len(asked) == silenced, Law.I18, "one audit row per address", asked)
        for key, entries in told.items():
            before, after = changed[key][0].version, self._cases[key].state.version
            versions = [(one.before["version"], one.after["version"]) for one in entries]
            right = versions == [(before, after)]
            demand(right, Law.I18, "one audit row per change", key, versions)

    def _next_action(self, key: CaseKey) -> None:
        held, action = self._cases.get(key), self._actions.get(key)
        wanted = next_action(held.state) if held is not None else None
        there = action.action if action is not None else None
        demand(there == wanted, Law.I15, "exactly one next action", key, wanted, there)
        if action is not None and held is not None:
            self._is_reachable(key, held.state, action)
        rows = len(self._evidence.world.cases_of_actions)
        demand(rows == len(self._actions), Law.I15, "no action without a case", rows)

    def _is_reachable(self, key: CaseKey, case: RecoveryCase, held: HeldAction) -> None:
        leads = self._evidence.world.cases_of_actions.get(held.ref) == key[1]
        mine = leads and held.ref.merchant_id == key[0]
        demand(mine, Law.I15, "the action leads to its case", key)
        assert case.closes_at is not None
        latest = max(case.closes_at, self._evidence.schedule.now + 2 * LONGEST_CHECK)
        soon = held.action.due_at <= latest
        demand(soon, Law.I15, "a next action within the horizon", key, held.action)

    def _strangers(self) -> None:
        for merchant_id, account, *_ in self._customers.touched():
            owned = self._evidence.owns(merchant_id, account)
            demand(owned, Law.I17, "no row crosses merchants", account)
        for merchant_id, case_id, _ in self._messages.touched():
            known = (merchant_id, case_id) in self._cases
            demand(known, Law.I17, "no row crosses merchants", case_id)


def _names(told: bytes) -> bool:
    """Whether it holds anything of a person."""
    return CANARY in told or CANARY_NUMBER.encode() in told
