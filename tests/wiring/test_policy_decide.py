"""`chargechase policy decide` as other programs run it: one process, lines in, lines out."""

import json
import subprocess
import sys
from pathlib import Path

from tests.wiring.test_policy_protocol import a_case

ROOT = Path(__file__).parents[2]


def test_a_process_answers_line_by_line_and_ends_with_its_input() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "wiring", "policy", "decide"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        for number in range(3):
            question = {"op": "decide", "seq": number, "cases": [a_case(f"case_{number}")]}
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["seq"] == number
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def test_a_policy_that_is_no_policy_is_refused_before_the_first_line(tmp_path: Path) -> None:
    broken = tmp_path / "policy.toml"
    broken.write_text("window = 'soon'\n")
    done = subprocess.run(
        [sys.executable, "-m", "wiring", "policy", "decide", "--policy", str(broken)],
        cwd=ROOT,
        input="",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert "window" in done.stderr
