"""Logs: one JSON line each, a correlation id on all of them, and nothing in them that leaks."""

import ast
import io
import json
import logging
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from wiring.logs import LibraryHandler, configure_logs
from wiring.redaction import ALLOWED_FIELDS, is_card_number, masked

HOUSE = Path(__file__).parents[2]
OWN_SECRET = "our very own pass phrase"
# One of each kind that must never be written, whichever way it comes in.
CANARIES = [
    "sk_live_51CanaryCanaryCanary",
    "cc_test_CanaryCanaryCanary0123456789",
    "rk_test_51CanaryCanaryCanary",
    "whsec_canaryCanary+/12345678",
    "pi_3Canary_secret_K9canary",
    "Bearer canary.canary.canary",
    "eyJjYW5hcnki.eyJjYW5hcnki.c2ln",
    "ada.lovelace@example.test",
    "ada+invoices@mail.example.co.uk",
    "+491713920055",
    "+1 (202) 555-0123",
    "4242424242424242",
    "4242 4242 4242 4242",
    "3782-822463-10005",
    "postgresql://app:canary-word@db/chase",
    "/r/canarycanarycanarycanary",
    OWN_SECRET,
]
Read = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Read]:
    """Everything that is logged during the test, decoded."""
    out = io.BytesIO()
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configure_logs("web", "debug", (OWN_SECRET,), out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:], root.level = before


def leaves_as(canary: str, line: dict[str, Any]) -> bool:
    """True if the telling part of a canary stands in a line."""
    telling = {"canary-word": "canary-word", "/r/": "canarycanary"}
    part = next((part for mark, part in telling.items() if mark in canary), canary)
    return part in json.dumps(line, ensure_ascii=False)


def test_a_line_is_json_with_its_time_level_process_and_fields(lines: Read) -> None:
    case_id = uuid.uuid4()

    structlog.get_logger().info(
        "attempt_ended",
        case_id=case_id,
        outcome="paid",
        seconds=0.25,
        at=datetime(2026, 7, 3, tzinfo=UTC),
    )

    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("pid") > 0
    assert line == {
        "event": "attempt_ended",
        "level": "info",
        "process": "web",
        "case_id": str(case_id),
        "outcome": "paid",
        "seconds": 0.25,
        "at": "2026-07-03 00:00:00+00:00",
    }


def test_the_correlation_id_stands_on_our_lines_and_on_those_of_libraries(lines: Read) -> None:
    structlog.contextvars.bind_contextvars(correlation_id="c-1")

    structlog.get_logger().info("ours")
    logging.getLogger("some.library").warning("theirs")

    assert [line["correlation_id"] for line in lines()] == ["c-1", "c-1"]


def test_a_field_that_is_not_on_the_list_is_replaced_by_its_type(lines: Read) -> None:
    structlog.get_logger().info("saved", customer_name="Ada Lovelace", body={"a": 1}, count=3)

    (line,) = lines()
    assert (line["customer_name"], line["body"], line["count"]) == ("<str>", "<dict>", 3)


@pytest.mark.parametrize("canary", CANARIES)
def test_a_canary_is_masked_in_allowed_fields_events_exceptions_and_library_records(
    lines: Read, canary: str
) -> None:
    log = structlog.get_logger()
    structlog.contextvars.bind_contextvars(correlation_id=canary)
    log.info(f"sent {canary} away", reason=canary, invoice_id=f"x {canary} y", rows=[canary])
    log.info("wrapped", error=ValueError(canary), customer=canary, **{canary: 1})
    try:
        raise ValueError(f"cannot reach {canary}") from KeyError(canary)
    except ValueError:
        log.exception("failed")
        logging.getLogger("library").exception("failed with %s", canary)

    written = lines()
    assert len(written) == 4
    assert not [line for line in written if leaves_as(canary, line)]
    assert "ValueError" in written[2]["exception"]


def test_what_postgres_says_of_a_refused_row_is_hidden(lines: Read) -> None:
    structlog.get_logger().info(
        "refused", reason="duplicate key\nDETAIL:  Key (name)=(Ada Lovelace) already exists."
    )

    assert "Ada" not in lines()[0]["reason"]


def test_ids_stay_readable() -> None:
    kept = (
        f"{uuid.UUID(int=4242424242424242)} in_1Nc8fQw4242424242 evt_1 2026-07-03T09:00:00.123456"
    )

    assert masked(kept) == kept


def test_a_card_number_is_one_that_passes_the_luhn_check() -> None:
    assert is_card_number("4000002760003184")
    assert not is_card_number("4000002760003185")
    assert not is_card_number("424242")


@pytest.mark.parametrize("long", ["a" * 65_000, "1 " * 32_000, "a@" * 30_000, "://a:" * 10_000])
def test_a_hostile_text_is_masked_in_little_time_and_cut(long: str) -> None:
    begin = datetime.now(UTC)

    text = masked(long)

    assert len(text) < 1_100
    assert (datetime.now(UTC) - begin).total_seconds() < 1


def test_text_that_is_no_unicode_and_arguments_that_do_not_fit_are_still_logged(
    lines: Read,
) -> None:
    structlog.get_logger().info("odd", reason="\udcff")
    LibraryHandler().emit(
        logging.makeLogRecord({"msg": "%d items", "args": ("not a number",), "levelno": 25})
    )

    assert [line["event"] for line in lines()] == ["odd", "%d items"]


def test_debug_is_silent_at_level_info() -> None:
    out = io.BytesIO()
    configure_logs("worker", "info", out=out)

    structlog.get_logger().debug("chatter")

    structlog.reset_defaults()
    assert out.getvalue() == b""


def logged_fields() -> Iterator[tuple[str, str]]:
    """Each keyword of each log call in the house, with where it stands."""
    levels = {"debug", "info", "warning", "error", "exception"}
    for folder in ("adapters", "application", "domain", "rehearsal", "web", "wiring"):
        for file in (HOUSE / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                match node:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "_log"), attr=attr)):
                        known = attr in levels
                    case (
                        ast.Call(func=ast.Name(id="bind_contextvars"))
                        | ast.Call(func=ast.Attribute(attr="bind_contextvars"))
                    ):
                        known = True
                    case _:
                        continue
                if known:
                    where = f"{file.relative_to(HOUSE)}:{node.lineno}"
                    yield from ((where, word.arg or "**") for word in node.keywords)


def test_every_field_that_the_house_logs_is_on_the_list() -> None:
    allowed = ALLOWED_FIELDS | {"exc_info"}

    assert [(where, field) for where, field in logged_fields() if field not in allowed] == []
