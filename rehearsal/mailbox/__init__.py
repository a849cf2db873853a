"""The rehearsal's mailbox: SMTP in, pages and a feed out, and customers who read their mail."""

from rehearsal.mailbox.answers import AnswersOptions
from rehearsal.mailbox.server import MailboxOptions, serve

__all__ = ["AnswersOptions", "MailboxOptions", "serve"]
