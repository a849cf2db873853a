"""Texts kept as files, so that a change of what they say is a diff for a reader to judge.

Written anew, after a change that is meant, by

    CHARGECHASE_GOLDEN=write python -m pytest tests/domain -k golden

and read before they are committed.
"""

import os
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """`text` is what the file `name` holds; where the switch above is set it is written there."""
    file = FOLDER / name
    if os.environ.get("CHARGECHASE_GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
