"""What a run keeps in its folder beside the databases: secrets, ports, its state."""

import json
import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from wiring.settings import PREFIX

LOOPBACK = "127.0.0.1"


class RunRefused(Exception):
    """The run cannot begin; the text is one line for the person who tried."""


class RunSecrets(Struct, frozen=True):
    """Made once per data folder, readable by their owner alone."""

    secret_key: str
    webhook_secret: str
    demo_password: str
    twilio_token: str = ""
    mail_secret: str = ""


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
            twilio_token=secrets.token_hex(16),
            mail_secret=secrets.token_hex(16),
        )
        kept = self.read("secrets.json")
        both = msgspec.structs.asdict(fresh) | kept
        if both != kept:
            self.write("secrets.json", both)
        return self._convert("secrets.json", both, RunSecrets)

    def ports(self) -> InnerPorts:
        kept = self.read("ports.json")
        ports = {name: _kept_or_free(kept.get(name)) for name in InnerPorts.__struct_fields__}
        self.write("ports.json", ports)
        return InnerPorts(**ports)

    def write_state(self, state: Mapping[str, Any]) -> None:
        """`run.json`: there while the run is ready, and only then."""
        self.write("run.json", state)

    def write_settings(self, environ: Mapping[str, str]) -> None:
        """`settings.json`: lets `status`, `backup` and `admin` find the run in this folder."""
        ours = {name: text for name, text in environ.items() if name.startswith(PREFIX)}
        self.write("settings.json", ours)

    def clear_state(self) -> None:
        for name in ("run.json", "settings.json"):
            (self.path / name).unlink(missing_ok=True)

    def write_pids(self, pids: Mapping[str, int]) -> None:
        self.write("pids.json", pids)

    def read(self, name: str) -> dict[str, Any]:
        """A file of ours, empty if it is not there; RunRefused if it is none of ours."""
        try:
            kept = json.loads((self.path / name).read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise RunRefused(f"{self.path / name} is damaged: {error}.") from error
        if not isinstance(kept, dict):
            raise RunRefused(f"{self.path / name} is damaged: not an object.")
        return kept

    def write(self, name: str, value: Mapping[str, Any]) -> None:
        """All or nothing, and for the owner's eyes: a reader never sees half a file."""
        draft = self.path / f"{name}.new"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(value, file, indent=2)
        draft.replace(self.path / name)

    def _convert(self, name: str, kept: Mapping[str, Any], kind: type[RunSecrets]) -> RunSecrets:
        try:
            return msgspec.convert(kept, kind)
        except msgspec.ValidationError as error:
            raise RunRefused(f"{self.path / name} is damaged: {error}.") from error


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
