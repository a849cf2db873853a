"""`chargechase case explain`: a case's decisions made again, and its story with the reasons."""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any, get_args
from uuid import UUID

import msgspec
from msgspec.structs import replace

from application.change_case import CaseRef
from application.use_cases.explain_case import ExplainCase, Explanation, Remade
from domain.recovery.events import Event
from web.reasons import Explained, Reason, reason_of
from web.wording.story import tell
from web.wording.telling import Telling
from wiring.composition import Ground
from wiring.settings import Settings
from wiring.upkeep import desk

OK, FAILED = 0, 1
EXPLAINED = get_args(Explained)


async def explain(settings: Settings, options: argparse.Namespace) -> int:
    """0 if every decision comes out as it was written; 1 if one differs, or there is no case."""
    async with desk(settings) as here:
        found = await _find(here, options.case_id, options.merchant)
    if found is None:
        print(f"chargechase: there is no case {options.case_id}", file=sys.stderr)
        return FAILED
    if options.json:
        print(json.dumps(_as_json(options.case_id, found)))
    else:
        print("\n".join(_story(found)))
    return OK if found.is_reproduced else FAILED


async def _find(here: Ground, case_id: UUID, merchant_id: UUID | None) -> Explanation | None:
    """The case; without a merchant, whoever's it is."""
    explain_case = ExplainCase(open_uow=here.open_uow)
    owners = [merchant_id] if merchant_id else await _merchants(here)
    for owner in owners:
        found = await explain_case(CaseRef(owner, case_id))
        if found is not None:
            return found
    return None


async def _merchants(here: Ground) -> list[UUID]:
    accounts = await here.registry.accounts()
    return list(dict.fromkeys(account.merchant_id for account in accounts))


def _story(found: Explanation) -> Iterator[str]:
    telling = Telling(zone=found.timezone, currency=found.currency)
    for step in found.steps:
        yield from _told(step, telling)
    yield verdict(found)


def _told(step: Remade, telling: Telling) -> Iterator[str]:
    decision = step.decision
    asked = ", ".join(_name(command) for command in decision.commands)
    versions = f"policy {decision.policy_version}, knowledge {decision.knowledge_version}"
    yield f"{telling.time(decision.at)} ({decision.at:%Y-%m-%dT%H:%M:%SZ})  {asked}  [{versions}]"
    told: set[Reason] = set()
    for event in step.events:
        yield from _happened(event, telling, told)
    if step.fault:
        yield f"  DIFFERS: {step.fault}"
    yield ""


def _happened(event: Event, telling: Telling, given: set[Reason]) -> Iterator[str]:
    """One event; two that follow from one reason give it once."""
    told = tell(event, telling)
    yield f"  {told.text} {told.why}".rstrip()
    if isinstance(event, EXPLAINED):
        reason = replace(reason_of(event, telling), about="", rule="")
        if reason not in given:
            given.add(reason)
            yield from _because(reason)


def _because(reason: Reason) -> Iterator[str]:
    if reason.inputs:
        yield "    looked at: " + "; ".join(f"{name}: {value}" for name, value in reason.inputs)
    for line in reason.for_it:
        yield f"    counted: {line}"
    for line in reason.not_taken:
        yield f"    not taken: {line}"
    if reason.budget:
        yield f"    budget: {reason.budget}"


def verdict(found: Explanation) -> str:
    """The last line: all reproduced, or the first decision that is not."""
    if found.fault is not None:
        return f"This case cannot be explained: {found.fault}."
    count = len(found.steps)
    if found.is_reproduced:
        noun = "decision" if count == 1 else "decisions"
        return f"{count} {noun}, all reproduced byte for byte."
    last = found.steps[-1]
    at = f"{last.decision.at:%Y-%m-%dT%H:%M:%SZ}"
    return f"Decision {count}, of {at}, differs: {last.fault}"


def _as_json(case_id: UUID, found: Explanation) -> dict[str, Any]:
    return {
        "case_id": str(case_id),
        "reproduced": found.is_reproduced,
        "verdict": verdict(found),
        "fault": found.fault,
        "decisions": [
            {
                **msgspec.to_builtins(step.decision),
                "events": msgspec.to_builtins(step.events),
                "fault": step.fault,
            }
            for step in found.steps
        ],
    }


def _name(command: msgspec.Struct) -> str:
    return str(command.__struct_config__.tag).replace("_", " ")
