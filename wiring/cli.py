"""`chargechase`: the command line. Each command imports only what it needs when it is called."""

import argparse
import asyncio
import getpass
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

from application.errors import Unavailable
from wiring.policy_cli import add_policy
from wiring.settings import DEFAULT_FOLDER, PREFIX, Need, Settings, SettingsInvalid, load

DESCRIPTION = "Wins back failed subscription payments for merchants who bill with Stripe."
OK, FAILED, MISUSED = 0, 1, 2

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if it went well, 1 if not, 2 for a command line that makes no sense."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options)
    except SettingsInvalid as invalid:
        print(invalid, file=sys.stderr)
        return MISUSED
    except Unavailable as away:
        print(f"chargechase: {away}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chargechase", description=DESCRIPTION)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Command, told: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=told, description=told)
        one.set_defaults(command=command)
        return one

    add("run", _run, "Start everything on this machine; Ctrl-C stops it all")
    add("web", _web, "The web process: pages, webhooks, health")
    add("worker", _worker, "The worker process: handles events, charges, writes letters")
    add("dispatcher", _dispatcher, "The dispatcher process: hands what is due to the workers")
    add("migrate", _migrate, "Bring the database to this version's tables")
    add("check-config", _check_config, "Say whether the settings are usable")
    status = add("status", _status, "How the installation stands")
    status.add_argument("--json", action="store_true", help="print it as JSON")
    _add_case(add)
    _add_report(add)
    add_policy(add)
    _add_rehearsal(add)
    _add_upkeep(add)
    return parser


def _add_case(add: Callable[..., argparse.ArgumentParser]) -> None:
    case = add("case", _case, "What became of one case, and why")
    verbs = case.add_subparsers(metavar="ACTION", required=True, dest="action")
    explain = verbs.add_parser("explain", help="Make each decision again and say what led to it")
    explain.add_argument("case_id", type=UUID, metavar="CASE_ID")
    explain.add_argument("--merchant", type=UUID, metavar="MERCHANT_ID", help="whose case it is")
    explain.add_argument("--json", action="store_true", help="print it as JSON")


def _add_report(add: Callable[..., argparse.ArgumentParser]) -> None:
    report = add("report", _report, "What came back, and how much of it because of us")
    kinds = report.add_subparsers(metavar="REPORT", required=True, dest="report")
    lift = kinds.add_parser("lift", help="Against the hold-out, between arms, and by cause")
    lift.add_argument("--merchant", type=UUID, required=True, metavar="MERCHANT_ID")
    lift.add_argument("--json", action="store_true", help="print it as JSON")


def _add_rehearsal(add: Callable[..., argparse.ArgumentParser]) -> None:
    double = add("stripe-double", _stripe_double, "A Stripe that runs on this machine")
    double.add_argument("--port", type=int, default=12111)
    double.add_argument("--data-dir", type=Path, help="keep its state in this folder")
    double.add_argument("--seed", type=int, default=1)
    double.add_argument("--scene", default="empty", choices=("empty", "demo", "burst", "history"))
    double.add_argument("--size", type=int, help="how many customers the scene has")
    double.add_argument("--webhook-url", help="where signed events go")
    mailbox = add("mailbox", _mailbox, "The rehearsal's mailbox and the customers who read it")
    mailbox.add_argument("--http-port", type=int, required=True)
    mailbox.add_argument("--smtp-port", type=int, required=True)
    mailbox.add_argument("--data-file", type=Path, required=True)
    mailbox.add_argument("--double-url", help="the rehearsal Stripe's address")


def _add_upkeep(add: Callable[..., argparse.ArgumentParser]) -> None:
    backup = add("backup", _backup, "Dump the database, with a checksum, and thin old dumps out")
    backup.add_argument("--folder", type=Path, default=Path("backups"))
    for period, most in (("days", 7), ("weeks", 5), ("months", 12)):
        backup.add_argument(f"--keep-{period}", type=int, default=most)
    restore = add("restore", _restore, "Restore a dump into another database and compare the two")
    restore.add_argument("file", type=Path)
    restore.add_argument("--into", required=True, metavar="DATABASE_URL")
    restore.add_argument("--replace", action="store_true", help="even if it holds something")
    admin = add("admin", _admin, "The operator's desk")
    desk = admin.add_subparsers(metavar="ACTION", required=True, dest="action")
    replay = desk.add_parser("replay", help="Try dead events and actions again")
    replay.add_argument("what", choices=("events", "actions", "all"))
    merchant = desk.add_parser("add-merchant", help="Take a merchant in, with its first person")
    merchant.add_argument("--name", required=True)
    merchant.add_argument("--email", required=True)
    merchant.add_argument("--timezone", required=True, type=_timezone, help="such as Europe/Berlin")
    merchant.add_argument(
        "--account", required=True, type=_account, help="the API key's account: acct_…"
    )
    merchant.add_argument("--live", action="store_true", help="the account's live mode")
    merchant.add_argument(
        "--shares-lessons",
        action="store_true",
        help="what its outcomes teach helps others, as counts and without its name",
    )
    shares = desk.add_parser("share-lessons", help="Whether a merchant\u2019s counts help others")
    shares.add_argument("--merchant", required=True, type=UUID, metavar="MERCHANT_ID")
    shares.add_argument("answer", choices=("yes", "no"))
    past = desk.add_parser(
        "import-history", help="Fetch what failed in an account in the last 24 months"
    )
    past.add_argument("--account", required=True, type=_account, help="Stripe's id: acct_…")
    past.add_argument(
        "--take-up", action="store_true", help="open cases for open invoices that are worth it"
    )
    desk.add_parser("rotate-keys", help="Seal what is secret anew with the first secret key")
    dead = desk.add_parser("dead", help="List dead events and actions with their errors")
    dead.add_argument("--json", action="store_true")


def _timezone(text: str) -> str:
    from domain.calendar import is_timezone  # noqa: PLC0415

    if not is_timezone(text):
        raise argparse.ArgumentTypeError("must be a time zone such as Europe/Berlin")
    return text


def _account(text: str) -> str:
    if not re.fullmatch(r"acct_\w{1,250}", text, re.ASCII):
        raise argparse.ArgumentTypeError("must be Stripe's id of an account: acct_…")
    return text


def _settings(need: Need) -> Settings:
    return load(os.environ, need)


def settings_of_run(need: Need) -> Settings:
    """For commands beside a `chargechase run`: its settings, under whatever the environment says.

    They are used if the environment names no database, or that very one.
    """
    folder = Path(os.environ.get(f"{PREFIX}DATA_DIR") or DEFAULT_FOLDER).expanduser()
    try:
        kept: dict[str, str] = json.loads((folder / "settings.json").read_text())
    except (OSError, ValueError):
        kept = {}
    named = os.environ.get(f"{PREFIX}DATABASE_URL")
    if named and named != kept.get(f"{PREFIX}DATABASE_URL"):
        kept = {}
    return load({**kept, **os.environ}, need)


def _run(_: argparse.Namespace) -> int:
    from wiring.run import run  # noqa: PLC0415

    return run(os.environ)


def _web(_: argparse.Namespace) -> int:
    from wiring.web import serve  # noqa: PLC0415

    return serve(_settings(Need.WEB))


def _worker(_: argparse.Namespace) -> int:
    from wiring.worker import work  # noqa: PLC0415

    return work(_settings(Need.WORKER))


def _dispatcher(_: argparse.Namespace) -> int:
    from wiring.dispatcher import dispatch  # noqa: PLC0415

    return dispatch(_settings(Need.DISPATCHER))


def _migrate(_: argparse.Namespace) -> int:
    from wiring.upkeep import bring_up_to_date  # noqa: PLC0415

    return asyncio.run(bring_up_to_date(_settings(Need.MIGRATE)))


def _check_config(_: argparse.Namespace) -> int:
    _settings(Need.ALL)
    print("The settings are usable.")
    return OK


def _status(options: argparse.Namespace) -> int:
    from wiring.upkeep import standing  # noqa: PLC0415

    found = asyncio.run(standing(settings_of_run(Need.STATUS)))
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:24} {value if not isinstance(value, dict) else _in_words(value)}")
    return OK


def _case(options: argparse.Namespace) -> int:
    from wiring.case_cli import explain  # noqa: PLC0415

    return asyncio.run(explain(settings_of_run(Need.STATUS), options))


def _report(options: argparse.Namespace) -> int:
    from wiring.report_cli import report_lift  # noqa: PLC0415

    return asyncio.run(report_lift(settings_of_run(Need.STATUS), options))


def _in_words(counts: dict[str, object]) -> str:
    return ", ".join(f"{value} {name}" for name, value in counts.items())


def _stripe_double(options: argparse.Namespace) -> int:
    from wiring.rehearse import serve_double  # noqa: PLC0415

    return serve_double(options, os.environ)


def _mailbox(options: argparse.Namespace) -> int:
    from wiring.rehearse import serve_mailbox  # noqa: PLC0415

    return serve_mailbox(options, os.environ)


def _backup(options: argparse.Namespace) -> int:
    from wiring.upkeep import back_up  # noqa: PLC0415

    return back_up(settings_of_run(Need.BACKUP), options)


def _restore(options: argparse.Namespace) -> int:
    from wiring.upkeep import restore  # noqa: PLC0415

    return restore(options)


def _admin(options: argparse.Namespace) -> int:
    from wiring.upkeep import add_merchant, dead_rows, replay, share_lessons  # noqa: PLC0415

    settings = settings_of_run(Need.STATUS)
    if options.action == "import-history":
        from wiring.history_cli import import_history  # noqa: PLC0415

        return asyncio.run(import_history(settings, options))
    if options.action == "rotate-keys":
        from wiring.rotate_cli import rotate_keys  # noqa: PLC0415

        return asyncio.run(rotate_keys(settings))
    if options.action == "replay":
        return asyncio.run(replay(settings, options.what))
    if options.action == "share-lessons":
        return asyncio.run(
            share_lessons(settings, options.merchant, shares=options.answer == "yes")
        )
    if options.action == "add-merchant":
        password = getpass.getpass("Password for the first person: ")
        return asyncio.run(add_merchant(settings, options, password))
    return asyncio.run(dead_rows(settings, as_json=options.json))
