"""The score by package, and what changed in the mutants that nobody noticed."""

import ast
import difflib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from tests.mutation.judge import Verdict
from tests.mutation.session import VERDICTS
from tests.mutation.workshop import NAMES

FOUND = (Verdict.KILLED, Verdict.TIMEOUT)


def report(workshop: Path, patterns: tuple[str, ...]) -> Iterator[str]:
    """Lines: survivors with their change, then found of all by package."""
    verdicts = _verdicts(workshop, patterns)
    for mutant, verdict in verdicts.items():
        if verdict not in FOUND:
            yield f"{verdict:9} {mutant}"
            yield from (f"    {line}" for line in _change(workshop, mutant))
    yield from _scores(verdicts)


def _verdicts(workshop: Path, patterns: tuple[str, ...]) -> dict[str, str]:
    digests = json.loads((workshop / NAMES).read_text())
    judged = json.loads((workshop / VERDICTS).read_text())
    return {
        mutant: verdict
        for mutant, (digest, verdict, _) in judged.items()
        if digests.get(mutant) == digest and any(fnmatch(mutant, one) for one in patterns)
    }


def _scores(verdicts: dict[str, str]) -> Iterator[str]:
    packages: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant, verdict in verdicts.items():
        package = ".".join(mutant.partition(":")[0].split(".")[:2])
        packages[package][verdict] += 1
    packages["all"] = sum(packages.values(), Counter[str]())
    for package, counts in packages.items():
        found, of_all = sum(counts[one] for one in FOUND), counts.total()
        yield f"{package:22} {found:6} of {of_all:6} found  {100 * found / max(1, of_all):5.1f} %"


def _change(workshop: Path, mutant: str) -> list[str]:
    """The lines that differ from the function's own."""
    module, _, name = mutant.partition(":")
    file = workshop / (module.replace(".", "/") + ".py")
    if not file.exists():
        file = workshop / module.replace(".", "/") / "__init__.py"
    functions = _functions(file.read_text(encoding="utf-8"))
    own = functions[name.rpartition("__mutmut_")[0] + "__mutmut_orig"]
    lines = difflib.unified_diff(own[1:], functions[name][1:], n=0, lineterm="")
    return [line for line in lines if line[:3] not in ("---", "+++") and line[:2] != "@@"]


def _functions(source: str) -> dict[str, list[str]]:
    lines = source.split("\n")
    return {
        node.name: lines[node.lineno - 1 : node.end_lineno]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }
