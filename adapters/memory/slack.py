"""Slack in memory: what was posted where, and what it is to answer."""

from typing import Final

from application.ports.team_news import News, SlackDeferred, SlackGone, SlackRefused

BASE: Final = "https://hooks.slack.com/"


class MemorySlack:
    """The Slack port. `answer` is the status that each post gets; None is silence."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, News]] = []
        self.answer: int | None = 200

    def path_of(self, url: str) -> str | None:
        path = url.strip().removeprefix(BASE)
        parts = path.split("/")
        is_path = len(parts) == 4 and parts[0] == "services" and all(map(_is_id, parts[1:]))
        return path if url.strip().startswith(BASE) and is_path else None

    async def post(self, path: str, news: News) -> None:
        match self.answer:
            case 200:
                self.posts.append((path, news))
            case 404 | 410:
                raise SlackGone(f"HTTP {self.answer}")
            case None | 429 | 500 | 503:
                raise SlackDeferred("no answer")
            case _:
                raise SlackRefused(f"HTTP {self.answer}")


def _is_id(text: str) -> bool:
    return text.isascii() and text.isalnum() and len(text) <= 80
