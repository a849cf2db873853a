"""`chargechase policy backtest`: cases in, a report out, and how far it is meanwhile."""

import argparse
import io
import json
from pathlib import Path

import pytest

from adapters.policy_files import to_toml
from domain.policy import gentle
from wiring import policy_backtest
from wiring.backtest_arguments import add_arguments
from wiring.policy_backtest import BadLine, read_cases, told


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return policy_backtest.run(parser.parse_args(arguments))


@pytest.fixture
def past(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert run("--example", "300") == 0
    file = tmp_path / "past.jsonl"
    file.write_text(capsys.readouterr().out)
    return file


def test_it_reports_in_words_and_as_json(past: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(past), "--policy-a", "b2b_invoices", "--policy-b", "gentle") == 0
    printed = capsys.readouterr()
    assert "Policy B" in printed.out
    assert "300 cases" in printed.err
    assert run(str(past), "--json", "--policy-b", "b2b_invoices") == 0
    assert json.loads(capsys.readouterr().out)["cases"] == 300


def test_a_policy_may_be_a_file(past: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(to_toml(gentle("UTC")))
    assert run(str(past), "--policy-b", str(file)) == 0


def test_a_history_of_stripes_own_retries_is_taken_as_it_happened(
    past: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(past), "--policy-a", "follow_stripe") == 0
    assert "Policy A" not in capsys.readouterr().out


def test_what_stripe_would_have_done_it_refuses_to_guess(
    past: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(past), "--policy-b", "follow_stripe") == 1
    assert "name the policy with --policy-a" in capsys.readouterr().err


def test_the_examples_that_it_prints_are_cases_that_it_reads(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert run("--example", "5000") == 0
    assert len(list(read_cases(capsysbinary.readouterr().out.splitlines()))) == 5_000


def test_a_bad_line_is_named_by_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text("\n{}\n")
    assert run(str(file)) == 1
    assert "line 2" in capsys.readouterr().err
    with pytest.raises(BadLine):
        list(read_cases([b"nonsense"]))


@pytest.mark.parametrize(
    "changes",
    [
        {"charges": [{"at": 5}]},
        {"charges": [{"at": 30}, {"at": 20}]},
        {"messages": [9]},
        {"closed_at": 9},
        {"paid_at": 8},
    ],
)
def test_a_case_out_of_the_order_of_time_is_refused(changes: dict[str, object]) -> None:
    case = {"customer": "cus_1", "opened_at": 10, "closed_at": 99, "amount_minor": 5,
            "currency": "eur", "family": "funds"} | changes  # fmt: skip
    with pytest.raises(BadLine, match="line 1"):
        list(read_cases([json.dumps(case).encode()]))


def test_without_a_file_it_says_what_it_needs() -> None:
    assert run() == 2


def test_a_person_sees_a_moving_bar(past: Path) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Screen()
    with past.open("rb") as lines:
        assert len(list(told(read_cases(lines), lambda: 1.0, screen))) == 300
    assert "[####" in screen.getvalue()
