"""The pytest session in the workshop: it learns which tests call which function, then judges.

python -m tests.mutation.session hear            tests/domain once, functions wrapped
python -m tests.mutation.session judge SECONDS PATTERN…  every mutant whose name matches
"""

import functools
import gc
import itertools
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import mutmut.mutation.trampoline
import pytest
from hypothesis import Phase, settings

from tests.mutation.judge import Code, Failed, Verdict, judged
from tests.mutation.workshop import NAMES

HEARD: Final = Path("heard.json")
VERDICTS: Final = Path("verdicts.json")
SAVED_EVERY: Final = 20
REMEMBERED: Final = 3  # of a function, the tests that found its last mutants
# What finds much for the time it takes is asked as if it took less: whole texts compared, and what
# has found mutants lately.
GOLDEN: Final = "golden"
WORTH: Final = 10
ARGUMENTS: Final = (
    "tests/domain", "-q", "-s", "-p", "no:cacheprovider", "--tb=native",
    "--hypothesis-profile=mutation",
)  # fmt: skip


class Functions:
    """The mutated functions: in place of mutmut's switch, each is left as it is, or listened to."""

    def __init__(self, *, listening: bool) -> None:
        self.mutants: dict[str, tuple[Code, dict[str, Code]]] = {}
        self.called: set[str] = set()
        self._listening = listening

    def wrap(self, mutants: dict[str, Code], is_classmethod: bool = False) -> Callable[[Any], Any]:
        """What mutmut's generated code calls as a decorator (within `@classmethod`, where there is
        one); `mutants` is filled after that."""

        def decorated(function: Any) -> Any:
            name = f"{function.__module__}:{function.__qualname__}"
            self.mutants[name] = function, mutants
            return self._heard(name, function) if self._listening else function

        return decorated

    def _heard(self, name: str, function: Any) -> Any:
        @functools.wraps(function)
        def listening(*positional: Any, **named: Any) -> Any:
            self.called.add(name)
            return function(*positional, **named)

        return listening


class Hearing:
    """A plugin: which functions each test calls, and how long it takes."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._tests: dict[str, list[str]] = defaultdict(list)
        self._seconds: dict[str, float] = {}

    def pytest_runtest_setup(self) -> None:
        self._functions.called.clear()

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
        if call.when == "call":
            self._seconds[item.nodeid] = call.duration
            for name in sorted(self._functions.called):
                self._tests[name].append(item.nodeid)

    def pytest_sessionfinish(self) -> None:
        HEARD.write_text(json.dumps({"tests": self._tests, "seconds": self._seconds}))


class Court:
    """A plugin in place of the running of tests: every mutant that matches, one after the other."""

    def __init__(
        self, functions: Functions, most_seconds: float, patterns: Iterable[str], failed: Failed
    ) -> None:
        self._functions, self._patterns, self._failed = functions, tuple(patterns), failed
        self._most_seconds = most_seconds
        heard = json.loads(HEARD.read_text())
        self._tests: dict[str, list[str]] = heard["tests"]
        self._seconds: dict[str, float] = heard["seconds"]
        self._digests: dict[str, str] = json.loads(Path(NAMES).read_text())
        self._verdicts: dict[str, list[str]] = (
            json.loads(VERDICTS.read_text()) if VERDICTS.exists() else {}
        )
        self._of_function: dict[str, list[str]] = defaultdict(list)
        self._of_module: dict[str, Counter[str]] = defaultdict(Counter)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        gc.freeze()  # else the first collection in a fork copies all memory
        todo = list(self._todo())
        for number, (mutant, name) in enumerate(todo, 1):
            self._verdicts[mutant] = [self._digests[mutant], *self._judged(mutant, name, items)]
            if number % SAVED_EVERY == 0 or number == len(todo):
                self._save()
                print(f"\r{number:6} of {len(todo)} mutants", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        return True

    def _save(self) -> None:
        """Whole or not at all: whoever stops a run goes on from here."""
        written = VERDICTS.with_suffix(".new")
        written.write_text(json.dumps(self._verdicts))
        written.replace(VERDICTS)

    def _todo(self) -> Iterator[tuple[str, str]]:
        """Mutants, each with its function, except those that were found before and still are."""
        for name, (_, mutants) in self._functions.mutants.items():
            module = name.partition(":")[0]
            for own in list(mutants)[1:]:  # the first is the function itself
                mutant = f"{module}:{own}"
                digest, verdict = (self._verdicts.get(mutant) or ["", ""])[:2]
                known = digest == self._digests[mutant] and verdict in ("killed", "timeout")
                if not known and any(fnmatch(mutant, pattern) for pattern in self._patterns):
                    yield mutant, name

    def _judged(self, mutant: str, name: str, items: dict[str, pytest.Item]) -> tuple[Verdict, str]:
        module, _, own = mutant.partition(":")
        tests = self._within_time(self._ordered(name, module))
        if not tests:
            return Verdict.UNTOUCHED, ""
        function, mutants = self._functions.mutants[name]
        seconds = sum(self._seconds[test] for test in tests)
        asked = [items[test] for test in tests]
        verdict, killer = judged(function, mutants[own], asked, seconds, self._failed)
        if verdict is Verdict.KILLED:
            self._of_function[name] = [killer, *self._of_function[name]][:REMEMBERED]
            self._of_module[module][killer] += 1
        return verdict, killer

    def _ordered(self, name: str, module: str) -> list[str]:
        """The tests that call a function, the quick and the worthy first."""
        lately = {*self._of_function[name], *dict(self._of_module[module].most_common(1))}

        def order(test: str) -> tuple[float, str]:
            worth = (WORTH if GOLDEN in test else 1) * (WORTH if test in lately else 1)
            return self._seconds[test] / worth, test

        return sorted(self._tests.get(name, []), key=order)

    def _within_time(self, tests: list[str]) -> list[str]:
        """As many of the first as take `most_seconds` together, and one at least."""
        ends = itertools.accumulate(self._seconds[test] for test in tests)
        return [
            test
            for place, (test, end) in enumerate(zip(tests, ends, strict=True))
            if place == 0 or end <= self._most_seconds
        ]


def main(mode: str, most_seconds: str = "0", *patterns: str) -> int:
    """Run pytest as asked; its exit code."""
    functions, failed = Functions(listening=mode == "hear"), Failed()
    mutmut.mutation.trampoline.wrap_in_trampoline = functions.wrap  # type: ignore[assignment]
    sys.path.insert(0, "")
    settings.register_profile(
        "mutation",
        deadline=None,
        database=None,
        derandomize=True,  # a mutant is found each time or never
        phases=[Phase.explicit, Phase.generate],  # nobody reads the smallest example of a mutant
    )
    if mode == "hear":
        return int(pytest.main(list(ARGUMENTS), plugins=[Hearing(functions)]))
    court = Court(functions, float(most_seconds), patterns, failed)
    return int(pytest.main(list(ARGUMENTS), plugins=[court, failed]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
