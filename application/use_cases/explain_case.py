"""ExplainCase: make every decision of a case again, from what was kept, and compare."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from msgspec import Struct

from application.change_case import CaseRef
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from domain.policy import Policy
from domain.recovery.events import Event
from domain.recovery.explain import Decision, Difference, check
from domain.timing.knowledge import Knowledge

Version = TypeVar("Version")


class Remade(Struct, frozen=True, kw_only=True):
    """One decision and what it made happen; `fault` says how it comes out otherwise now."""

    decision: Decision
    events: tuple[Event, ...]
    fault: str | None = None


class Explanation(Struct, frozen=True, kw_only=True):
    """All decisions of a case up to the first that differs, that one last."""

    steps: tuple[Remade, ...]
    currency: str
    timezone: str  # the policy's: whose hours the story is told in
    fault: str | None = None  # the record itself is not whole

    @property
    def is_reproduced(self) -> bool:
        """Whether every decision came out as it was written."""
        return self.fault is None and all(step.fault is None for step in self.steps)


class _Record(Struct, frozen=True, kw_only=True):
    """What was kept of a case, and the versions that its decisions name."""

    history: tuple[Event, ...]
    decisions: tuple[Decision, ...]
    policies: dict[int, Policy]
    knowledges: dict[int, Knowledge]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainCase:
    """Reads only. Versions are pinned, so that no later edit changes what comes out."""

    open_uow: OpenUnitOfWork

    async def __call__(self, ref: CaseRef) -> Explanation | None:
        """None if there is no such case. Raises NotFound if a version that was used is gone."""
        async with self.open_uow(ref.merchant_id) as uow:
            try:
                record = await _read(uow, ref)
            except msgspec.MsgspecError as unreadable:
                return Explanation(
                    steps=(), currency="", timezone="UTC", fault=f"unreadable: {unreadable}"
                )
        return _explained(record) if record.history else None


async def _read(uow: UnitOfWork, ref: CaseRef) -> _Record:
    decisions = await uow.decisions.of_case(ref.case_id)
    return _Record(
        history=await uow.cases.load(ref.case_id),
        decisions=decisions,
        policies=await _versions(
            (decision.policy_version for decision in decisions), uow.policies.version
        ),
        knowledges=await _versions(
            (decision.knowledge_version for decision in decisions), uow.knowledge.version
        ),
    )


async def _versions(
    named: Iterable[int], read: Callable[[int], Awaitable[Version]]
) -> dict[int, Version]:
    return {version: await read(version) for version in sorted(set(named))}


def _explained(record: _Record) -> Explanation:
    first = record.history[0]
    policy = record.policies.get(record.decisions[0].policy_version) if record.decisions else None
    return Explanation(
        steps=_remade(record),
        currency=str(getattr(first, "currency", "")),
        timezone=policy.timezone if policy else "UTC",
        fault=None if _is_whole(record) else "the first events have no decision",
    )


def _is_whole(record: _Record) -> bool:
    return bool(record.decisions) and record.decisions[0].version == 0


def _remade(record: _Record) -> tuple[Remade, ...]:
    ends = [decision.version for decision in record.decisions[1:]] + [len(record.history)]
    steps: list[Remade] = []
    for decision, end in zip(record.decisions, ends, strict=False):
        events = record.history[decision.version : end]
        fault = _fault(record, decision, end)
        steps.append(Remade(decision=decision, events=events, fault=fault))
        if fault is not None:
            break
    return tuple(steps)


def _fault(record: _Record, decision: Decision, end: int) -> str | None:
    """How a decision comes out otherwise; what cannot even be replayed differs, too."""
    history = record.history[:end]
    try:
        difference = check((decision,), history, record.policies, record.knowledges)
    except (KeyError, AssertionError, TypeError, ValueError) as impossible:
        return f"cannot be made again: {type(impossible).__name__}: {impossible}"
    return None if difference is None else _told(difference)


def _told(difference: Difference) -> str:
    """The first event of the decision that differs, by its place in the case's history."""
    written, remade = difference.written, difference.remade
    same = 0
    while written[same : same + 1] and written[same : same + 1] == remade[same : same + 1]:
        same += 1
    place = difference.decision.version + same + 1
    was = _as_text(written[same : same + 1])
    return (
        f"event {place} is written as {was}, and comes out as {_as_text(remade[same : same + 1])}"
    )


def _as_text(events: tuple[Event, ...]) -> str:
    return msgspec.json.encode(events[0]).decode() if events else "nothing"
