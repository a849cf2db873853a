"""Whole cases, every field of them, as their golden files tell (see `golden_files`, `stories`).

The plans are fixed ones: what is learned may change without a change here.
"""

import pytest

from tests.domain.golden_files import assert_golden
from tests.domain.stories import STORIES


@pytest.mark.parametrize("name", STORIES)
def test_a_story_goes_as_its_golden_file_tells(name: str) -> None:
    file = name.replace(",", "").replace("'", "").replace(" ", "_").lower()
    assert_golden(f"stories/{file}.txt", str(STORIES[name]()))
