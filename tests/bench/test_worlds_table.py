"""The table of the worlds counts right; who wins is nobody's business here."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.opponents import OPPONENTS, SCHEDULES
from bench.worlds_table import Scores, best_schedule, gain, interval, measures, rows, table
from rehearsal.worlds import WORLDS, play

ROOT = Path(__file__).parents[2]
WORLD = "eu_consumers"


@pytest.fixture(scope="module")
def scores() -> Scores:
    """Two seeds of every opponent; the most patient one plays ours."""
    found: Scores = {
        (WORLD, name): [play(WORLD, seed, 60, policy) for seed in (1, 2)]
        for name, policy in OPPONENTS.items()
    }
    found[WORLD, "ours"] = found[WORLD, "recurly"]
    return found


def test_an_interval_of_equal_values_has_no_width() -> None:
    assert (interval([3.0, 3.0, 3.0]).mean, interval([3.0, 3.0, 3.0]).half) == (3.0, 0.0)


def test_an_interval_is_students() -> None:
    found = interval([1.0, 2.0, 3.0])
    assert found.mean == 2.0
    assert found.half == pytest.approx(2.484, abs=0.001)  # 4.303 / sqrt(3)


def test_one_seed_tells_no_interval() -> None:
    assert interval([7.0]).half == 0.0


def test_the_best_schedule_gains_nothing_over_itself_in_any_seed(scores: Scores) -> None:
    best = best_schedule(scores, WORLD)
    assert best in {schedule.name for schedule in SCHEDULES}
    assert (gain(scores, WORLD, best).mean, gain(scores, WORLD, best).half) == (0.0, 0.0)
    assert all(gain(scores, WORLD, schedule.name).mean <= 0 for schedule in SCHEDULES)


def test_doing_nothing_does_nothing(scores: Scores) -> None:
    for run in scores[WORLD, "do nothing"]:
        assert (run.retries, run.messages, run.decisions) == (0, 0, run.cases)
        assert run.net_cents == run.recovered_cents


def test_every_player_is_in_the_table(scores: Scores) -> None:
    told = table(scores)
    assert WORLDS[WORLD].about in told
    assert all(name in told for name in (*OPPONENTS, "ours"))


def test_the_rows_hold_every_goal_and_all_figures(scores: Scores) -> None:
    found = {row.name: row for row in rows(scores, ["ours"])}
    assert set(found) == {"W1", "W2", "W3", "W4", "W5", "D2"}
    assert found["W3"].figure == found["W4"].figure == "0"
    players = found["W1"].readings[WORLD]["players"]
    assert set(measures(scores[WORLD, "ours"])) < set(players["smart retries"])


def test_without_ours_nothing_is_measured(scores: Scores) -> None:
    (row,) = rows(scores, [])
    assert row.met is None


def test_the_worlds_need_no_database(tmp_path: Path) -> None:
    listing = "import sys, bench.__main__ as b; code = b.main(sys.argv[1:]); "
    listing += "sys.exit(code or 'asyncpg' in sys.modules)"
    worlds = ["worlds", "--quick", "--policy", "none", "--results", str(tmp_path)]
    command = [sys.executable, "-c", listing, *worlds]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
