"""Everything about a run that is decided, and can be refused, before its first process starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rehearsal.embedded import PostgresHome, RedisHome
from wiring.run_clock import RunClock, take_up_clock
from wiring.run_folder import (
    LOOPBACK,
    InnerPorts,
    RunFolder,
    RunRefused,
    RunSecrets,
    refuse_busy_port,
)
from wiring.settings import DEFAULT_FOLDER, FILE_SUFFIX, PREFIX

DEFAULT_PORT: Final = "8000"
DEFAULT_SCENE: Final = "demo"
DEFAULT_MAX_DEATHS: Final = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What runs where. `clock` is None with the real Stripe: time is what it is."""

    folder: RunFolder
    port: int
    ports: InnerPorts
    secrets: RunSecrets
    postgres: PostgresHome
    redis: RedisHome
    given: Mapping[str, str]
    mailbox: bool
    clock: RunClock | None
    scene: str
    scene_size: int | None
    max_deaths_per_minute: int

    @property
    def rehearsal(self) -> bool:
        return self.clock is not None

    @property
    def web_url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def double_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.stripe_double}"

    @property
    def mailbox_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.mailbox}"


def data_folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get(f"{PREFIX}DATA_DIR") or DEFAULT_FOLDER).expanduser().absolute()


def plan_run(environ: Mapping[str, str], folder: RunFolder) -> RunPlan:
    """Decide; RunRefused or EmbeddedError say in one line why not."""
    port = _number(environ, "PORT", DEFAULT_PORT, 65_535)
    refuse_busy_port(port)
    rehearsal = not is_given(environ, "STRIPE_API_KEY")
    size = environ.get(f"{PREFIX}REHEARSAL_SIZE")
    return RunPlan(
        folder=folder,
        port=port,
        ports=folder.ports(),
        secrets=folder.secrets(),
        postgres=PostgresHome.within(folder.path),
        redis=RedisHome.within(folder.path),
        given=environ,
        mailbox=rehearsal or not is_given(environ, "SMTP_URL"),
        clock=take_up_clock(folder, environ.get(f"{PREFIX}REHEARSAL_LEGS")) if rehearsal else None,
        scene=environ.get(f"{PREFIX}REHEARSAL_SCENE") or DEFAULT_SCENE,
        scene_size=_number(environ, "REHEARSAL_SIZE", "", 1_000_000) if size else None,
        max_deaths_per_minute=_number(
            environ, "MAX_DEATHS_PER_MINUTE", DEFAULT_MAX_DEATHS, 1_000_000
        ),
    )


def is_given(environ: Mapping[str, str], name: str) -> bool:
    """Whether a setting is there, by itself or as a file."""
    return bool(environ.get(PREFIX + name) or environ.get(PREFIX + name + FILE_SUFFIX))


def _number(environ: Mapping[str, str], name: str, default: str, most: int) -> int:
    text = environ.get(PREFIX + name) or default
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most):
        raise RunRefused(f"{PREFIX}{name} must be a whole number from 1 to {most}.")
    return int(text)
