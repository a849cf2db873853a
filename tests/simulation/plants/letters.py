"""Bugs about letters: twice, at night, too soon, to somebody else."""

from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from application.ports.mailer import Handed, Letter, MailDeferred, Mailer
from application.ports.stores import Conversation
from application.ports.unit_of_work import UnitOfWork
from application.texting import Texting
from application.use_cases.hear_texts import HearTexts
from application.use_cases.send_reminder import Going, SendReminder
from application.work import Errand
from domain.policy import Channel, Policy
from domain.recovery import campaign
from domain.recovery import case as cases
from domain.recovery.actions import ActionKind
from domain.recovery.events import ReminderStarted
from domain.recovery.state import RecoveryCase
from tests.simulation.database import PausingCases, Unit
from tests.simulation.installation import Installation
from tests.simulation.laws import Law
from tests.simulation.plants.plant import instead, there
from tests.simulation.ports import Post
from tests.simulation.schedule import at

A_WHILE: Final = timedelta(hours=3)


class LetterTwice(Installation):
    """A letter that was taken counts as one that was not."""

    def a_mailer(self) -> Mailer:
        inner, schedule = super().a_mailer(), self.schedule

        class Doubting:
            async def send(self, letter: Letter) -> Handed:
                handed = await inner.send(letter)
                if schedule.chance_of(schedule.weather.mail):
                    raise MailDeferred("timeout")
                return handed

        return Doubting()


class LetterBeforeItsCommit(Installation):
    """The letter goes first, and its step is committed if nothing comes between."""

    def errands(self) -> dict[ActionKind, Errand]:
        right = super().errands()[ActionKind.REMINDER]
        assert isinstance(right, SendReminder)

        class Eager(SendReminder):
            async def _commit_and_send(
                self, ref: Any, step: int, going: Going, invoice: Any, token: str
            ) -> None:
                await self._give(going.message)
                await super()._commit_and_send(ref, step, going, invoice, token)

        parts = {name: getattr(right, name) for name in SendReminder.__slots__}
        return {**super().errands(), ActionKind.REMINDER: Eager(**parts)}


class LettersInADrawer(Installation):
    """Letters are collected and handed over hours later, whatever happened since."""

    def a_mailer(self) -> Mailer:
        installation = self

        class Drawer:
            async def send(self, letter: Letter) -> Handed:
                task = installation.schedule.current
                assert task is not None
                hand = lambda: installation.deliver(letter, task)  # noqa: E731
                installation.schedule.at(installation.schedule.now + A_WHILE, hand)
                await at("put into the drawer")
                return Handed.TAKEN

        return Drawer()


class LetterAstray(Installation):
    """The wrong address on the envelope."""

    def a_mailer(self) -> Mailer:
        def elsewhere(letter: Letter, task: Any) -> None:
            self.deliver(replace(letter, to="somebody.else@example.com"), task)

        return Post(self.schedule, elsewhere)


class HourOff(Installation):
    """Letters keep to the hours of one zone further."""

    @classmethod
    def patches(cls) -> Any:
        right = there(campaign, "within_hours")

        def off(instant: datetime, *hours: Any) -> datetime:
            hour = timedelta(hours=1)
            opens: datetime = right(instant + hour, *hours)
            return opens - hour

        return (instead(campaign, "within_hours", off),)


class ClockChangeMissed(Installation):
    """The offset of a zone is looked up once, in January."""

    @classmethod
    def patches(cls) -> Any:
        def in_january(instant: datetime, first: int, last: int, zone: str) -> datetime:
            offset = datetime(2026, 1, 5, tzinfo=ZoneInfo(zone)).utcoffset() or timedelta()
            local = (instant + offset).replace(tzinfo=UTC)
            if first <= local.hour < last:
                return instant
            opens = datetime.combine(local.date(), time(first), UTC)
            return (opens if opens >= local else opens + timedelta(days=1)) - offset

        return (instead(campaign, "within_hours", in_january),)


class BudgetIgnored(Installation):
    """A letter goes however many have gone before."""

    @classmethod
    def patches(cls) -> Any:
        ever = datetime.min.replace(tzinfo=UTC)
        return (instead(campaign, "room_from", lambda *_: ever),)


class ConversationsApart(Installation):
    """Each invoice of a person talks as if it were the only one."""

    def unit(self, inner: UnitOfWork) -> Unit:
        class Deaf(PausingCases):
            async def conversation(self, *_: Any) -> Conversation:
                return Conversation()

        unit = super().unit(inner)
        unit.cases = Deaf(inner.cases)
        return unit


class StepNotUsedUp(Installation):
    """A step that was begun is planned again, as after a crash that nobody noticed."""

    @classmethod
    def patches(cls) -> Any:
        right = cases._reminded

        def again(case: RecoveryCase, event: Any) -> RecoveryCase:
            after = right(case, event)
            if isinstance(event, ReminderStarted):
                return replace(after, reminders=event.step - 1)
            return after

        return (instead(cases, "_reminded", again),)


class TextsAtAnyHour(Installation):
    """Texts keep to the hours for letters."""

    @classmethod
    def patches(cls) -> Any:
        def hours(policy: Policy, _: Channel) -> tuple[int, int]:
            return policy.first_mail_hour, policy.last_mail_hour

        return (instead(Policy, "hours_for", hours),)


class TextsWithoutEnd(Installation):
    """Nobody counts the texts of a case."""

    @classmethod
    def patches(cls) -> Any:
        right = cases._reminded

        def uncounted(case: RecoveryCase, event: Any) -> RecoveryCase:
            return replace(right(case, event), texts=0)

        return (instead(cases, "_reminded", uncounted),)


class StopUnheard(Installation):
    """An answer of STOP is answered, and forgotten."""

    @classmethod
    def patches(cls) -> Any:
        async def forgets(*_: Any) -> None:
            return

        return (instead(HearTexts, "_stop", forgets),)


class TextWithoutAWord(Installation):
    """Whoever has a number is texted."""

    def texting(self) -> Texting:
        class Careless(Texting):
            def _merchants_word(self, invoice: Any, customer: Any, now: Any) -> Any:
                agreed = replace(customer, texts_agreed_on=now.date())
                return Texting._merchants_word(self, invoice, agreed, now)

        right = super().texting()
        return Careless(**{name: getattr(right, name) for name in Texting.__slots__})


PLANTS = {
    TextsAtAnyHour: Law.I14,
    TextsWithoutEnd: Law.I13,
    StopUnheard: Law.I13,
    TextWithoutAWord: Law.I25,
    LetterTwice: Law.I13,
    LetterBeforeItsCommit: Law.I21,
    LettersInADrawer: Law.I14,
    LetterAstray: Law.I25,
    HourOff: Law.I14,
    ClockChangeMissed: Law.I14,
    BudgetIgnored: Law.I13,
    ConversationsApart: Law.I13,
    StepNotUsedUp: Law.I11,
}
