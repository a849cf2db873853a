"""`make chaos`: the long campaign, about ten minutes; exit code 1 if a promise was broken."""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.chaos.campaign import Plan, campaign


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=420)
    parser.add_argument("--customers", type=int, default=370)
    parser.add_argument("--speed", type=float, default=3000)
    parser.add_argument("--settling-speed", type=float, default=25_000)
    parser.add_argument("--seed", type=int, default=1)
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="chargechase-chaos-") as folder:
        Path(folder).chmod(0o755)
        report = campaign(plan, Path(folder) / "data", lambda line: print(line, flush=True))
    print(json.dumps(asdict(report), indent=2))
    broken = report.faults()
    print("\n".join(broken) if broken else "every promise held")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
