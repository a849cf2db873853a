"""Decisions kept so that each can be made again, byte for byte; the first that differs is named."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from domain.invoice import Customer, Invoice
from domain.policy import Policy
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.basis import Basis, Circumstances
from domain.recovery.case import RecoveryCase, evolve, replay
from domain.recovery.decide import decide
from domain.timing.knowledge import Knowledge


class Decision(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked and what was known; with the history before it, all that a decision needs.

    `version` is the case's before it. No personal data: of a customer only the id is kept.
    """

    at: datetime
    version: int
    commands: tuple[c.Command, ...]
    policy_version: int
    knowledge_version: int = 0
    circumstances: Circumstances = Circumstances()


class Difference(Struct, frozen=True, kw_only=True):
    """The first decision that comes out otherwise now: what was written, and what would be."""

    decision: Decision
    written: tuple[e.Event, ...]
    remade: tuple[e.Event, ...]


def keep(
    case: RecoveryCase, commands: tuple[c.Command, ...], basis: Basis, now: datetime
) -> Decision:
    """The record of the decision about `commands` on `case`, made at `now`."""
    return Decision(
        at=now,
        version=case.version,
        commands=tuple(_without_person(command) for command in commands),
        policy_version=basis.policy.version,
        knowledge_version=basis.knowledge_version,
        circumstances=basis.around,
    )


def decide_all(
    case: RecoveryCase, commands: Iterable[c.Command], basis: Basis, now: datetime
) -> tuple[e.Event, ...]:
    """What all the commands make happen, one after the other."""
    events: list[e.Event] = []
    for command in commands:
        new = decide(case, command, basis, now)
        case = reduce(evolve, new, case)
        events += new
    return tuple(events)


def remake(
    decision: Decision,
    history_before: Iterable[e.Event],
    policy: Policy,
    knowledge: Knowledge,
) -> tuple[e.Event, ...]:
    """The events that the decision leads to, made again from what was kept."""
    basis = Basis(
        policy=policy,
        knowledge=knowledge,
        knowledge_version=decision.knowledge_version,
        around=decision.circumstances,
    )
    return decide_all(replay(history_before), decision.commands, basis, decision.at)


def check(
    decisions: Iterable[Decision],
    history: tuple[e.Event, ...],
    policies: Mapping[int, Policy],
    knowledges: Mapping[int, Knowledge],
) -> Difference | None:
    """The first decision that does not come out as it was written; None if all do.

    `decisions` in their order, those that led to nothing included or not. Raises KeyError if a
    policy or knowledge of a version that a decision names is not given.
    """
    ordered = tuple(decisions)
    for decision, end in zip(ordered, _ends(ordered, len(history)), strict=True):
        policy = policies[decision.policy_version]
        knowledge = knowledges[decision.knowledge_version]
        remade = remake(decision, history[: decision.version], policy, knowledge)
        written = history[decision.version : end]
        if _as_bytes(remade) != _as_bytes(written):
            return Difference(decision=decision, written=written, remade=remade)
    return None


def _as_bytes(events: tuple[e.Event, ...]) -> bytes:
    """One order of names for all: a store may give them back in another."""
    return msgspec.json.encode(events, order="deterministic")


def _ends(decisions: tuple[Decision, ...], last: int) -> tuple[int, ...]:
    """Up to which version the events of each decision reach: to where the next one began."""
    return (*(decision.version for decision in decisions[1:]), last) if decisions else ()


def _without_person(command: c.Command) -> c.Command:
    match command:
        case c.OpenCase() | c.BeginAttempt():
            return replace(command, invoice=_nameless(command.invoice))
        case _:
            return command


def _nameless(invoice: Invoice) -> Invoice:
    customer = invoice.customer
    known = Customer(customer_id=customer.customer_id) if customer else None
    return replace(invoice, customer=known, hosted_url=None)
