"""`python -m bench [row families]`: measure, print the table, keep it as JSON."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench import boot, claims, intake, machine, peer_djstripe
from bench.installation import Installation, installation
from bench.table import RESULTS, Row, print_table, write_results

Family = Callable[..., list[Row]]
FAMILIES: Final[dict[str, Family]] = {
    "intake": intake.measure,
    "peer": peer_djstripe.measure,
    "claims": claims.measure,
    "boot": boot.measure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 whatever the figures are: a benchmark informs, it does not judge."""
    options = _parser().parse_args(arguments)
    if not sys.platform.startswith("linux"):
        print("The benchmarks read /proc, and so need Linux.", file=sys.stderr)
        return 1
    rows: list[Row] = []
    found = machine.describe()
    with installation() as here:
        for name in options.families or FAMILIES:
            rows += _told(name, here, quick=options.quick)
    print_table(rows)
    print(f"\nLoad average before: {found['load_average']:.1f}, now: {machine.load_average():.1f}.")
    print(f"Kept as {write_results(options.results, rows, found)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=", ".join(FAMILIES))
    parser.add_argument("--quick", action="store_true", help="a smoke test; its figures are noise")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FOLDER")
    return parser


def _told(name: str, here: Installation, *, quick: bool) -> list[Row]:
    print(f"measuring {name} ...", end=" ", flush=True)
    began = time.monotonic()
    rows = FAMILIES[name](here, quick=quick)
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(main())
