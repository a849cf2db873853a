"""`chargechase policy decide`: the policy over JSON lines, on standard input and output.

The protocol's errors are answered, not raised: one case that cannot be read or decided costs a
day's wait of that case and a line on standard error, never the lines after it.
"""

import sys
import traceback
from collections.abc import Iterable
from datetime import timedelta
from typing import BinaryIO, Final

import msgspec

from adapters.holidays.public import public_holidays
from application.policy_protocol.answering import Answering
from application.policy_protocol.messages import (
    Answer,
    Answers,
    Line,
    asked_of,
    line,
    line_of,
    named_of,
    outcome_of,
    utc,
)
from domain.policy import Policy
from domain.timing.knowledge import Knowledge

LATER: Final = timedelta(hours=24)


def decide_lines(
    policy: Policy, lines: Iterable[bytes], out: BinaryIO, *, learns: bool = True
) -> None:
    """Answer until the input ends: one line, flushed, for each `decide`; none for a `learn`."""
    answering = Answering(policy, Knowledge(), public_holidays, learns=learns)
    for raw in lines:
        if not raw.strip():
            continue
        try:
            told = line_of(raw)
        except msgspec.MsgspecError as error:
            _complain(f"a line that cannot be read: {error}")
            continue
        if told.op == "decide":
            out.write(_answered(answering, told))
            out.flush()
        elif told.op == "learn":
            _heard(answering, told)


def _answered(answering: Answering, told: Line) -> bytes:
    if told.case:
        return line(_one(answering, told.case))
    answers = tuple(_one(answering, raw) for raw in told.cases)
    return line(Answers(seq=told.seq, answers=answers))


def _one(answering: Answering, raw: msgspec.Raw) -> Answer:
    try:
        return answering.answer(asked_of(raw))
    except Exception:  # a bug met in one case must not end the run of twenty thousand
        _complain(traceback.format_exc())
        named = named_of(raw)
        return Answer(id=named.id, action="wait", at=utc(named.now) + LATER, reason="an error")


def _heard(answering: Answering, told: Line) -> None:
    for raw in (*told.outcomes, *([told.outcome] if told.outcome else ())):
        try:
            answering.hear(outcome_of(raw))
        except Exception:
            _complain(traceback.format_exc())


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
