"""Deployment files say what the code says: commands, settings, metrics, ports."""

import re
import subprocess
import sys
import tomllib
from functools import cache
from typing import Any

import pytest
import yaml

from adapters.stripe.events import READ_TYPES
from tests.repository.tracked import HOUSE
from wiring.metrics import STANDING_GAUGES, Metrics
from wiring.settings import FILE_SUFFIX, PREFIX, READERS

PROCESSES = ("web", "worker", "dispatcher")


@cache
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((HOUSE / "deploy" / "compose.yaml").read_text())
    return loaded


@cache
def fly() -> dict[str, Any]:
    return tomllib.loads((HOUSE / "fly.toml").read_text())


@cache
def dockerfile() -> str:
    return (HOUSE / "Dockerfile").read_text()


@cache
def alerts() -> list[dict[str, Any]]:
    loaded = yaml.safe_load((HOUSE / "deploy" / "alerts.yml").read_text())
    return [rule for group in loaded["groups"] for rule in group["rules"]]


@cache
def commands() -> set[str]:
    """What `chargechase --help` offers."""
    told = subprocess.run(
        [sys.executable, "-m", "wiring", "--help"],
        cwd=HOUSE,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return set(re.findall(r"^    ([a-z-]+)", told, re.MULTILINE))


def settings_named_in(text: str) -> set[str]:
    return set(re.findall(rf"\b{PREFIX}[A-Z_]+", text))


def test_every_process_that_is_deployed_is_a_command() -> None:
    deployed = {
        *(command.split()[-1] for command in fly()["processes"].values()),
        fly()["deploy"]["release_command"].split()[-1],
        *(
            service["command"][3]
            for service in compose()["services"].values()
            if service.get("command", [None])[0] == "python"
        ),
        *re.findall(r'"-m", "wiring", "([a-z-]+)"', dockerfile()),
    }

    assert deployed == {*PROCESSES, "migrate", "backup"}
    assert deployed <= commands()


@pytest.mark.parametrize("file", ["Dockerfile", "fly.toml", "deploy/compose.yaml"])
def test_every_setting_that_is_named_exists(file: str) -> None:
    known = {PREFIX + name.upper() for name in READERS}
    named = settings_named_in((HOUSE / file).read_text())

    assert {name.removesuffix(FILE_SUFFIX) for name in named} <= known


def test_the_image_is_hashed_small_and_not_root() -> None:
    assert "--require-hashes" in dockerfile()
    assert "--no-deps" in dockerfile()
    last = dockerfile().rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert 'CMD ["python", "-m", "wiring", "web"]' in last
    assert "rehearsal" not in dockerfile()


def test_only_production_code_reaches_the_image() -> None:
    first, *let_in = [
        line
        for line in (HOUSE / ".dockerignore").read_text().splitlines()
        if line and not line.startswith(("#", "**"))
    ]

    assert first == "*"
    assert set(let_in) == {
        "!requirements.txt",
        *(f"!{folder}" for folder in ("domain", "application", "adapters", "web", "wiring")),
    }


def test_production_processes_start_without_the_rehearsal() -> None:
    """The image has no such folder: a process that imports it would not start there."""
    script = (
        "import sys; sys.modules['rehearsal'] = None; import wiring.cli\n"
        "import wiring.web, wiring.worker, wiring.dispatcher, wiring.upkeep\n"
        "import wiring.backup, wiring.restore"
    )

    subprocess.run([sys.executable, "-c", script], cwd=HOUSE, check=True)


@pytest.mark.parametrize("name", [*PROCESSES, "migrate", "backup", "redis", "postgres"])
def test_every_container_is_shut_in(name: str) -> None:
    service = compose()["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "pids_limit"} <= service.keys()


def test_no_secret_stands_in_the_environment_of_a_container() -> None:
    secret = {"database_url", "owner_database_url", "secret_keys", "stripe_api_key", "smtp_url"}
    for service in compose()["services"].values():
        given = service.get("environment", {})
        assert {PREFIX + name.upper() for name in secret} & given.keys() == set()
        mounted = {value for name, value in given.items() if name.endswith(FILE_SUFFIX)}
        assert mounted <= {f"/run/secrets/{name}" for name in service.get("secrets", [])}
        assert set(service.get("secrets", [])) <= compose()["secrets"].keys()


def test_servers_are_healthy_before_what_needs_them_starts() -> None:
    for name in PROCESSES:
        waits_for = compose()["services"][name]["depends_on"]
        assert waits_for["migrate"]["condition"] == "service_completed_successfully"
    for name in ("postgres", "redis"):
        assert "test" in compose()["services"][name]["healthcheck"]


def test_fly_checks_every_process_and_migrates_before_a_release() -> None:
    checked = {
        *fly()["http_service"]["processes"],
        *(name for check in fly()["checks"].values() for name in check["processes"]),
    }

    assert checked == set(PROCESSES) == set(fly()["processes"])
    assert fly()["http_service"]["checks"][0]["path"] == "/health/ready"
    port = re.search(r"CHARGECHASE_METRICS_PORT=(\d+)", dockerfile())
    assert port is not None
    assert {fly()["checks"]["worker"]["port"], fly()["metrics"][0]["port"]} == {int(port[1])}


def metric_names() -> set[str]:
    """Every series that a scrape can show."""
    text = Metrics().render().decode()
    families = set(re.findall(r"^# TYPE (chargechase_\w+)", text, re.MULTILINE))
    return families | STANDING_GAUGES.keys() | {"chargechase_postgres_answers"}


def test_alerts_ask_only_for_metrics_that_exist() -> None:
    asked = {name for rule in alerts() for name in re.findall(r"chargechase_\w+", rule["expr"])}

    assert asked
    assert asked <= metric_names()


def test_what_must_wake_somebody_does() -> None:
    paging = " ".join(rule["expr"] for rule in alerts() if rule["labels"]["severity"] == "page")

    for metric in ("open_without_next_action", "dead_rows", "inbox_lag_seconds", "actions_lag"):
        assert f"chargechase_{metric}" in paging


def test_the_runbook_says_what_to_do_about_each_alert() -> None:
    headings = re.findall(r"^#+ (\w+)$", (HOUSE / "docs" / "runbook.md").read_text(), re.MULTILINE)

    assert {rule["alert"] for rule in alerts()} <= set(headings)


def test_the_runbook_lists_the_events_that_stripe_must_send_and_no_others() -> None:
    runbook = (HOUSE / "docs" / "runbook.md").read_text()
    section = runbook.partition("## Stripe's webhook endpoint\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `([a-z_.]+)` \|", section, re.MULTILINE)
    assert sorted(listed) == sorted(READ_TYPES)


def test_the_runbook_knows_each_invariant() -> None:
    sql = (HOUSE / "deploy" / "invariants.sql").read_text()
    named = set(re.findall(r"select (?:distinct )?'(\w+)'", sql))
    runbook = (HOUSE / "docs" / "runbook.md").read_text()

    assert len(named) == sql.count("\nunion all") + 1
    assert {name for name in named if f"`{name}`" not in runbook} == set()
