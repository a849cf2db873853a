"""The supervisor with real child processes: small Python programs that live, die or will not."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from wiring.child import Child
from wiring.supervisor import Supervisor
from wiring.tending import RestartRules, RunEnded

LIVES = "import time; time.sleep(60)"
DIES = "raise SystemExit(3)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up'); time.sleep(60)"
WITH_GRANDCHILD = (
    "import subprocess, sys, time;"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(p.pid); time.sleep(60)"
)
QUICK = RestartRules(first_pause_s=0.02, longest_pause_s=0.1)


def python(name: str, program: str) -> Child:
    return Child(name=name, argv=(sys.executable, "-u", "-c", program))


class Run:
    """A supervisor, what it said and which pids it reported."""

    def __init__(self, logs: Path, rules: RestartRules, grace_s: float = 5.0) -> None:
        self.logs = logs
        self.said: list[str] = []
        self.reports: list[dict[str, int]] = []
        self.supervisor = Supervisor(
            logs=logs, say=self.said.append, on_pids=self._report, rules=rules, grace_s=grace_s
        )

    def _report(self, pids: Mapping[str, int]) -> None:
        self.reports.append(dict(pids))

    @property
    def pids(self) -> dict[str, int]:
        return self.reports[-1]

    def every_pid(self, name: str) -> list[int]:
        return list(dict.fromkeys(report[name] for report in self.reports if name in report))


@contextlib.asynccontextmanager
async def a_run(
    logs: Path, rules: RestartRules = QUICK, grace_s: float = 5.0
) -> AsyncIterator[Run]:
    run = Run(logs, rules, grace_s)
    try:
        yield run
    finally:
        await run.supervisor.stop()


async def until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"


async def test_a_killed_child_is_started_again_and_its_death_said_in_one_line(
    tmp_path: Path,
) -> None:
    async with a_run(tmp_path) as run:
        await run.supervisor.start(python("worker", LIVES))
        first = run.pids["worker"]
        os.kill(first, signal.SIGKILL)
        await until(lambda: run.pids["worker"] != first)
        assert alive(run.pids["worker"])
        assert not alive(first)
        assert run.said == ["worker died (killed by SIGKILL); starting it again in 0.0 s"]


async def test_the_pause_before_a_restart_doubles_up_to_its_longest(tmp_path: Path) -> None:
    rules = RestartRules(max_deaths_per_minute=5, first_pause_s=0.1, longest_pause_s=0.3)
    async with a_run(tmp_path, rules) as run:
        await run.supervisor.start(python("worker", DIES))
        with pytest.raises(RunEnded):
            await run.supervisor.wait()
        pauses = [line.rpartition(" in ")[2] for line in run.said[:4]]
        assert pauses == ["0.1 s", "0.2 s", "0.3 s", "0.3 s"]


async def test_a_healthy_life_resets_the_pause(tmp_path: Path) -> None:
    rules = RestartRules(max_deaths_per_minute=5, first_pause_s=0.1, healthy_after_s=0.0)
    async with a_run(tmp_path, rules) as run:
        await run.supervisor.start(python("worker", DIES))
        with pytest.raises(RunEnded):
            await run.supervisor.wait()
        assert {line.rpartition(" in ")[2] for line in run.said[:4]} == {"0.1 s"}


async def test_five_deaths_within_a_minute_end_the_run_with_the_reason(tmp_path: Path) -> None:
    async with a_run(tmp_path) as run:
        await run.supervisor.start(python("web", LIVES))
        await run.supervisor.start(python("worker", DIES))
        with pytest.raises(RunEnded, match="worker died 5 times within a minute"):
            await run.supervisor.wait()
        assert len(run.said) == 5
        assert len(run.every_pid("worker")) == 5


async def test_a_child_that_dies_before_it_is_ready_ends_the_start(tmp_path: Path) -> None:
    async def never(_pid: int) -> bool:
        return False

    child = Child(name="web", argv=(sys.executable, "-c", DIES), ready=never)
    async with a_run(tmp_path) as run:
        with pytest.raises(RunEnded, match="web died 5 times"):
            await run.supervisor.start(child)


async def test_a_program_that_is_not_there_is_told_and_not_thrown(tmp_path: Path) -> None:
    async def never(_pid: int) -> bool:
        return False

    child = Child(name="redis", argv=("/nowhere/redis-server",), ready=never)
    async with a_run(tmp_path) as run:
        with pytest.raises(RunEnded):
            await run.supervisor.start(child)
        assert "could not be started" in run.said[0]


async def test_stopping_leaves_no_process_behind_and_goes_from_the_youngest_to_the_oldest(
    tmp_path: Path,
) -> None:
    ended = "import signal, time, sys\ndef bye(*_):\n print(time.time()); sys.exit(0)\n"
    ended += "signal.signal(15, bye); print('up')\ntime.sleep(60)"
    async with a_run(tmp_path) as run:
        for name in ("postgres", "web", "worker"):
            await run.supervisor.start(python(name, ended))
        await until(lambda: all("up" in log_of(tmp_path, n) for n in run.pids))
        pids = dict(run.pids)
        await run.supervisor.stop()
        assert not [name for name, pid in pids.items() if alive(pid)]
        times = [float(log_of(tmp_path, n).split()[-1]) for n in ("worker", "web", "postgres")]
        assert times == sorted(times)
        assert run.said == []


def log_of(logs: Path, name: str) -> str:
    return (logs / f"{name}.log").read_text()


async def test_what_a_child_started_dies_with_it(tmp_path: Path) -> None:
    async with a_run(tmp_path) as run:
        await run.supervisor.start(python("web", WITH_GRANDCHILD))
        await until(lambda: log_of(tmp_path, "web").strip() != "")
        grandchild = int(log_of(tmp_path, "web"))
        os.kill(run.pids["web"], signal.SIGKILL)
        await until(lambda: not alive(grandchild))


async def test_a_child_that_ignores_the_kind_word_is_killed_when_its_grace_is_over(
    tmp_path: Path,
) -> None:
    async with a_run(tmp_path, grace_s=0.2) as run:
        await run.supervisor.start(python("worker", STUBBORN))
        await until(lambda: "up" in log_of(tmp_path, "worker"))
        pid = run.pids["worker"]
        await run.supervisor.stop()
        assert not alive(pid)
        assert run.said == ["worker did not stop when asked; killed"]


async def test_a_second_ctrl_c_hastens_the_end(tmp_path: Path) -> None:
    async with a_run(tmp_path, grace_s=60) as run:
        await run.supervisor.start(python("worker", STUBBORN))
        await until(lambda: "up" in log_of(tmp_path, "worker"))
        run.supervisor.ask_to_stop()
        await run.supervisor.wait()
        stopping = asyncio.create_task(run.supervisor.stop())
        await asyncio.sleep(0.6)
        assert not stopping.done()
        run.supervisor.ask_to_stop()
        await asyncio.wait_for(stopping, 5)


async def test_the_same_ctrl_c_arriving_twice_hastens_nothing(tmp_path: Path) -> None:
    slow = (
        "import signal, time, sys\ndef bye(*_):\n time.sleep(1.5); print('orderly'); sys.exit()\n"
    )
    slow += "signal.signal(15, bye); print('up')\ntime.sleep(60)"
    async with a_run(tmp_path) as run:
        await run.supervisor.start(python("worker", slow))
        await until(lambda: "up" in log_of(tmp_path, "worker"))
        run.supervisor.ask_to_stop()
        run.supervisor.ask_to_stop()
        await run.supervisor.stop()
        assert "orderly" in log_of(tmp_path, "worker")


async def test_the_next_child_starts_only_when_the_one_before_is_ready(tmp_path: Path) -> None:
    flag = tmp_path / "ready"

    async def flag_is_there(_pid: int) -> bool:
        return flag.exists()

    program = f"import time, pathlib; time.sleep(0.3); pathlib.Path({str(flag)!r}).touch(); {LIVES}"
    child = Child(name="postgres", argv=(sys.executable, "-c", program), ready=flag_is_there)
    async with a_run(tmp_path) as run:
        await run.supervisor.start(child)
        assert flag.exists()


async def test_a_command_run_to_its_end_that_fails_ends_the_run_with_its_last_words(
    tmp_path: Path,
) -> None:
    async with a_run(tmp_path) as run:
        await run.supervisor.run_to_end(python("migrate", "print('done')"))
        with pytest.raises(RunEnded, match=r"migrate failed \(exit code 1\): no such table"):
            await run.supervisor.run_to_end(python("migrate", "raise SystemExit('no such table')"))


async def test_all_output_goes_to_the_log_and_only_warnings_and_errors_to_the_terminal(
    tmp_path: Path,
) -> None:
    lines = [
        '{"level": "info", "event": "quiet"}',
        "plain text",
        '{"level": "error", "event": "poison\\nTraceback", "error": "KeyError"}',
    ]
    program = f"print({chr(10).join(lines)!r}); {LIVES}"
    async with a_run(tmp_path) as run:
        await run.supervisor.start(python("worker", program))
        await until(lambda: "poison" in log_of(tmp_path, "worker"))
        assert log_of(tmp_path, "worker").splitlines() == lines
        await until(lambda: run.said != [])
        assert run.said == ["worker     | error: poison (KeyError)"]


async def test_a_child_in_trouble_does_not_flood_the_terminal(tmp_path: Path) -> None:
    program = f"""for n in range(200): print('{{"level": "error", "event": "again"}}')\n{LIVES}"""
    async with a_run(tmp_path) as run:
        await run.supervisor.start(python("worker", program))
        await until(lambda: log_of(tmp_path, "worker").count("again") == 200)
        assert len(run.said) == 5


async def test_a_supervisor_that_is_killed_takes_its_children_along(tmp_path: Path) -> None:
    if sys.platform != "linux":
        return  # elsewhere the next run ends the leftovers
    program = (
        "import asyncio, sys, pathlib\n"
        "from wiring.supervisor import Supervisor\n"
        "from wiring.child import Child\n"
        "from wiring.tending import RestartRules\n"
        "async def main():\n"
        f"  s = Supervisor(logs=pathlib.Path({str(tmp_path)!r}), say=print, rules=RestartRules(),\n"
        "    on_pids=lambda pids: print(pids['worker'], flush=True))\n"
        f"  await s.start(Child(name='worker', argv=(sys.executable, '-c', {LIVES!r})))\n"
        "  await s.wait()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    child = int(await process.stdout.readline())
    assert alive(child)
    process.kill()
    await process.wait()
    await until(lambda: not alive(child))
