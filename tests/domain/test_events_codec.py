"""Events are stored for ever: what was written once is read for ever, and comes back the same."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.recovery import events as e
from tests.domain.examples import ONE_OF_EACH

WRITTEN = (Path(__file__).parent / "events_v1.jsonl").read_bytes().splitlines()
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(e.Event).decode


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was_written(event: e.Event) -> None:
    assert decode(encode(event)) == event


@pytest.mark.parametrize("line", WRITTEN, ids=lambda line: msgspec.json.decode(line)["type"])
def test_what_version_1_wrote_is_still_read_and_loses_nothing(line: bytes) -> None:
    event = decode(line)
    assert msgspec.json.decode(encode(event)) == msgspec.json.decode(line)


def test_the_old_file_holds_every_event() -> None:
    assert {type(decode(line)) for line in WRITTEN} == set(get_args(e.Event))
    assert [decode(line) for line in WRITTEN[: len(ONE_OF_EACH)]] == list(ONE_OF_EACH)


def test_an_event_with_nothing_but_what_it_must_have_is_read() -> None:
    bare = WRITTEN[len(ONE_OF_EACH) :]
    assert len(bare) == 3
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


@given(st.sampled_from(get_args(e.Event)).flatmap(st.from_type))
def test_any_event_comes_back(event: e.Event) -> None:
    assert decode(encode(event)) == event
