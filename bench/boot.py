"""Starting the web process: row E1."""

import re
import statistics
import time
from typing import Final

from msgspec import Struct, to_builtins

from bench.installation import Installation, web
from bench.machine import load_average, resident_mb, tree
from bench.table import Row

FULL_BOOTS, QUICK_BOOTS = 5, 1
IMPORTED: Final = re.compile(r"^import time:.*\| +stripe(?:\.|$)", re.MULTILINE)


class Boot(Struct, frozen=True, kw_only=True):
    """One start, until the first answer."""

    cpu_s: float  # master and worker
    wall_s: float
    worker_mb: float
    master_mb: float
    load_average: float


def measure(here: Installation, *, quick: bool) -> list[Row]:
    """Row E1."""
    boots = [_boot(here) for _ in range(QUICK_BOOTS if quick else FULL_BOOTS)]
    cpu = statistics.median(one.cpu_s for one in boots)
    worker = statistics.median(one.worker_mb for one in boots)
    master = statistics.median(one.master_mb for one in boots)
    stripe = _imports_stripe(here)
    return [
        Row(
            name="E1",
            work="web process: boot CPU, memory of the worker",
            goal="1.25 s, 80 MB",
            figure=f"{cpu:.2f} s, {worker:.0f} MB",
            met=cpu <= 1.25 and worker <= 80 and not stripe,
            bound=(
                f"Imports: granian's master (another {master:.0f} MB) and its worker each load "
                f"Python anew; `stripe` {'IS' if stripe else 'is not'} imported before a call."
            ),
            readings={"boots": to_builtins(boots), "imports_stripe": stripe},
        )
    ]


def _boot(here: Installation) -> Boot:
    began = time.monotonic()
    with web(here) as server:
        wall = time.monotonic() - began
        cpu = server.cpu_s()
        master, *workers = tree(server.process.pid)
        return Boot(
            cpu_s=cpu,
            wall_s=wall,
            worker_mb=max(resident_mb(pid) for pid in workers),
            master_mb=resident_mb(master),
            load_average=load_average(),
        )


def _imports_stripe(here: Installation) -> bool:
    """Python itself says what it imports, in the worker too."""
    log = here.folder / "web.log"
    told_before = log.stat().st_size
    with web(here, {"PYTHONPROFILEIMPORTTIME": "1"}):
        pass
    with log.open() as told:
        told.seek(told_before)
        imports = told.read()
    assert "import time:" in imports, "Python said nothing of its imports"
    return bool(IMPORTED.search(imports))
