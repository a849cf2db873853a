"""Events are stored for ever: what was written once is read for ever, and comes back the same."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.network import Budget
from domain.recovery import events as e
from domain.recovery.case import replay
from domain.recovery.transitions import Phase
from domain.recovery.why import Rejected, Why
from tests.builders import DAY, a_policy
from tests.domain.examples import ONE_OF_EACH

HERE = Path(__file__).parent
# What the first version wrote, and what the second: each is read for ever.
WRITTEN_FIRST = (HERE / "events_v1.jsonl").read_bytes().splitlines()
WRITTEN_NEXT = (HERE / "events_v2.jsonl").read_bytes().splitlines()
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(e.Event).decode


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was_written(event: e.Event) -> None:
    assert decode(encode(event)) == event


@pytest.mark.parametrize(
    "line", WRITTEN_FIRST + WRITTEN_NEXT, ids=lambda line: msgspec.json.decode(line)["type"]
)
def test_what_any_version_wrote_is_still_read_and_loses_nothing(line: bytes) -> None:
    event = decode(line)
    assert msgspec.json.decode(encode(event)) == msgspec.json.decode(line)


def test_the_file_of_this_version_holds_every_event_with_all_its_fields() -> None:
    assert [decode(line) for line in WRITTEN_NEXT] == list(ONE_OF_EACH)
    assert {type(event) for event in ONE_OF_EACH} == set(get_args(e.Event))


def test_a_history_of_the_first_version_still_adds_up() -> None:
    lines = (decode(line) for line in WRITTEN_FIRST)
    opened, _, declined, _, _, planned, started = [next(lines) for _ in range(7)]
    case = replay((opened, declined, planned, started))
    assert case.phase is Phase.CHARGING
    assert (case.timezone, case.held_out, case.rules(a_policy()).window) == ("", False, 14 * DAY)


def test_an_event_with_nothing_but_what_it_must_have_is_read() -> None:
    bare = WRITTEN_FIRST[-3:]
    opened, refused, recovered = (decode(line) for line in bare)
    assert isinstance(opened, e.CaseOpened)
    assert opened.number is None
    assert isinstance(refused, e.ChargeDeclined)
    assert refused.failure.card is None
    assert isinstance(recovered, e.CaseRecovered)
    assert recovered.attempt is None


@given(st.builds(lambda **kw: kw, type=st.text(max_size=20), at=st.text(max_size=30)))
def test_what_is_no_event_is_refused_in_one_way(body: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(msgspec.json.encode(body))


st.register_type_strategy(
    Why,
    st.builds(
        Why,
        inputs=st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53)),
        rejected=st.lists(st.from_type(Rejected), max_size=2).map(tuple),
        budget=st.none() | st.from_type(Budget),
    ),
)


@given(st.sampled_from(get_args(e.Event)).flatmap(st.from_type))
def test_any_event_comes_back(event: e.Event) -> None:
    assert decode(encode(event)) == event
