"""One mutant before the tests: a fork of the session, in which one function has other code."""

import os
import resource
import signal
from collections.abc import Callable, Sequence
from enum import StrEnum
from types import FunctionType
from typing import Any, Final, NoReturn

import pytest

Code = FunctionType
# A mutant that loops is stopped after so many times the seconds that its tests take, and some more.
PATIENCE: Final = 3
MORE_SECONDS: Final = 3
MOST_BYTES: Final = 6 << 30
NODE_ID_BYTES: Final = 900


class Verdict(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMEOUT = "timeout"  # it never came back, which a test would notice too
    SURVIVED = "survived"
    UNTOUCHED = "untouched"  # no test calls the function: it runs only while modules are imported
    BROKEN = "broken"  # the runner failed, not the tests


class Failed:
    """A plugin: the first failure in a fork is its end, and tells the session by a pipe."""

    def __init__(self) -> None:
        self.tell: int | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
        if self.tell is not None and call.excinfo is not None:
            os.write(self.tell, item.nodeid.encode()[:NODE_ID_BYTES])
            os._exit(1)


def judged(
    function: Code, mutant: Code, tests: Sequence[pytest.Item], seconds: float, failed: Failed
) -> tuple[Verdict, str]:
    """The verdict, and by which test; `seconds` is what the tests take without the mutant."""
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hear)
        failed.tell = tell
        _in_the_fork(lambda: _run(function, mutant, tests), seconds)
    os.close(tell)
    with os.fdopen(hear, "rb") as pipe:
        killer = pipe.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Verdict.TIMEOUT, signal.Signals(os.WTERMSIG(status)).name
    verdicts = {0: Verdict.SURVIVED, 1: Verdict.KILLED}
    return verdicts.get(os.WEXITSTATUS(status), Verdict.BROKEN), killer


def _in_the_fork(run: Callable[[], None], seconds: float) -> NoReturn:
    """Silent, within limits, and never back into the session's own code."""
    code = 2
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        limit = int(PATIENCE * seconds) + MORE_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
        run()
        code = 0
    finally:
        os._exit(code)


def _run(function: Code, mutant: Code, tests: Sequence[pytest.Item]) -> None:
    function.__code__ = mutant.__code__
    function.__defaults__ = mutant.__defaults__
    function.__kwdefaults__ = mutant.__kwdefaults__
    for test, following in zip(tests, [*tests[1:], None], strict=True):
        test.config.hook.pytest_runtest_protocol(item=test, nextitem=following)
