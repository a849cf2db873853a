"""HearOfLetter: what a mail service says of a letter, once; who complained is left alone."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from application.bounces import remember
from application.change_case import CaseRef
from application.ports.mail_news import Fate, LetterOf, MailNews
from application.ports.registry import Registry
from application.ports.suppressions import Suppression
from application.ports.unit_of_work import OpenUnitOfWork
from application.tasks import case_of

FOR_GOOD: Final = {Fate.DEAD: Suppression.BOUNCED, Fate.COMPLAINED: Suppression.COMPLAINED}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class HearOfLetter:
    """The address is the one that the letter went to, whatever the service says it was."""

    registry: Registry
    open_uow: OpenUnitOfWork
    # case, the word -> whether that was new
    answered: Callable[[CaseRef, MailNews], Awaitable[bool]]
    clock: Callable[[], datetime]

    async def __call__(self, news: MailNews) -> None:
        """Returns after the commit; of a letter that is none of ours nothing is kept."""
        letter = await self._letter(news)
        if letter is None:
            _log.info("mail_news_of_no_letter", source=news.source, outcome=news.fate.value)
            return
        case_id = case_of(letter.subject)
        if news.fate is Fate.ANSWERED:
            if case_id is not None:
                await self.answered(CaseRef(letter.merchant_id, case_id), news)
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

    async def _letter(self, news: MailNews) -> LetterOf | None:
        for known in (news.message_id, *news.others):
            if (letter := await self.registry.letter(known)) is not None:
                return letter
        return None
