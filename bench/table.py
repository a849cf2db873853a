"""What a benchmark found: one row a goal, told as a table and kept as JSON."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from msgspec import Struct, to_builtins

RESULTS: Final = Path(__file__).parent / "results"
WIDTH: Final = 100


class Row(Struct, frozen=True, kw_only=True):
    """One goal and what was found. `met` is None when it could not be measured."""

    name: str  # "A1"
    work: str
    goal: str
    figure: str
    met: bool | None
    bound: str  # one sentence: what decides the figure
    readings: dict[str, Any] = {}  # everything that was read, for the JSON


def unmeasured(name: str, work: str, goal: str, why: str) -> Row:
    """A row that says why it holds no figure."""
    return Row(name=name, work=work, goal=goal, figure="-", met=None, bound=why)


def print_table(rows: Sequence[Row]) -> None:
    """Row, goal, figure, verdict; under each its bound."""
    print(f"\n{'':4}{'work':50}{'goal':>14}{'figure':>16}  verdict")
    for row in rows:
        verdict = {True: "met", False: "MISSED", None: "not measured"}[row.met]
        print(f"{row.name:4}{row.work:50}{row.goal:>14}{row.figure:>16}  {verdict}")
        for line in wrap(row.bound, WIDTH - 6):
            print(f"      {line}")


def write_results(folder: Path, rows: Sequence[Row], machine: dict[str, Any]) -> Path:
    """The same as JSON; a file a run."""
    now = datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now:%Y-%m-%dT%H%M%SZ}.json"
    found = {"at": now.isoformat(), "machine": machine, "rows": to_builtins(list(rows))}
    path.write_text(json.dumps(found, indent=2) + "\n")
    return path
