"""Posting to Slack by an incoming webhook: to Slack's own host, and wherever else it points, no."""

import re
from typing import Any, Final

import aiohttp

from application.ports.team_news import (
    News,
    NewsLine,
    SlackDeferred,
    SlackGone,
    SlackRefused,
)

HOOKS: Final = "https://hooks.slack.com"
TIMEOUT_S: Final = 10.0
MOST_ANSWER: Final = 200  # bytes that are read of it: it is one word
MOST_OF_A_LINE: Final = 500  # characters: escaped they are no more than a block's 3,000
PATH: Final = re.compile(r"services/[A-Za-z0-9]{1,40}/[A-Za-z0-9]{1,40}/[A-Za-z0-9]{1,80}")
# no_service, channel_not_found, invalid path; channel_is_archived.
GONE: Final = frozenset({404, 410})
LATER: Final = 429


class SlackWebhook:
    """The Slack port. What is kept of an address is its path, so that the host is always ours to
    say; `base` stands in for Slack's on this machine."""

    def __init__(self, base: str = HOOKS, *, timeout_s: float = TIMEOUT_S) -> None:
        self._base = base.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    def path_of(self, url: str) -> str | None:
        """By the letter: no user, no port, no query, no other host however it is written."""
        begins = f"{self._base}/"
        path = url.strip().removeprefix(begins)
        return path if url.strip().startswith(begins) and PATH.fullmatch(path) else None

    async def post(self, path: str, news: News) -> None:
        """A redirect is no answer of a webhook, and is not followed."""
        if PATH.fullmatch(path) is None:
            raise SlackRefused("not a webhook's path")
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout) as session,
                session.post(
                    f"{self._base}/{path}", json=_payload(news), allow_redirects=False
                ) as answer,
            ):
                await answer.content.read(MOST_ANSWER)
                status = answer.status
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise SlackDeferred(type(error).__name__) from None  # its text may hold the address
        _judge(status)


def _judge(status: int) -> None:
    """Sources: docs.slack.dev, Sending messages using incoming webhooks; Rate limits."""
    if status == 200:
        return
    told = f"HTTP {status}"
    if status in GONE:
        raise SlackGone(told)
    if status == LATER or status >= 500:
        raise SlackDeferred(told)
    raise SlackRefused(told)


def _payload(news: News) -> dict[str, Any]:
    """`verbatim`: what is no link of ours becomes none. `text` is what a notification shows."""
    blocks = [_section(f"*{_escaped(news.title[:MOST_OF_A_LINE])}*"), *map(_line, news.lines)]
    if news.more:
        blocks.append(_section(_escaped(news.more)))
    blocks.append(_section(_link(news.link, news.button)))
    return {"text": _escaped(news.title), "blocks": blocks, "unfurl_links": False}


def _line(line: NewsLine) -> dict[str, Any]:
    text = _escaped(f"{line.text[:MOST_OF_A_LINE]} {line.due}")
    return _section(f"{text}\n{_link(line.link, 'Open it')}")


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _link(url: str, text: str) -> str:
    return f"<{url}|{_escaped(text)}>"


def _escaped(text: str) -> str:
    """Slack's three, and what would be bold, struck or code becomes a look-alike of no meaning:
    a name is a name. One line, whatever was in it."""
    one_line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    plain = one_line.translate(_MARKS)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# A word joiner keeps Slack from reading them as marks; people see the same letters.
_JOINER: Final = "\N{WORD JOINER}"
_MARKS: Final = str.maketrans({mark: f"{_JOINER}{mark}{_JOINER}" for mark in "*_~`"})
