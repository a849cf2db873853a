"""A copy of the repository in which every function of the domain stands beside its mutants."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Final

from mutmut.mutation.file_mutation import mutate_file_contents

COPIED: Final = ("tests", "application", "adapters", "web", "wiring", "rehearsal", "bench", "docs")
NAMES: Final = "names.json"


def furnish(repository: Path, workshop: Path) -> None:
    """Copy what the tests import, and write the domain with its mutants and their names."""
    workshop.mkdir(exist_ok=True)
    for folder in COPIED:
        shutil.rmtree(workshop / folder, ignore_errors=True)
        shutil.copytree(
            repository / folder, workshop / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(repository / "pyproject.toml", workshop)
    shutil.rmtree(workshop / "domain", ignore_errors=True)
    names: dict[str, str] = {}
    for file in sorted((repository / "domain").rglob("*.py")):
        names |= _mutated(file, file.relative_to(repository), workshop)
    (workshop / NAMES).write_text(json.dumps(names, indent=0))


def _mutated(file: Path, relative: Path, workshop: Path) -> dict[str, str]:
    """Write one module with its mutants; their names ("module:function__mutmut_3") and the digest
    of the module, by which a later run knows whether the mutant is still the same."""
    source = file.read_text(encoding="utf-8")
    mutated = mutate_file_contents(str(relative), source)
    target = workshop / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(mutated.code, encoding="utf-8")
    module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    return {f"{module}:{name}": digest for name in mutated.mutant_names}
