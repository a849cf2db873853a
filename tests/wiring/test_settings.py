"""Settings: every fault is told at once, by its variable, and no value is ever shown."""

import re
from pathlib import Path

import pytest

from wiring.settings import Need, Settings, SettingsInvalid, as_environ, load

KEY = "k9Zr2Lq8Vb4Xn7Wm3Tc6Yd1Hf5Jg0PsQ"
OTHER_KEY = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6"
WHOLE = {
    "CHARGECHASE_DATABASE_URL": "postgresql://app:w0rd-of-passage@db:5432/chargechase",
    "CHARGECHASE_REDIS_URL": "redis://redis:6379/0",
    "CHARGECHASE_BASE_URL": "https://chase.acme.test",
    "CHARGECHASE_SECRET_KEYS": KEY,
    "CHARGECHASE_STRIPE_API_KEY": "sk_test_51Nc8fQwErTyUiOp",
    "CHARGECHASE_STRIPE_WEBHOOK_SECRETS": "whsec_Zm9vYmFyMTIzNDU2Nzg5",
    "CHARGECHASE_SMTP_URL": "smtp://post:letter-box-9@mail:587",
    "CHARGECHASE_MAIL_FROM": "Acme <billing@acme.test>",
}
LIVE = {"CHARGECHASE_STRIPE_API_KEY": "sk_live_51Nc8fQwErTyUiOp"}

# What is set beside the whole environment above, and what the message must say.
BROKEN = [
    ("DATABASE_URL", "", "is missing"),
    ("DATABASE_URL", "  ", "is missing"),
    ("DATABASE_URL", "mysql://app@db/chargechase", "postgresql://"),
    ("DATABASE_URL", "db:5432/chargechase", "postgresql://"),
    ("DATABASE_URL", "postgresql://db:5432", "name a database"),
    ("DATABASE_URL", "postgresql:///chargechase", "name a host"),
    ("DATABASE_URL", "postgresql://db:99999/chargechase", "postgresql://"),
    ("DATABASE_URL", "postgresql://db:0/chargechase", "port"),
    ("DATABASE_URL", "postgresql://app:changeme@db/chargechase", "placeholder"),
    ("OWNER_DATABASE_URL", "sqlite:///file.db", "postgresql://"),
    ("REDIS_URL", "", "is missing"),
    ("REDIS_URL", "http://redis:6379", "redis://"),
    ("REDIS_URL", "redis://", "name a host"),
    ("REDIS_URL", "unix://", "name a socket"),
    ("BASE_URL", "chase.acme.test", "http"),
    ("BASE_URL", "ftp://chase.acme.test", "http"),
    ("BASE_URL", "https://", "name a host"),
    ("BASE_URL", "https://chase.acme.test/app", "alone"),
    ("BASE_URL", "https://chase.acme.test?x=1", "alone"),
    ("BASE_URL", "https://me:secret@chase.acme.test", "login"),
    ("BASE_URL", "https://chase acme.test", "http"),
    ("SECRET_KEYS", "", "is missing"),
    ("SECRET_KEYS", "short", "32 characters"),
    ("SECRET_KEYS", KEY[:31], "32 characters"),
    ("SECRET_KEYS", f"{KEY},", "entry 2 is empty"),
    ("SECRET_KEYS", f"{KEY},{KEY}", "twice"),
    ("SECRET_KEYS", f"{OTHER_KEY},tooshort", "entry 2"),
    ("SECRET_KEYS", "a" * 64, "random"),
    ("SECRET_KEYS", "changeme-changeme-changeme-changeme", "placeholder"),
    ("SECRET_KEYS", "<put a long random string in here>", "placeholder"),
    ("SECRET_KEYS", "replace-with-32-random-characters", "placeholder"),
    ("STRIPE_API_KEY", "", "is missing"),
    ("STRIPE_API_KEY", "pk_test_51Nc8fQwErTyUiOp", "sk_live_"),
    ("STRIPE_API_KEY", "sk_test_", "sk_live_"),
    ("STRIPE_API_KEY", "sk_test_xxxxxxxxxxxxxxxx", "placeholder"),
    ("STRIPE_API_KEY", "sk_live_your_key_goes_here", "placeholder"),
    ("STRIPE_API_BASE", "stripe:12111", "http"),
    ("STRIPE_API_BASE", "http://stripe/v1", "alone"),
    ("STRIPE_CONNECT_CLIENT_ID", "acct_123456789", "ca_"),
    ("STRIPE_WEBHOOK_SECRETS", "", "is missing"),
    ("STRIPE_WEBHOOK_SECRETS", "Zm9vYmFyMTIzNDU2Nzg5", "whsec_"),
    ("STRIPE_WEBHOOK_SECRETS", "whsec_", "whsec_"),
    ("STRIPE_WEBHOOK_SECRETS", "whsec_tooshort", "16 more"),
    ("STRIPE_WEBHOOK_SECRETS", "whsec_Zm9vYmFyMTIzNDU2Nzg5,,", "entry 2 is empty"),
    ("STRIPE_WEBHOOK_SECRETS", "whsec_xxxxxxxxxxxxxxxxxxxx", "placeholder"),
    ("SMTP_URL", "", "is missing"),
    ("SMTP_URL", "mail:587", "smtp://"),
    ("SMTP_URL", "smtp://", "name a host"),
    ("SMTP_URL", "smtp://mail?tls=no", "tls=off"),
    ("SMTP_URL", "smtps://mail?tls=off", "smtps"),
    ("SMTP_URL", "smtp://post:letter-box-9@mail?tls=off", "password"),
    ("SMTP_URL", "smtp://post:<password>@mail", "placeholder"),
    ("MAIL_FROM", "", "is missing"),
    ("MAIL_FROM", "billing", "one address"),
    ("MAIL_FROM", "a@acme.test, b@acme.test", "one address"),
    ("MAIL_FROM", "Acme <billing@acme.test>\nBcc: all@acme.test", "one line"),
    ("TWILIO_API_BASE", "twilio", "http"),
    ("HOST", "all of them", "address to listen on"),
    ("PORT", "eighty", "whole number"),
    ("PORT", "0", "from 1 to 65535"),
    ("PORT", "65536", "from 1 to 65535"),
    ("PORT", "-1", "whole number"),
    ("PORT", "8000.5", "whole number"),
    ("METRICS_PORT", "70000", "from 0 to 65535"),
    ("METRICS_TOKEN", "open-sesame", "32 characters"),
    ("LOG_LEVEL", "loud", "debug, info, warning, error"),
    ("SENTRY_DSN", "https://sentry.test/1", "Sentry DSN"),
    ("POLL_INTERVAL_S", "0", "from 0.01 to 60"),
    ("POLL_INTERVAL_S", "nan", "from 0.01 to 60"),
    ("STRIPE_CALLS_PER_S", "0", "calls a second"),
    ("LEASE_S", "1", "from 5 to 3600"),
    ("LEASE_S", "an hour", "from 5 to 3600"),
    ("CLOCK", "fast", "rehearsal clock"),
    ("CLOCK", '{"wall": 0, "virtual": 0, "legs": [[-1, null]]}', "rehearsal clock"),
    ("MAILBOX_URL", "localhost:8025", "http"),
    ("DATA_DIR", "/var/lib/\x1b[31mchase", "printable"),
    ("REDIS_URL", "redis://h\udcff", "printable"),
    ("STRIPE_API_KEYS", "sk_test_51Nc8fQwErTyUiOp", "did you mean CHARGECHASE_STRIPE_API_KEY?"),
    ("COLOUR", "green", "is not a setting"),
    ("DATABASE_URL_FILE", "/run/secrets/database", "given twice"),
]


TELLING = {"postgresql"}  # a word of the messages themselves


def faults_of(environ: dict[str, str], need: Need = Need.ALL) -> dict[str, str]:
    """What is wrong, by variable."""
    with pytest.raises(SettingsInvalid) as caught:
        load(environ, need)
    return {fault.variable: fault.wanted for fault in caught.value.faults}


def test_a_whole_environment_is_read() -> None:
    settings = load(WHOLE)

    assert settings.secret_keys == (KEY,)
    assert settings.owner_database_url == settings.database_url
    assert (settings.port, settings.lease_s, settings.livemode) == (8000, 60.0, False)


@pytest.mark.parametrize(("name", "value", "wanted"), BROKEN)
def test_one_fault_is_told_by_its_variable_and_without_its_value(
    name: str, value: str, wanted: str
) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load(WHOLE | {f"CHARGECHASE_{name}": value})

    (fault,) = caught.value.faults
    assert fault.variable == f"CHARGECHASE_{name.removesuffix('_FILE')}"
    assert wanted in fault.wanted
    parts = [part for part in re.split(r"[,\s/:@?]+", value) if len(part) > 8]
    assert not [part for part in parts if part in str(caught.value) and part not in TELLING]


TWILIO = {
    "CHARGECHASE_TWILIO_ACCOUNT_SID": "AC0123456789abcdef0123456789abcdef",
    "CHARGECHASE_TWILIO_AUTH_TOKEN": "fedcba9876543210fedcba9876543210",
    "CHARGECHASE_TWILIO_FROM": "+15005550006",
}


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("ACCOUNT_SID", "SK0123456789abcdef0123456789abcdef", "AC and 32"),
        ("ACCOUNT_SID", "ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "AC and 32"),
        ("AUTH_TOKEN", "open-sesame", "of 32 characters"),
        ("AUTH_TOKEN", "00000000000000000000000000000000", "placeholder"),
        ("AUTH_TOKEN", "fedcba9876543210fedcba9876543210,", "entry 2"),
        ("FROM", "Bakery", "short code"),
        ("FROM", "0171 3920055", "short code"),
        ("FROM", "", "is missing beside"),
        ("AUTH_TOKEN", "", "is missing beside"),
        ("ACCOUNT_SID", "", "is missing beside"),
    ],
)
def test_a_carrier_is_told_whole_or_not_at_all(name: str, value: str, wanted: str) -> None:
    https = {"CHARGECHASE_BASE_URL": "https://app.acme.test"}
    changed = f"CHARGECHASE_TWILIO_{name}"
    told = faults_of(WHOLE | https | TWILIO | {changed: value})
    assert set(told) == {changed}
    assert wanted in told[changed]


def test_a_carrier_answers_to_https_alone_unless_it_stands_here() -> None:
    here = {"CHARGECHASE_BASE_URL": "http://127.0.0.1:8000"}
    assert faults_of(WHOLE | TWILIO | here) == {
        "CHARGECHASE_BASE_URL": "must be https for Twilio to answer to"
    }
    double = {"CHARGECHASE_TWILIO_API_BASE": "http://127.0.0.1:8025"}
    settings = load(WHOLE | TWILIO | here | double)
    assert settings.texts
    assert TWILIO["CHARGECHASE_TWILIO_AUTH_TOKEN"] in settings.secrets()
    assert not load(WHOLE).texts


@pytest.mark.parametrize("sender", ["+15005550006", "12345", "MG0123456789abcdef0123456789abcdef"])
def test_whatever_can_be_answered_may_text(sender: str) -> None:
    https = {"CHARGECHASE_BASE_URL": "https://app.acme.test"}
    named = {"CHARGECHASE_TWILIO_FROM": sender}
    assert load(WHOLE | https | TWILIO | named).twilio_from == sender


def test_all_faults_are_told_at_once() -> None:
    told = faults_of({"CHARGECHASE_PORT": "x", "CHARGECHASE_PROT": "1", "CHARGECHASE_HOST": "?"})

    assert len(told) == 3 + len(WHOLE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "http://chase.acme.test"),
        ("STRIPE_API_BASE", "http://stripe-proxy:12111"),
        ("CLOCK", '{"wall": 0, "virtual": 0}'),
    ],
)
def test_a_live_key_refuses_what_is_fine_in_rehearsal(name: str, value: str) -> None:
    also = {f"CHARGECHASE_{name}": value}

    assert load(WHOLE | also)
    assert set(faults_of(WHOLE | LIVE | also)) == set(also)


@pytest.mark.parametrize(
    ("need", "missing"),
    [
        (
            Need.WEB,
            {
                *("DATABASE_URL", "BASE_URL", "SECRET_KEYS"),
                *("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRETS"),
            },
        ),
        (Need.DISPATCHER, {"DATABASE_URL", "REDIS_URL"}),
        (Need.MIGRATE, {"DATABASE_URL"}),
        (Need.STATUS, {"DATABASE_URL"}),
        (Need.BACKUP, {"DATABASE_URL"}),
        (
            Need.WORKER,
            {
                *("DATABASE_URL", "REDIS_URL", "BASE_URL", "SECRET_KEYS"),
                *("STRIPE_API_KEY", "SMTP_URL", "MAIL_FROM"),
            },
        ),
        (Need.ALL, {name.removeprefix("CHARGECHASE_") for name in WHOLE}),
    ],
)
def test_a_command_asks_for_what_it_needs_and_no_more(need: Need, missing: set[str]) -> None:
    assert set(faults_of({}, need)) == {f"CHARGECHASE_{name}" for name in missing}


def test_run_needs_nothing() -> None:
    assert load({"HOME": "/home/ada"}, Need.RUN) == Settings()


def test_an_owner_url_alone_is_enough_to_migrate() -> None:
    owner = "postgresql://owner@db/chargechase"

    settings = load({"CHARGECHASE_OWNER_DATABASE_URL": owner}, Need.MIGRATE)

    assert settings.owner_database_url == owner


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{KEY},{OTHER_KEY}\n")
    environ = {name: value for name, value in WHOLE.items() if "SECRET_KEYS" not in name}

    settings = load(environ | {"CHARGECHASE_SECRET_KEYS_FILE": str(tmp_path / "keys")})

    assert settings.secret_keys == (KEY, OTHER_KEY)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (None, "cannot be read"),
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"x" * 70_000, "more than 64 kB"),
        (b"two\nlines", "one line"),
    ],
)
def test_a_file_that_will_not_do_is_told_like_any_fault(
    tmp_path: Path, content: bytes | None, wanted: str
) -> None:
    file = tmp_path / "metrics-token"
    if content is not None:
        file.write_bytes(content)

    told = faults_of(WHOLE | {"CHARGECHASE_METRICS_TOKEN_FILE": str(file)})

    assert set(told) == {"CHARGECHASE_METRICS_TOKEN"}
    assert wanted in told["CHARGECHASE_METRICS_TOKEN"]


def test_settings_do_not_show_themselves() -> None:
    shown = repr(load(WHOLE)) + str(load(WHOLE)) + str(load(WHOLE).__rich_repr__())

    assert not [value for value in WHOLE.values() if value in shown]


def test_the_secrets_that_logs_must_mask_include_the_passwords_inside_urls() -> None:
    secrets = load(WHOLE).secrets()

    assert {"w0rd-of-passage", "letter-box-9", KEY} <= set(secrets)


def test_a_process_that_we_start_reads_the_same_settings() -> None:
    settings = load(WHOLE | {"CHARGECHASE_PORT": "8123", "CHARGECHASE_DATA_DIR": "here"})

    assert load(as_environ(settings)) == settings
