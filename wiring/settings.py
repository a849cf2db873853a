"""Settings from the environment: all faults told at once, no value ever printed."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import fields

from wiring import setting_kinds as kinds
from wiring.setting_kinds import Unfit

PREFIX: Final = "CHARGECHASE_"
FILE_SUFFIX: Final = "_FILE"
MAX_FILE_BYTES: Final = 65_536
DEFAULT_FOLDER: Final = ".chargechase"
STRIPE_API: Final = "https://api.stripe.com"
TWILIO_API: Final = "https://api.twilio.com"
SLACK_HOOKS: Final = "https://hooks.slack.com"
SHORTEST_SECRET_TOLD_BY_ITSELF: Final = 8


# These steer `chargechase run` itself; no process of the product reads them.
RUN_VARIABLES: Final = frozenset(
    f"{PREFIX}{name}"
    for name in ("REHEARSAL_SCENE", "REHEARSAL_SIZE", "REHEARSAL_LEGS", "MAX_DEATHS_PER_MINUTE")
)


class Need(StrEnum):
    """The commands that read settings; each needs a different few."""

    WEB = "web"
    WORKER = "worker"
    DISPATCHER = "dispatcher"
    MIGRATE = "migrate"
    STATUS = "status"
    BACKUP = "backup"
    RUN = "run"  # makes up what it is not told
    ALL = "all"  # check-config: whatever a whole installation needs


NEEDED: Final[Mapping[Need, frozenset[str]]] = {
    Need.WEB: frozenset(
        {"database_url", "base_url", "secret_keys", "stripe_api_key", "stripe_webhook_secrets"}
    ),
    Need.WORKER: frozenset(
        {
            "database_url",
            "redis_url",
            "base_url",
            "secret_keys",
            "stripe_api_key",
            "smtp_url",
            "mail_from",
        }
    ),
    Need.DISPATCHER: frozenset({"database_url", "redis_url"}),
    Need.MIGRATE: frozenset({"owner_database_url"}),
    Need.STATUS: frozenset({"database_url"}),
    Need.BACKUP: frozenset({"owner_database_url"}),
    Need.RUN: frozenset(),
}


class SettingFault(Struct, frozen=True):
    """One variable, and what is wanted of it. Never its value."""

    variable: str
    wanted: str


class SettingsInvalid(Exception):
    """The environment is not usable; `.faults` holds everything that is wrong with it."""

    def __init__(self, faults: tuple[SettingFault, ...]) -> None:
        lines = (f"  {fault.variable}: {fault.wanted}" for fault in faults)
        super().__init__("\n".join(("The settings are not usable:", *lines)))
        self.faults = faults


class Settings(Struct, frozen=True, kw_only=True):
    """Everything an installation can be told. What a command does not need may be empty."""

    database_url: str = ""
    owner_database_url: str = ""  # migrations and backups; defaults to database_url
    redis_url: str = ""
    base_url: str = ""  # without a slash at its end
    secret_keys: tuple[str, ...] = ()  # the first signs, all are honoured
    stripe_api_key: str = ""
    stripe_api_base: str = STRIPE_API
    stripe_connect_client_id: str = ""
    stripe_webhook_secrets: tuple[str, ...] = ()
    stripe_calls_per_s: float = 20.0  # per account; Stripe allows 25 in test mode, 100 in live
    stripe_timeout_s: float = 30.0  # longest wait for a charge; reads wait a third of it
    slack_base: str = SLACK_HOOKS
    smtp_url: str = ""
    smtp_reminders_url: str = ""  # reminders and notices go there; defaults to smtp_url
    mail_from: str = ""
    twilio_account_sid: str = ""  # text messages; without it nobody is texted
    twilio_auth_token: tuple[str, ...] = ()  # the first logs in, all are honoured in signatures
    twilio_from: str = ""  # a number, a short code, or a messaging service
    twilio_api_base: str = TWILIO_API
    mail_reminders_from: str = ""  # who sends these; defaults to mail_from
    mail_answers: str = ""  # an address whose letters a mail service tells us of; none: no
    postmark_webhook_secret: str = ""  # in the address that Postmark tells of bounces
    ses_topic_arn: str = ""  # the SNS topic that SES tells of bounces
    # Reminders and notices. A policy's contact budget can be stricter, and usually is.
    mail_per_minute: int = 300  # of one merchant
    mail_per_day: int = 20_000  # of one merchant, in any 24 hours
    mail_per_recipient: int = 4  # to one address, in any 24 hours
    mail_dead_percent: float = 5.0  # of an hour's letters; beyond it reminders stop for a while
    mail_complained_percent: float = 0.3  # the same of those that were called spam
    host: str = "127.0.0.1"  # the address that the web process listens on
    port: int = 8000
    metrics_port: int = 0  # worker and dispatcher answer /metrics there; 0: nowhere
    metrics_token: str = ""  # opens the web's /metrics to callers from elsewhere
    data_dir: Path = Path(DEFAULT_FOLDER)
    log_level: str = "info"
    sentry_dsn: str = ""
    poll_interval_s: float = 0.5
    lease_s: float = 60.0
    clock: str = ""  # a rehearsal clock's specification; empty: the system's clock
    mailbox_url: str = ""  # shown in rehearsal

    @property
    def texts(self) -> bool:
        """True if text messages can go."""
        return bool(self.twilio_account_sid)

    @property
    def livemode(self) -> bool:
        """True if the API key moves real money."""
        return self.stripe_api_key.startswith(kinds.LIVE_KEYS)

    def secrets(self) -> tuple[str, ...]:
        """Every value that no log may show, longest first."""
        urls = (
            self.database_url,
            self.owner_database_url,
            self.redis_url,
            self.smtp_url,
            self.smtp_reminders_url,
        )
        found = {
            *self.secret_keys,
            *self.stripe_webhook_secrets,
            *self.twilio_auth_token,
            self.stripe_api_key,
            self.metrics_token,
            self.postmark_webhook_secret,
            self.sentry_dsn,
            *(kinds.password_of(url) for url in urls),
        }
        long_enough = (text for text in found if len(text) >= SHORTEST_SECRET_TOLD_BY_ITSELF)
        return tuple(sorted(long_enough, key=len, reverse=True))

    def __repr__(self) -> str:
        return f"Settings(<{len(fields(self))} values>)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "database_url": kinds.postgres_url,
    "owner_database_url": kinds.postgres_url,
    "redis_url": kinds.redis_url,
    "base_url": kinds.web_url,
    "secret_keys": kinds.secret_keys,
    "stripe_api_key": kinds.stripe_key,
    "stripe_api_base": kinds.web_url,
    "stripe_connect_client_id": kinds.connect_client,
    "stripe_webhook_secrets": kinds.webhook_secrets,
    "stripe_calls_per_s": kinds.number(0.1, 10_000, "calls a second"),
    "stripe_timeout_s": kinds.number(0.1, 120, "seconds"),
    "slack_base": kinds.web_url,
    "smtp_url": kinds.smtp_url,
    "smtp_reminders_url": kinds.smtp_url,
    "mail_from": kinds.mail_address,
    "twilio_account_sid": kinds.twilio_account,
    "twilio_auth_token": kinds.twilio_tokens,
    "twilio_from": kinds.text_sender,
    "twilio_api_base": kinds.web_url,
    "mail_reminders_from": kinds.mail_address,
    "mail_answers": kinds.mail_address,
    "postmark_webhook_secret": kinds.token,
    "ses_topic_arn": kinds.topic_arn,
    "mail_per_minute": kinds.count(1_000_000, "letters"),
    "mail_per_day": kinds.count(100_000_000, "letters"),
    "mail_per_recipient": kinds.count(100, "letters"),
    "mail_dead_percent": kinds.number(0.1, 100, "percent"),
    "mail_complained_percent": kinds.number(0.01, 100, "percent"),
    "host": kinds.host,
    "port": kinds.port,
    "metrics_port": kinds.port_or_none,
    "metrics_token": kinds.token,
    "data_dir": kinds.folder,
    "log_level": kinds.log_level,
    "sentry_dsn": kinds.sentry_dsn,
    "poll_interval_s": kinds.number(0.01, 60, "seconds"),
    "lease_s": kinds.number(5, 3600, "seconds"),
    "clock": kinds.clock,
    "mailbox_url": kinds.web_url,
}


def load(environ: Mapping[str, str], need: Need = Need.ALL) -> Settings:
    """The settings that `need` needs. Raises SettingsInvalid with all faults at once."""
    faults: list[SettingFault] = list(_strangers(environ))
    values: dict[str, Any] = {}
    for name, reader in READERS.items():
        try:
            text = _text(environ, name)
            if text:
                values[name] = reader(text)
        except Unfit as unfit:
            faults.append(SettingFault(_variable(name), str(unfit)))
    if not values.get("owner_database_url"):
        values["owner_database_url"] = values.get("database_url", "")
    settings = Settings(**values)
    told = {fault.variable for fault in faults}
    faults += _missing(settings, need, told)
    faults += _half_a_carrier(settings, told)
    faults += _contradictions(settings)
    if faults:
        raise SettingsInvalid(tuple(faults))
    return settings


def as_environ(settings: Settings) -> dict[str, str]:
    """The variables that `load` reads back as `settings`; for processes that we start."""
    return {
        _variable(field.name): _written(value)
        for field in fields(settings)
        if (value := getattr(settings, field.name)) != field.default
    }


def _written(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _missing(settings: Settings, need: Need, unfit: set[str]) -> Iterator[SettingFault]:
    """What nobody set; a variable that is set and unfit was told already."""
    needed = frozenset().union(*NEEDED.values()) if need is Need.ALL else NEEDED[need]
    absent = {name for name in needed if not getattr(settings, name)}
    asked = {"database_url" if name == "owner_database_url" else name for name in absent}
    for variable in sorted(_variable(name) for name in asked):
        if variable not in unfit:
            yield SettingFault(variable, "is missing")


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _text(environ: Mapping[str, str], name: str) -> str:
    """The value, from the variable or from the file that the `_FILE` variable names."""
    variable = _variable(name)
    direct, path = environ.get(variable, ""), environ.get(variable + FILE_SUFFIX, "")
    if direct and path:
        raise Unfit(f"is given twice, also as {variable}{FILE_SUFFIX}; keep one")
    return kinds.one_line(_content(path) if path else direct)


def _content(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a path"
        raise Unfit(f"the file cannot be read ({why})") from None
    if len(raw) > MAX_FILE_BYTES:
        raise Unfit(f"the file holds more than {MAX_FILE_BYTES // 1024} kB")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Unfit("the file is not UTF-8 text") from None
    if not text.strip():
        raise Unfit("the file is empty")
    return text


def _strangers(environ: Mapping[str, str]) -> Iterator[SettingFault]:
    """A misspelt variable would be ignored in silence, and its default used."""
    known = {_variable(name) for name in READERS}
    known |= {variable + FILE_SUFFIX for variable in known} | RUN_VARIABLES
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable not in known:
            near = difflib.get_close_matches(variable, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield SettingFault(variable, f"is not a setting{hint}")


def _contradictions(settings: Settings) -> Iterator[SettingFault]:
    """What is right alone and wrong together."""
    if not settings.livemode:
        return
    if settings.base_url.startswith("http://"):
        yield SettingFault(_variable("base_url"), "must be https with a live Stripe key")
    if settings.stripe_api_base.startswith("http://"):
        yield SettingFault(_variable("stripe_api_base"), "must be https with a live Stripe key")
    if settings.slack_base != SLACK_HOOKS:
        yield SettingFault(
            _variable("slack_base"), "is for tests; remove it with a live Stripe key"
        )
    if settings.clock:
        yield SettingFault(_variable("clock"), "is for rehearsal; remove it with a live Stripe key")


def _half_a_carrier(settings: Settings, unfit: set[str]) -> Iterator[SettingFault]:
    """A login without a sender sends nothing; and a carrier posts to no address of this machine."""
    names = ("twilio_account_sid", "twilio_auth_token", "twilio_from")
    given = [name for name in names if getattr(settings, name) or _variable(name) in unfit]
    for name in names if given else ():
        if name not in given:
            yield SettingFault(_variable(name), f"is missing beside {_variable(given[0])}")
    at_twilio = settings.texts and settings.twilio_api_base == TWILIO_API
    if at_twilio and settings.base_url.startswith("http://"):
        yield SettingFault(_variable("base_url"), "must be https for Twilio to answer to")
