"""`chargechase run` before anything runs: what it refuses, what it keeps, what it tells whom."""

import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rehearsal.embedded import lock_folder
from wiring.run_children import app_environ_of, environ_of, product_of, surroundings_of
from wiring.run_clock import take_up_clock
from wiring.run_folder import RunFolder, RunRefused
from wiring.run_plan import RunPlan, plan_run
from wiring.settings import load

ROOT = Path(__file__).parents[2]


def a_plan(folder: Path, **given: str) -> RunPlan:
    settings = {f"CHARGECHASE_{name}": text for name, text in given.items()}
    return plan_run({"CHARGECHASE_PORT": str(free_port()), **settings}, RunFolder(folder))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def run_here(folder: Path, environ: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The exit code, and what stands on stderr."""
    told = {"CHARGECHASE_PORT": str(free_port()), "CHARGECHASE_DATA_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "wiring", "run"],
        env={**os.environ, **told, **(environ or {})},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_busy_port_is_refused_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = run_here(tmp_path, {"CHARGECHASE_PORT": port})
    assert code == 1
    assert said.splitlines() == [
        f"chargechase: Port {port} is busy; stop what uses it, or set CHARGECHASE_PORT to another."
    ]


def test_a_folder_in_use_is_refused_in_one_line(tmp_path: Path) -> None:
    lock = lock_folder(tmp_path)
    code, said = run_here(tmp_path)
    lock.release()
    assert (code, len(said.splitlines())) == (1, 1)
    assert "is in use by another run" in said


def test_a_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, said = run_here(tmp_path / "file" / "data")
    assert (code, len(said.splitlines())) == (1, 1)
    assert "Cannot write to" in said


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "\uff18\uff10", "1e3"])
def test_a_senseless_port_is_refused(tmp_path: Path, port: str) -> None:
    with pytest.raises(RunRefused, match="CHARGECHASE_PORT must be a whole number"):
        a_plan(tmp_path, PORT=port)


def test_secrets_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    first = RunFolder(tmp_path).secrets()
    assert RunFolder(tmp_path).secrets() == first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '{"secret_key": 5}'])
def test_a_damaged_file_is_told_and_not_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "secrets.json").write_text(text)
    with pytest.raises(RunRefused, match=r"secrets\.json is damaged"):
        RunFolder(tmp_path).secrets()
    assert '"secret_key": "' not in (tmp_path / "secrets.json").read_text()


def test_inner_ports_are_kept_while_they_are_free(tmp_path: Path) -> None:
    first = RunFolder(tmp_path).ports()
    assert RunFolder(tmp_path).ports() == first
    with socket.create_server(("127.0.0.1", first.mailbox)):
        second = RunFolder(tmp_path).ports()
    assert second.mailbox != first.mailbox
    assert second.smtp == first.smtp


def test_the_first_run_begins_three_weeks_ago_and_hurries_to_about_today(tmp_path: Path) -> None:
    run = take_up_clock(RunFolder(tmp_path), None)
    begun = time.time()
    assert timedelta(days=20) < datetime.now(UTC) - run.clock.now() <= timedelta(days=21)
    assert abs(datetime.now(UTC) - run.clock.at(begun + 120)) < timedelta(hours=6)
    assert run.clock.speed_at(begun + 130) == 1440


def test_the_next_run_goes_on_where_the_last_one_stopped(tmp_path: Path) -> None:
    first = take_up_clock(RunFolder(tmp_path), None)
    first.save(ahead_s=125)
    second = take_up_clock(RunFolder(tmp_path), None)
    assert second.clock.now() >= first.clock.at(time.time() + 124)
    assert second.clock.speed_at(time.time() + 1) == 1440


def test_a_hurry_cut_short_is_taken_up_again(tmp_path: Path) -> None:
    first = take_up_clock(RunFolder(tmp_path), None)
    first.save(ahead_s=100)
    second = take_up_clock(RunFolder(tmp_path), None)
    speeds = [second.clock.speed_at(time.time() + passed) for passed in (15, 25)]
    assert speeds == [15_000, 1_440]


def test_a_killed_run_never_turns_time_back(tmp_path: Path) -> None:
    first = take_up_clock(RunFolder(tmp_path), None)
    first.save(ahead_s=2)
    seen = first.clock.now()
    assert take_up_clock(RunFolder(tmp_path), None).clock.now() >= seen


def test_a_course_of_time_can_be_given(tmp_path: Path) -> None:
    run = take_up_clock(RunFolder(tmp_path), "[[24000, null]]")
    assert run.clock.speed_at(time.time()) == 24000


@pytest.mark.parametrize("legs", ["5", "[[-1, null]]", "[[1, null], [2, null]]", "nonsense"])
def test_a_senseless_course_of_time_is_refused(tmp_path: Path, legs: str) -> None:
    with pytest.raises(RunRefused, match="clock makes no sense"):
        take_up_clock(RunFolder(tmp_path), legs)


@pytest.mark.parametrize("kept", ["", '{"virtual": 5}', '{"virtual": "soon"}'])
def test_a_damaged_clock_is_told(tmp_path: Path, kept: str) -> None:
    (tmp_path / "clock.json").write_text(kept)
    with pytest.raises(RunRefused):
        take_up_clock(RunFolder(tmp_path), None)


def test_a_rehearsal_never_uses_the_person_s_own_mail_server_or_database(tmp_path: Path) -> None:
    given = {"SMTP_URL": "smtp://mail.example:25", "DATABASE_URL": "postgresql://db.example/live"}
    environ = environ_of(a_plan(tmp_path, **given, REDIS_URL_FILE="/nowhere"))
    settings = load(environ)
    assert "127.0.0.1" in settings.smtp_url
    assert str(tmp_path) in settings.database_url
    assert "redis.sock" in settings.redis_url
    assert settings.stripe_api_base.startswith("http://127.0.0.1:")


def test_given_secrets_are_honoured(tmp_path: Path) -> None:
    secret = "whsec_" + "abcdefgh12345678"
    plan = a_plan(tmp_path, STRIPE_WEBHOOK_SECRETS=secret)
    assert load(environ_of(plan)).stripe_webhook_secrets == (secret,)


def test_only_the_migration_gets_the_owner_s_login(tmp_path: Path) -> None:
    plan = a_plan(tmp_path)
    assert "postgres@" in environ_of(plan)["CHARGECHASE_OWNER_DATABASE_URL"]
    assert "CHARGECHASE_OWNER_DATABASE_URL" not in app_environ_of(plan)


def test_children_start_from_the_outside_in(tmp_path: Path) -> None:
    plan = a_plan(tmp_path)
    names = [child.name for child in (*surroundings_of(plan), *product_of(plan))]
    assert names == ["stripe-double", "mailbox", "web", "worker", "dispatcher"]


def test_with_a_key_nothing_is_rehearsed(tmp_path: Path) -> None:
    secret = "whsec_" + "abcdefgh12345678"
    key = "sk_test_" + "abcdefgh12345678"
    own = {"STRIPE_API_KEY": key, "STRIPE_WEBHOOK_SECRETS": secret}
    plan = a_plan(tmp_path, **own, SMTP_URL="smtp://mail.example:25")
    settings = load(environ_of(plan))
    assert (settings.stripe_api_key, settings.clock) == (key, "")
    assert settings.smtp_url == "smtp://mail.example:25"
    assert surroundings_of(plan) == []


def test_with_a_key_and_no_mail_server_letters_go_to_a_mailbox_without_readers(
    tmp_path: Path,
) -> None:
    plan = a_plan(tmp_path, STRIPE_API_KEY="sk_test_" + "abcdefgh12345678")
    (mailbox,) = surroundings_of(plan)
    assert mailbox.name == "mailbox"
    assert not [part for part in mailbox.argv if part.startswith("--double-url")]
