"""`chargechase policy backtest`: how another policy would have done with a merchant's own past."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, TextIO

import msgspec

from adapters.policy_files import from_toml
from domain.backtest import EmptyHistory, LeftToStripe, PastCase, backtest, lines_of
from domain.policy import PRESETS, Policy, PolicyInvalid
from wiring.backtest_arguments import HAPPENED
from wiring.cli import settings_of_run
from wiring.example_history import example_cases
from wiring.own_past import own_past
from wiring.settings import Need

OK, FAILED, MISUSED = 0, 1, 2
STANDARD_INPUT: Final = "-"
EVERY_CASES: Final = 20_000
BAR_CHARS: Final = 30
STRIPES_CHOICE: Final = (
    "Nobody can know when Stripe would have charged. If Stripe's retries made this history, name "
    "the policy with --policy-a: what happened stands for it. If your Stripe account retries on "
    "fixed days, write those days into a policy's file as fixed waits and name that."
)
EARLIEST, LATEST = 946_684_800, 4_102_444_800  # the century, in Unix seconds


class BadLine(ValueError):
    """A line that is no past case."""


def run(options: argparse.Namespace) -> int:
    """Carry the command out: exit code 0, 1 for what cannot be read, 2 for a senseless line."""
    if options.example is not None:
        return _print_examples(options.example, sys.stdout.buffer)
    if (options.file is None) is not options.from_database:
        print(
            "chargechase: name a FILE of past cases, or --from-database, or --example N",
            file=sys.stderr,
        )
        return MISUSED
    try:
        return _compare(options)
    except PolicyInvalid as invalid:
        for fault in invalid.faults:
            print(f"{fault.field}: {fault.message}", file=sys.stderr)
    except LeftToStripe as error:
        print(f"chargechase: {error}. {STRIPES_CHOICE}", file=sys.stderr)
    except (OSError, UnicodeDecodeError, BadLine, EmptyHistory) as error:
        print(f"chargechase: {error}", file=sys.stderr)
    return FAILED


def _compare(options: argparse.Namespace) -> int:
    a = None if options.policy_a == HAPPENED else _policy(options.policy_a, options.timezone)
    b = _policy(options.policy_b, options.timezone)
    with _cases(options) as cases:
        if cases is None:
            return MISUSED
        report = backtest(cases, a, b)
    if options.json:
        print(msgspec.json.encode(report).decode())
    else:
        print("\n".join(lines_of(report)))
    return OK


@contextmanager
def _cases(options: argparse.Namespace) -> Iterator[Iterator[PastCase] | None]:
    """The past cases that were asked for; None, once that is told, if it is not clear whose."""
    if options.from_database:
        with own_past(settings_of_run(Need.STATUS), options.merchant) as found:
            yield None if found is None else told(found, None, sys.stderr)
    elif options.file == STANDARD_INPUT:
        yield told(read_cases(sys.stdin.buffer), None, sys.stderr)
    else:
        path = Path(options.file)
        with path.open("rb") as lines:
            size = max(1, path.stat().st_size)
            yield told(read_cases(lines), lambda: lines.tell() / size, sys.stderr)


def read_cases(lines: Iterable[bytes]) -> Iterator[PastCase]:
    """Cases from lines of JSON. Raises BadLine with the line's number and what is wrong."""
    decode = msgspec.json.Decoder(PastCase).decode
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        try:
            case = decode(line)
        except msgspec.MsgspecError as error:
            raise BadLine(f"line {number}: {error}") from error
        fault = _disorder(case)
        if fault:
            raise BadLine(f"line {number}: {fault}")
        yield case


def _disorder(case: PastCase) -> str | None:
    """What is out of order in time, if anything is."""
    if not EARLIEST <= case.opened_at <= case.closed_at <= LATEST:
        return "a case opens and then closes, at instants told in Unix seconds"
    charges = [charge.at for charge in case.charges]
    for name, instants in (("charges", charges), ("messages", case.messages)):
        if list(instants) != sorted([*instants, case.opened_at, case.closed_at])[1:-1]:
            return f"{name} lie between `opened_at` and `closed_at`, in the order of time"
    if case.paid_at is not None and not case.opened_at <= case.paid_at <= case.closed_at:
        return "`paid_at` lies between `opened_at` and `closed_at`"
    return None


def told(
    cases: Iterable[PastCase], done: Callable[[], float] | None, out: TextIO
) -> Iterator[PastCase]:
    """The same cases, telling how far it is: a moving bar for people, plain lines otherwise."""
    began, count, rest = time.monotonic(), 0, iter(cases)
    while batch := list(islice(rest, EVERY_CASES)):
        yield from batch
        count += len(batch)
        pace = count / max(time.monotonic() - began, 1e-9)
        out.write(_progress(count, pace, done() if done else None, person=out.isatty()))
        out.flush()
    out.write("\n" if out.isatty() else "")
    out.write("All read. Now every plan is made...\n")
    out.flush()


def _progress(count: int, pace: float, share: float | None, *, person: bool) -> str:
    text = f"{count:,} cases, {pace:,.0f} a second"
    if share is not None:
        text += f", {share:.0%}"
    if not person:
        return text + "\n"
    bar = "" if share is None else f"[{'#' * round(share * BAR_CHARS):{BAR_CHARS}}] "
    return f"\r\033[K{bar}{text}"


def _policy(named: str, timezone: str) -> Policy:
    if named in PRESETS:
        return PRESETS[named](timezone)
    return from_toml(Path(named).read_text(encoding="utf-8"))


def _print_examples(cases: int, out: BinaryIO) -> int:
    encoder = msgspec.json.Encoder()
    for case in example_cases(cases):
        out.write(encoder.encode(case) + b"\n")
    out.flush()
    return OK
