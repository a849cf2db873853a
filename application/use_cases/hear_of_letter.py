"""HearOfLetter: what a mail service says of a letter, once; who complained is left alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from application.bounces import remember
from application.ports.mail_news import Fate, MailNews
from application.ports.registry import Registry
from application.ports.suppressions import Suppression
from application.ports.unit_of_work import OpenUnitOfWork

FOR_GOOD: Final = {Fate.DEAD: Suppression.BOUNCED, Fate.COMPLAINED: Suppression.COMPLAINED}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class HearOfLetter:
    """The address is the one that the letter went to, whatever the service says it was."""

    registry: Registry
    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]

    async def __call__(self, news: MailNews) -> None:
        """Returns after the commit; of a letter that is none of ours nothing is kept."""
        letter = await self.registry.letter(news.message_id)
        if letter is None:
            _log.info("mail_news_of_no_letter", source=news.source, outcome=news.fate.value)
            return
        now = self.clock()
        async with self.open_uow(letter.merchant_id) as uow:
            if not await uow.mail_news.add(news, now):
                return
            reason = FOR_GOOD.get(news.fate)
            if reason is not None and letter.address_hash is not None:
                actor, about = f"mail:{news.source}", letter.subject
                await remember(uow, letter.address_hash, reason, (actor, about), now)
        _log.info("mail_news", source=news.source, outcome=news.fate.value)
