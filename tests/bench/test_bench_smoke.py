"""The benchmarks run; what they find is nobody's business here."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = {"A1", "A2", "A3", "A4", "A5", "B1", "B2", "B3", "W1", "W2", "W3", "W4", "W5"}
ROWS |= {"D1", "D1b", "D2", "E1", "F1", "F2", "F3", "G1", "H1", "M1"}


def test_a_quick_run_fills_every_row(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--results", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (kept,) = tmp_path.glob("*.json")
    rows = json.loads(kept.read_text())["rows"]
    assert {row["name"] for row in rows} == ROWS
    assert all(row["figure"] and row["goal"] and row["bound"] for row in rows)
