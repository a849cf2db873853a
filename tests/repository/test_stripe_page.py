"""docs/stripe.md says of each type of event what the code does about it, in the same words."""

import re
from pathlib import Path

from adapters.stripe import thin_events
from adapters.stripe.event_types import IDLE, NEEDED, WELCOME

PAGE = (Path(__file__).parents[2] / "docs" / "stripe.md").read_text()
EVENTS = PAGE.partition("\n## Events\n")[2].partition("\n## ")[0]


def rows(heading: str) -> dict[str, str]:
    """The events of a table, and what is said of each."""
    section = EVENTS.partition(heading)[2].partition("\n### ")[0]
    return dict(re.findall(r"^\| `([a-z0-9_.]+)` \| (.+) \|$", section, re.MULTILINE))


def test_it_lists_what_an_endpoint_must_be_sent_as_the_runbook_does() -> None:
    listed = rows("### What an endpoint must be sent\n")
    assert set(listed) == set(NEEDED)
    runbook = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()
    assert all(f"| `{kind}` | {tells} |" in runbook for kind, tells in listed.items())


def test_it_lists_what_is_understood_without_being_asked_for() -> None:
    assert set(rows("### Understood, and not asked for\n")) == set(WELCOME)


def test_it_says_why_nothing_is_done_about_the_rest() -> None:
    thin = {f"v1.{kind}": why for kind, why in thin_events.IDLE.items()}
    assert rows("### Understood, and nothing to do\n") == IDLE | thin
