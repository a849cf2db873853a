"""What the repository must not hold. The patterns are put together here, so as not to be found."""

import re

import pytest

from tests.repository.tracked import HOUSE, text_files, tracked_files

DOT = "[.]"
REGISTRY_HOSTS = re.compile(
    "|".join(
        DOT.join(labels)
        for labels in (
            ("py" + "pi", "org"),
            ("python" + "hosted", "org"),
            ("registry", "npm" + "js"),
            ("npm" + "js", "org"),
            ("deb", "deb" + "ian"),
            ("security", "deb" + "ian"),
            ("registry", "yarn" + "pkg"),
            ("jsdel" + "ivr", "net"),
            ("un" + "pkg", "com"),
        )
    ),
    re.IGNORECASE,
)
# A home folder, or the folder that somebody happened to work in.
MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(?:"
    + "|".join(("ro" + "ot", "ho" + "me/\\w+", "wo" + "rk", "Us" + "ers/\\w+"))
    + r")/"
)
UNFINISHED = re.compile(
    r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "NotImple" + "mentedError")) + r")\b"
)
SKIPPED = re.compile(r"pytest[.](?:mark[.])?(?:sk" + r"ip|xf" + r"ail)")
SOMEBODY_ELSES = re.compile(
    r"(^|/)(htmx|chart|uplot|pico|bulma|tailwind|alpine|bootstrap|jquery)[^/]*[.](js|css)$"
    r"|(^|/)(node_modules|vendor|third_party)/|[.]min[.](js|css)$|[.](woff2?|ttf|otf)$"
)
LARGEST_FILE_BYTES = 700_000


def found(pattern: re.Pattern[str], *suffixes: str) -> list[str]:
    """Where a pattern stands: file, line and what was found."""
    return [
        f"{name}:{number}: {hit[0]}"
        for name, text in text_files(*suffixes)
        for number, line in enumerate(text.splitlines(), start=1)
        if (hit := pattern.search(line))
    ]


def test_no_file_names_a_package_registry() -> None:
    assert found(REGISTRY_HOSTS) == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    assert found(MACHINE_PATHS) == []


def test_nothing_is_marked_as_unfinished() -> None:
    assert found(UNFINISHED, ".py", ".html", ".js", ".css", ".sql", ".sh", ".txt") == []


def test_no_test_is_skipped() -> None:
    assert found(SKIPPED, ".py") == []


def test_no_file_is_somebody_elses() -> None:
    names = [str(path.relative_to(HOUSE)) for path in tracked_files()]

    assert [name for name in names if SOMEBODY_ELSES.search(name)] == []


def test_no_file_is_larger_than_a_reader_would_open() -> None:
    large = [path.name for path in tracked_files() if path.stat().st_size > LARGEST_FILE_BYTES]

    assert large == []


def test_no_secret_of_a_real_account_is_in_a_file() -> None:
    live = re.compile(r"\b(?:sk|rk)_live_[A-Za-z0-9]{24,}|\bwhsec_[A-Za-z0-9]{32}\b")

    assert found(live) == []


def test_no_python_file_is_too_long_to_hold_in_mind() -> None:
    long = [
        f"{name}: {text.count(chr(10))} lines"
        for name, text in text_files(".py")
        if text.count("\n") > 450
    ]

    assert long == []


@pytest.mark.parametrize(
    ("pattern", "planted"),
    [
        (REGISTRY_HOSTS, "https://files.python" + "hosted.org/x"),
        (MACHINE_PATHS, "see /ro" + "ot/notes"),
        (UNFINISHED, "# TO" + "DO later"),
        (SKIPPED, "@pytest.mark.sk" + "ip"),
    ],
)
def test_each_pattern_finds_what_it_is_for(pattern: re.Pattern[str], planted: str) -> None:
    assert pattern.search(planted)
