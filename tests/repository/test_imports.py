"""The import contracts hold, and each of them notices the one import that it forbids."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository.tracked import HOUSE

FOLDERS = ("adapters", "application", "domain", "rehearsal", "web", "wiring")
LINTER = Path(sys.executable).with_name("lint-imports")
# The first words of a contract's name; where the planted import goes, and what it says.
PLANTS = {
    "Every import points inward": ("application/planted.py", "import web"),
    "The domain knows msgspec": ("domain/planted.py", "import time"),
    "The application knows no framework": ("application/planted.py", "import asyncpg"),
    "Adapters do not know one another": ("adapters/email/planted.py", "import adapters.jobs"),
    "Adapters are given their use-case": (
        "adapters/jobs/planted.py",
        "from application.use_cases import run_attempt",
    ),
    "Use-cases are strangers": (
        "application/use_cases/planted.py",
        "from application.use_cases import close_case",
    ),
    "The product does not know the rehearsal": ("web/planted.py", "import rehearsal.clock"),
    "The rehearsal knows only money": ("rehearsal/planted.py", "import domain.policy"),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The house's own packages, where something can be planted."""
    folder = tmp_path_factory.mktemp("house")
    only_python = shutil.ignore_patterns("__pycache__", "*.html", "*.css", "*.js", "*.sql")
    for name in FOLDERS:
        shutil.copytree(HOUSE / name, folder / name, ignore=only_python)
    shutil.copy(HOUSE / "pyproject.toml", folder)
    return folder


@pytest.fixture
def house(copy: Path) -> Iterator[Path]:
    yield copy
    for planted in copy.rglob("planted.py"):
        planted.unlink()


def contracts() -> list[str]:
    """The names of the contracts, as pyproject.toml has them."""
    settings = tomllib.loads((HOUSE / "pyproject.toml").read_text())
    return [contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]]


def broken_in(house: Path) -> list[str]:
    """The contracts that the linter says are broken."""
    told = subprocess.run(
        [LINTER, "--no-logo"],
        cwd=house,
        env={"COLUMNS": "400", "PATH": str(LINTER.parent)},
        check=False,
        capture_output=True,
        text=True,
    )
    lines = told.stdout.splitlines()
    assert any("Contracts:" in line for line in lines), told.stdout + told.stderr
    return [line.removesuffix(" BROKEN") for line in lines if line.endswith(" BROKEN")]


def test_every_contract_has_a_plant() -> None:
    named = {start for start in PLANTS for name in contracts() if name.startswith(start)}

    assert len(contracts()) == len(PLANTS) == len(named)


def test_the_house_keeps_its_contracts(house: Path) -> None:
    assert broken_in(house) == []


@pytest.mark.parametrize("start", PLANTS)
def test_a_planted_import_breaks_its_contract(house: Path, start: str) -> None:
    file, statement = PLANTS[start]
    (house / file).write_text(f"{statement}\n")

    assert [name for name in broken_in(house) if name.startswith(start)]
