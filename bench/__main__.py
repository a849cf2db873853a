"""`python -m bench [row families]`: measure, print the table, keep it as JSON."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from bench import machine, worlds_table
from bench.table import RESULTS, Row, print_table, write_results
from rehearsal.worlds import WORLDS

Family = Callable[..., list[Row]]
# The module of each, imported when it is measured: the worlds need nothing that is installed.
FAMILIES: Final[dict[str, str]] = {
    "intake": "bench.intake",
    "peer": "bench.peer_djstripe",
    "claims": "bench.claims",
    "boot": "bench.boot",
    "history": "bench.history",
    "letters": "bench.letters",
    "entitlement": "bench.entitlement",
    "worlds": "bench.worlds_table",
    "backtest": "bench.backtest",
    "lift": "bench.lift",
}
NEEDS_NOTHING: Final = frozenset({"worlds", "backtest", "lift"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 whatever the figures are: a benchmark informs, it does not judge."""
    options = _parser().parse_args(arguments)
    if not sys.platform.startswith("linux"):
        print("The benchmarks read /proc, and so need Linux.", file=sys.stderr)
        return 1
    rows: list[Row] = []
    found = machine.describe()
    families = _families(options)
    with _installation_for(families) as here:
        for name, measure in families.items():
            rows += _told(name, measure, here, quick=options.quick)
    print_table(rows)
    print(f"\nLoad average before: {found['load_average']:.1f}, now: {machine.load_average():.1f}.")
    print(f"Kept as {write_results(options.results, rows, found)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=", ".join(FAMILIES))
    parser.add_argument("--quick", action="store_true", help="a smoke test; its figures are noise")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FOLDER")
    worlds = parser.add_argument_group("worlds")
    worlds.add_argument("--seeds", type=int, default=worlds_table.SEEDS)
    worlds.add_argument("--cases", type=int, default=worlds_table.CASES, help="in each game")
    worlds.add_argument("--policy", choices=(*worlds_table.OURS, "none"), nargs="*",
                        default=list(worlds_table.OURS), help="which of ours to play")  # fmt: skip
    worlds.add_argument("--world", choices=WORLDS, action="append", help="only these")
    return parser


def _families(options: argparse.Namespace) -> dict[str, Family]:
    """Those asked for, or all; the worlds know how many seeds and cases, and who plays."""
    worlds = partial(
        worlds_table.measure,
        seeds=options.seeds,
        cases=options.cases,
        ours=[name for name in options.policy if name != "none"],
        worlds=options.world or tuple(WORLDS),
    )
    return {
        name: worlds if name == "worlds" else import_module(FAMILIES[name]).measure
        for name in options.families or FAMILIES
    }


@contextmanager
def _installation_for(families: Iterable[str]) -> Iterator[Any]:
    if NEEDS_NOTHING.issuperset(families):
        yield None
        return
    with import_module("bench.installation").installation() as here:
        yield here


def _told(name: str, measure: Family, here: Any, *, quick: bool) -> list[Row]:
    print(f"measuring {name} ...", end=" ", flush=True)
    began = time.monotonic()
    rows = measure(here, quick=quick)
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(main())
