"""Mails to the merchant's own team: what is to do, task by task, and where."""

from typing import Final

from adapters.email.frames import frame, inliner
from adapters.email.text import one_line
from application.ports.team_news import News, NewsLetter

TEMPLATE: Final = "team.html"


class JinjaNews:
    """The NewsRenderer port."""

    def __init__(self) -> None:
        self._frame, self._inliner = frame(TEMPLATE), inliner()

    def mail(self, news: News) -> NewsLetter:
        """Subject on one line, text, and HTML with its CSS in place."""
        html = self._inliner.inline(self._frame.render(news=news))
        return NewsLetter(subject=one_line(news.title), text=_text(news), html=html)


def _text(news: News) -> str:
    lines = [f"{one_line(line.text)} {line.due}\n{line.link}" for line in news.lines]
    parts = (news.title, *lines, news.more, f"{news.button}\n{news.link}", news.footer)
    return "\n\n".join(part for part in parts if part) + "\n"
