"""Posting to Slack: by memory, and by HTTP to a Slack on this machine; a test cannot tell."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from adapters.memory.slack import MemorySlack
from adapters.slack.webhook import HOOKS, SlackWebhook
from application.ports.team_news import (
    News,
    NewsLine,
    Slack,
    SlackDeferred,
    SlackGone,
    SlackRefused,
)
from tests.contract.test_hand_off import PATH
from tests.slack_double import slack_double


def some_news(text: str = "Ines owes 1 200.00 EUR.", **changes: object) -> News:
    line = NewsLine(text=text, due="Due Fri 4 Jul, 18:00.", link="https://app.example.com/cases/1")
    given = {
        "title": "A new task",
        "lines": (line,),
        "more": "",
        "link": "https://app.example.com/tasks",
        "button": "See all tasks",
        "footer": "",
        **changes,
    }
    return News(**given)  # type: ignore[arg-type]


@dataclass
class Door:
    """A Slack, how it is told what to answer, and how often it was posted to."""

    slack: Slack
    answers: Callable[[int], None]
    count: Callable[[], int]
    base: str


@pytest.fixture(params=["memory", "http"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    if request.param == "memory":
        memory = MemorySlack()
        yield Door(
            memory, lambda code: setattr(memory, "answer", code), lambda: len(memory.posts), HOOKS
        )
        return
    with slack_double() as double:
        webhook = SlackWebhook(double.base)
        yield Door(
            webhook,
            lambda code: setattr(double, "answer", code),
            lambda: len(double.posts),
            double.base,
        )


async def test_a_post_goes(door: Door) -> None:
    path = door.slack.path_of(f" {door.base}/{PATH} ")
    assert path == PATH
    await door.slack.post(path, some_news())
    assert door.count() == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, SlackGone),
        (410, SlackGone),
        (400, SlackRefused),
        (403, SlackRefused),
        (302, SlackRefused),
        (429, SlackDeferred),
        (500, SlackDeferred),
        (503, SlackDeferred),
    ],
)
async def test_what_slack_answers_has_a_meaning(
    door: Door, status: int, expected: type[Exception]
) -> None:
    door.answers(status)
    with pytest.raises(expected) as told:
        await door.slack.post(PATH, some_news())
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "services/T000/B000/s3cret",
        "http://hooks.slack.com/services/T000/B000/s3cret",
        "https://hooks.slack.com/services/T000/B000",
        "https://hooks.slack.com/services/T000/B000/s3cret/more",
        "https://hooks.slack.com/services/T000/B000/s3cret?x=1",
        "https://hooks.slack.com/services/T000/../s3cret",
        "https://hooks.slack.com/services/T000/B000/s3cr\u00e9t",
        "https://hooks.slack.com/services/T000/B000/s3\ncret",
        "https://hooks.slack.com/workflows/T000/B000/s3cret",
        "https://hooks.slack.com.evil.example/services/T000/B000/s3cret",
        "https://hooks.slack.com@evil.example/services/T000/B000/s3cret",
        "https://hooks.slack.com:8443/services/T000/B000/s3cret",
        "https://user@hooks.slack.com/services/T000/B000/s3cret",
        "https://evil.example/https://hooks.slack.com/services/T000/B000/s3cret",
        "https://hooks.slack.com/services/T000/B000/" + "x" * 200,
    ],
)
def test_only_a_webhooks_own_address_is_taken(url: str) -> None:
    assert SlackWebhook().path_of(url) is None
    assert MemorySlack().path_of(url) is None


async def test_a_redirect_is_not_followed() -> None:
    with slack_double() as elsewhere, slack_double() as double:
        double.answer, double.leads_to = 307, f"{elsewhere.base}/{PATH}"
        with pytest.raises(SlackRefused):
            await SlackWebhook(double.base).post(PATH, some_news())
        assert len(double.posts) == 1
        assert elsewhere.posts == []


async def test_silence_and_a_door_that_is_shut_are_no_answer() -> None:
    with slack_double() as double:
        double.slow_s = 0.5
        with pytest.raises(SlackDeferred):
            await SlackWebhook(double.base, timeout_s=0.1).post(PATH, some_news())
    with pytest.raises(SlackDeferred):
        await SlackWebhook(double.base).post(PATH, some_news())


async def test_whatever_stands_where_a_path_should_goes_nowhere() -> None:
    with slack_double() as double:
        for path in ("", "@evil.example", "services/../x", "services/T/B/x?y", f"{PATH}\n"):
            with pytest.raises(SlackRefused):
                await SlackWebhook(double.base).post(path, some_news())
        assert double.posts == []


async def test_a_name_is_a_name_whatever_it_says() -> None:
    name = "<!channel> & <https://evil.example|click> *bold* _it_ `code`\n@here #general"
    with slack_double() as double:
        await SlackWebhook(double.base).post(PATH, some_news(name, title=f"{name} & more"))
        (_, body), texts = double.posts[0], double.texts()
    assert body["unfurl_links"] is False
    assert all(block["text"]["verbatim"] for block in body["blocks"])
    for text in (body["text"], texts[0].strip("*"), texts[1].split("\n", maxsplit=1)[0]):
        assert "&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;" in text
        assert "<" not in text
        assert not any(f" {mark}" in text for mark in "*_`")
        assert "\n" not in text


async def test_no_block_is_longer_than_slack_takes() -> None:
    lines = tuple(
        NewsLine(text="&<>*" * 2_000, due="Overdue.", link="https://app.example.com/cases/1")
        for _ in range(20)
    )
    with slack_double() as double:
        await SlackWebhook(double.base).post(PATH, some_news(lines=lines, more="And 3 more."))
        texts = double.texts()
    assert len(texts) == 1 + 20 + 2 <= 50
    assert max(map(len, texts)) <= 3_000
    assert all(text.endswith("|Open it>") for text in texts[1:21])
