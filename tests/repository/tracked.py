"""The files that the repository holds, or would hold after the next commit."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

HOUSE = Path(__file__).parents[2]
LARGEST_TEXT_BYTES = 5_000_000


@cache
def tracked_files() -> tuple[Path, ...]:
    """As git lists them: neither ignored nor gone."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=HOUSE,
        check=True,
        capture_output=True,
        text=True,
    )
    named = (HOUSE / name for name in listed.stdout.split("\0") if name)
    return tuple(sorted(path for path in named if path.is_file()))


def text_files(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Path and text of each file that is text; of the given suffixes only, if any are given."""
    for path in tracked_files():
        if suffixes and path.suffix not in suffixes:
            continue
        try:
            yield str(path.relative_to(HOUSE)), path.read_bytes()[:LARGEST_TEXT_BYTES].decode()
        except UnicodeDecodeError:
            continue
