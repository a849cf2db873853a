"""A letter that somebody wrote to us: which letter of ours it answers, if a person wrote it.

Sources: RFC 5322, 3.6.4 (In-Reply-To, References), RFC 3834, 5 (Auto-Submitted), and what programs
that answer by themselves put into headers.
"""

import re
from collections.abc import Iterable
from typing import Final

from application.ports.mail_news import Fate, MailNews

MESSAGE_ID: Final = re.compile(r"<([^<>\s]{1,300})>")
MOST_IDS: Final = 20
MACHINES: Final = {
    "precedence": frozenset({"bulk", "junk", "list", "auto_reply"}),
    "return-path": frozenset({"<>", ""}),
}
BY_THEMSELVES: Final = frozenset(
    {"x-autoreply", "x-autorespond", "x-auto-response-suppress", "list-id"}
)


def answered(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Ids of the letters that it answers, the likeliest first; none if a machine wrote it. A mail
    service may have given the letter another id, so those that it followed upon come as well."""
    told = [(name.lower(), value.strip()) for name, value in headers]
    if any(_is_by_machine(name, value.lower()) for name, value in told):
        return ()
    direct = [value for name, value in told if name == "in-reply-to"]
    before = [value for name, value in told if name == "references"]
    ids = MESSAGE_ID.findall(" ".join(direct))
    ids += reversed(MESSAGE_ID.findall(" ".join(before)))
    return tuple(dict.fromkeys(ids))[:MOST_IDS]


def _is_by_machine(name: str, value: str) -> bool:
    if name == "auto-submitted":
        return value != "no"
    return name in BY_THEMSELVES or value in MACHINES.get(name, ())


def answer_of(source: str, event_id: str, about: tuple[str, ...]) -> tuple[MailNews, ...]:
    """The news of it; none if it answers nothing."""
    if not about:
        return ()
    likeliest, *others = about
    return (
        MailNews(
            source=source,
            event_id=event_id,
            message_id=likeliest,
            fate=Fate.ANSWERED,
            others=tuple(others),
        ),
    )
