"""`chargechase policy`: presets, files, the policy in force. One verb, one function."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from wiring.backtest_arguments import add_arguments

if TYPE_CHECKING:
    from domain.policy import Policy

OK, FAILED, MISUSED = 0, 1, 2
STANDARD_INPUT = "-"
DECIDING = "assertive"

Verb = Callable[[argparse.Namespace], int]


def add_policy(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the group to the command line; `add` takes a name, a command and what it does."""
    group = add("policy", _presets, "Policies: look, check, bring in")
    verbs = group.add_subparsers(metavar="ACTION", required=True)

    def verb(name: str, command: Verb, told: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=told, description=told)
        one.set_defaults(command=command)
        return one

    verb("presets", _presets, "List the policies to start from")
    show = verb("show", _show, "Print a preset as a file")
    show.add_argument("name", metavar="NAME")
    show.add_argument("--timezone", default="UTC", help="such as Europe/Berlin")
    check = verb("check", _check, "Say everything that is wrong with a policy's file")
    check.add_argument("file", metavar="FILE", help="- for standard input")
    export = verb("export", _export, "Print the policy that is in force")
    _add_merchant(export)
    bring = verb("import", _import, "Put a policy's file in force, as a new version")
    bring.add_argument("file", metavar="FILE", help="- for standard input")
    _add_merchant(bring)
    decide = verb("decide", _decide, "Answer cases over JSON lines, on standard input and output")
    decide.add_argument(
        "--policy",
        default=DECIDING,
        metavar="POLICY",
        help="a preset or a policy's file; %(default)s unless said otherwise",
    )
    decide.add_argument("--no-learning", action="store_true", help="by what was known before")
    add_arguments(verb("backtest", _backtest, "Try a policy on a past, and say how sure that is"))
    verb("declines", _declines, "Print every decline code and its family")


def _add_merchant(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--merchant", type=UUID, metavar="MERCHANT_ID", help="needed where there are several"
    )


def _presets(_: argparse.Namespace) -> int:
    from domain.policy import PRESETS  # noqa: PLC0415

    for name, preset in PRESETS.items():
        about = (preset.__doc__ or "").partition("\n")[0]
        print(f"{name:14} {about}")
    return OK


def _show(options: argparse.Namespace) -> int:
    from adapters.policy_files import to_toml  # noqa: PLC0415
    from domain.policy import PRESETS, PolicyInvalid  # noqa: PLC0415

    if options.name not in PRESETS:
        print(f"chargechase: presets are {', '.join(PRESETS)}", file=sys.stderr)
        return MISUSED
    try:
        preset = PRESETS[options.name](options.timezone)
    except PolicyInvalid as invalid:
        print(f"chargechase: {invalid}", file=sys.stderr)
        return MISUSED
    print(to_toml(preset), end="")
    return OK


def _check(options: argparse.Namespace) -> int:
    policy = policy_in(options.file)
    if policy is None:
        return FAILED
    print(f'"{policy.name}" can be used.')
    return OK


def _export(options: argparse.Namespace) -> int:
    from wiring.cli import settings_of_run  # noqa: PLC0415
    from wiring.policies import export_policy  # noqa: PLC0415
    from wiring.settings import Need  # noqa: PLC0415

    return asyncio.run(export_policy(settings_of_run(Need.STATUS), options.merchant))


def _import(options: argparse.Namespace) -> int:
    from wiring.cli import settings_of_run  # noqa: PLC0415
    from wiring.policies import import_policy  # noqa: PLC0415
    from wiring.settings import Need  # noqa: PLC0415

    policy = policy_in(options.file)
    if policy is None:
        return FAILED
    return asyncio.run(import_policy(settings_of_run(Need.STATUS), options.merchant, policy))


def _decide(options: argparse.Namespace) -> int:
    from wiring.policy_decide import decide_lines  # noqa: PLC0415

    policy = policy_named(options.policy)
    if policy is None:
        return FAILED
    decide_lines(policy, sys.stdin.buffer, sys.stdout.buffer, learns=not options.no_learning)
    return OK


def _backtest(options: argparse.Namespace) -> int:
    from wiring.policy_backtest import run  # noqa: PLC0415

    return run(options)


def _declines(_: argparse.Namespace) -> int:
    from domain.decline.codes import DECLINE_CODES, LAYERS  # noqa: PLC0415

    print(
        "Under `families` a policy may sort decline and error codes otherwise. Those of never and"
        "\nneeds_new_card stay forbidden, but for the ones marked: no network forbids them."
    )
    for layer, table in LAYERS.items():
        print(f"\n{layer}")
        for code, family in table.items():
            told = _about_code(code) if table is DECLINE_CODES else ""
            print(f"  {code:44} {family.value:21} {told}".rstrip())
    return OK


def _about_code(code: str) -> str:
    """Whether a forbidding decline code may be sorted otherwise, and what others do after it."""
    from domain.decline import JUDGED  # noqa: PLC0415
    from domain.decline.disputed import DISPUTED  # noqa: PLC0415

    one = next((one for one in DISPUTED if one.code == code), None)
    changeable = "may be changed. " if code in JUDGED else ""
    return changeable + (f"disputed: {one.stripe}, {one.others}. {one.why}." if one else "")


def policy_named(name: str, timezone: str = "UTC") -> "Policy | None":
    """A preset by its name, else a policy's file; None once what is wrong has been told."""
    from domain.policy import PRESETS  # noqa: PLC0415

    return PRESETS[name](timezone) if name in PRESETS else policy_in(name)


def policy_in(file: str) -> "Policy | None":
    """The policy in a file ("-": standard input); None once its faults have been told."""
    from adapters.policy_files import from_toml  # noqa: PLC0415
    from domain.policy import PolicyInvalid  # noqa: PLC0415

    try:
        raw = sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
        return from_toml(raw.decode())
    except (OSError, UnicodeDecodeError) as error:
        print(f"chargechase: {file} cannot be read: {error}", file=sys.stderr)
    except PolicyInvalid as invalid:
        for fault in invalid.faults:
            print(f"{fault.field}: {fault.message}", file=sys.stderr)
    return None
