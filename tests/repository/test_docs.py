"""Documents point at what exists, and decisions have one shape."""

import re
from pathlib import Path

import pytest

from domain.decline import DeclineFamily
from domain.recovery.actions import ActionKind
from domain.recovery.transitions import Phase
from tests.repository.tracked import HOUSE, text_files
from wiring.settings import FILE_SUFFIX, PREFIX, READERS

DECISIONS = sorted((HOUSE / "docs" / "decisions").glob("0*.md"))
HEADINGS = [
    "**Context.**",
    "**Decision.**",
    "**Consequences.**",
    "**Rejected.**",
    "**Enforced by**",
]
WRITTEN_BY_A_COMMAND = {"docs/screenshots/cases.png"}
FOLDERS = r"(?:domain|application|adapters|web|wiring|rehearsal|tests|deploy|docs|bench)"


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_five_headings_and_its_number(decision: Path) -> None:
    text = decision.read_text()

    assert text.startswith(f"# {int(decision.name[:4])}. ")
    assert re.findall(r"^\*\*[A-Z][a-z ]+\.?\*\*", text, re.MULTILINE) == HEADINGS
    assert re.search(r"^Status: .+ Area: .+\.$", text, re.MULTILINE)


@pytest.mark.parametrize("decision", DECISIONS[1:], ids=lambda path: path.stem)
def test_a_decision_names_what_holds_it(decision: Path) -> None:
    enforced = decision.read_text().partition("**Enforced by**")[2]

    assert re.search(r"`[\w./-]+\.(py|sql|toml|txt|yml)`", enforced)


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(len(DECISIONS)))


def test_every_file_that_a_document_names_exists() -> None:
    missing = [
        f"{name}: {target}"
        for name, text in text_files(".md")
        for target in re.findall(rf"`({FOLDERS}/[\w./-]+\.\w+)`", text)
        if not (HOUSE / target).exists()
    ]

    assert missing == []


def test_every_link_inside_the_repository_leads_somewhere() -> None:
    missing = [
        f"{name}: {target}"
        for name, text in text_files(".md")
        for target in re.findall(r"\]\(([^)#\s]+)", text)
        if "://" not in target
        and target not in WRITTEN_BY_A_COMMAND
        and not (HOUSE / name).parent.joinpath(target).exists()
    ]

    assert missing == []


def test_every_setting_that_a_document_names_exists() -> None:
    known = {PREFIX + name.upper() for name in READERS}
    named = {
        (name, setting)
        for name, text in text_files(".md")
        for setting in re.findall(rf"{PREFIX}[A-Z_]+[A-Z]", text)
    }

    assert [pair for pair in named if pair[1].removesuffix(FILE_SUFFIX) not in known] == []


@pytest.mark.parametrize(
    "word", [*(phase for phase in Phase if phase != Phase.NEW), *DeclineFamily, *ActionKind]
)
def test_the_glossary_or_the_architecture_knows_each_word_that_is_stored(word: str) -> None:
    documents = [(HOUSE / "docs" / name).read_text() for name in ("glossary.md", "architecture.md")]

    assert any(f"`{word}`" in text for text in documents)
