"""docs/stripe.md names the permissions that the product asks for, in the words of its own page."""

import re
from pathlib import Path

from web.wording.permissions import PERMISSIONS

PAGE = (Path(__file__).parents[2] / "docs" / "stripe.md").read_text()


def test_the_table_is_the_one_of_the_code() -> None:
    section = PAGE.partition("\n## Connecting\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+) \| (Read|Write) \| (.+) \|$", section, re.MULTILINE)
    told = [(name, level, use.replace("\u2019", "'")) for name, level, use in PERMISSIONS.values()]
    assert rows == told
