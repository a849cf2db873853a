"""What a run keeps in its folder beside the databases: secrets, ports, the clock, its state."""

import json
import os
import secrets
import socket
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from rehearsal.clock import InvalidClock, RehearsalClock

LOOPBACK = "127.0.0.1"
REHEARSED_PAST = timedelta(days=21)
FIRST_LEG = (15_000.0, 120.0)  # three weeks in two minutes: about today when it ends
LASTING_LEG = (1_440.0, None)  # then a day a minute


class RunRefused(Exception):
    """The run cannot begin; the text is one line for the person who tried."""


class RunSecrets(Struct, frozen=True):
    """Made once per data folder, readable by their owner alone."""

    secret_key: str
    webhook_secret: str
    demo_password: str


class InnerPorts(Struct, frozen=True):
    """Ports nobody chose: kept, so that yesterday's links still open, as long as they are free."""

    stripe_double: int
    mailbox: int
    smtp: int


class RunFolder:
    """The files of one data folder. Whoever uses it holds the folder's lock."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def mail_file(self) -> Path:
        return self.path / "mailbox.sqlite"

    def secrets(self) -> RunSecrets:
        fresh = RunSecrets(
            secret_key=secrets.token_urlsafe(48),
            webhook_secret=f"whsec_{secrets.token_urlsafe(32)}",
            demo_password=secrets.token_urlsafe(9),
        )
        kept = self._read("secrets.json")
        both = msgspec.structs.asdict(fresh) | kept
        if both != kept:
            write_json(self.path / "secrets.json", both)
        return self._convert("secrets.json", both, RunSecrets)

    def ports(self) -> InnerPorts:
        kept = self._read("ports.json")
        ports = {name: _kept_or_free(kept.get(name)) for name in InnerPorts.__struct_fields__}
        write_json(self.path / "ports.json", ports)
        return InnerPorts(**ports)

    def clock(self, legs: str | None) -> RehearsalClock:
        """Virtual time goes on where the last run left it; the first run begins in the past.

        `legs` is a JSON list of [speed, wall seconds or null] that replaces the usual course.
        """
        kept = self._read("clock.json").get("virtual")
        try:
            start = datetime.fromisoformat(kept) if kept else datetime.now(UTC) - REHEARSED_PAST
            course: Any = (LASTING_LEG,) if kept else (FIRST_LEG, LASTING_LEG)
            if legs:
                course = msgspec.json.decode(legs, type=tuple[tuple[float, float | None], ...])
            return RehearsalClock.starting(start, *course)
        except (ValueError, TypeError, msgspec.MsgspecError, InvalidClock) as error:
            raise RunRefused(f"The rehearsal's clock makes no sense: {error}.") from error

    def save_clock(self, clock: RehearsalClock, ahead_s: float) -> None:
        """Keep the instant `ahead_s` wall seconds from now, so that a kill never turns it back."""
        virtual = clock.at(time.time() + ahead_s)
        write_json(self.path / "clock.json", {"virtual": virtual.isoformat()})

    def write_state(self, state: Mapping[str, Any]) -> None:
        """`run.json`: there while the run is ready, and only then."""
        write_json(self.path / "run.json", state)

    def clear_state(self) -> None:
        (self.path / "run.json").unlink(missing_ok=True)

    def write_pids(self, pids: Mapping[str, int]) -> None:
        write_json(self.path / "pids.json", pids)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            kept = json.loads((self.path / name).read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise RunRefused(f"{self.path / name} is damaged: {error}.") from error
        if not isinstance(kept, dict):
            raise RunRefused(f"{self.path / name} is damaged: not an object.")
        return kept

    def _convert(self, name: str, kept: Mapping[str, Any], kind: type[RunSecrets]) -> RunSecrets:
        try:
            return msgspec.convert(kept, kind)
        except msgspec.ValidationError as error:
            raise RunRefused(f"{self.path / name} is damaged: {error}.") from error


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """All or nothing, and for the owner's eyes: a reader never sees half a file."""
    draft = path.with_suffix(".tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file, indent=2)
    draft.replace(path)


def refuse_busy_port(port: int) -> None:
    """RunRefused unless the web server will get this port."""
    try:
        socket.create_server((LOOPBACK, port)).close()
    except PermissionError as error:
        raise RunRefused(f"Port {port} is not ours to open; set CHARGECHASE_PORT.") from error
    except OSError as error:
        raise RunRefused(
            f"Port {port} is busy; stop what uses it, or set CHARGECHASE_PORT to another."
        ) from error


def _kept_or_free(kept: object) -> int:
    for wanted in (kept if isinstance(kept, int) else 0, 0):
        try:
            with socket.create_server((LOOPBACK, wanted)) as probe:
                return int(probe.getsockname()[1])
        except (OSError, OverflowError):
            continue
    raise RunRefused("This machine has no free port on loopback.")
