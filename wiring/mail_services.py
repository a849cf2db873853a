"""What mail services tell: who may, how it is read, and what is done with it."""

from collections.abc import Sequence

from adapters.mail_services.postmark import postmark_news
from adapters.mail_services.ses import ses_news
from adapters.mail_services.sns import SnsMessages
from application.ports.mail_news import MailNews
from application.use_cases.hear_answer import HearAnswer
from application.use_cases.hear_of_letter import HearOfLetter
from wiring.composition import Ground


class Services:
    """Those that are set."""

    def __init__(self, here: Ground, topic: SnsMessages | None = None) -> None:
        settings = here.settings
        self.postmark_secret = settings.postmark_webhook_secret or None
        self._topic = topic
        if topic is None and settings.ses_topic_arn:
            self._topic = SnsMessages(settings.ses_topic_arn)
        self.hear = HearOfLetter(
            registry=here.registry,
            open_uow=here.open_uow,
            answered=HearAnswer(cases=here.cases),
            clock=here.clock,
        )

    @property
    def has_ses(self) -> bool:
        return self._topic is not None

    def postmark(self, raw: bytes) -> Sequence[MailNews]:
        """Raises MalformedNews."""
        return postmark_news(raw)

    async def ses(self, raw: bytes) -> Sequence[MailNews]:
        """Raises NotGenuine, MalformedNews, Unavailable."""
        assert self._topic is not None
        message = await self._topic.verified(raw)
        if message.type == "SubscriptionConfirmation":
            await self._topic.confirm(message)
        if message.type != "Notification":
            return ()
        return ses_news(message.message_id, message.message)
