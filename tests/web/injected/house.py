"""A merchant for whom everything is switched on, so that every form there is stands on a page."""

import re
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from msgspec.structs import replace

from adapters.memory.unit_of_work import units_of_work
from adapters.stripe.events import read_envelope
from application.ports.suppressions import Suppression
from application.ports.wordings import LetterRef
from application.use_cases.backup_cards import choice_of
from domain.letters import LetterKind, LetterText
from domain.policy import EndAction
from domain.recovery import events as e
from domain.recovery.case import replay
from domain.tasks import TO_BEGIN_WITH, TaskKind
from tests.adapters.test_logo import drawn, written
from tests.web.injected.asking import Browser
from tests.web.injected.table import LETTER
from tests.web.site import ACME, EMAIL, HOSTED, NOW, PASSWORD, Site
from tests.web.stories import POLICY, Story
from tests.web.test_backup_card import AMEX
from tests.web.test_brand_page import WHOLE
from tests.web.test_expiring_card import TOKEN as NOTICE
from tests.web.test_expiring_card import noticed
from tests.web.test_letter_pages import GOOD
from tests.web.test_mail_webhooks import Services
from tests.web.test_sending import Desk as SendingDesk
from tests.web.test_stripe_account import Desk as StripeDesk
from tests.web.test_stripe_account import offer
from tests.web.test_stripe_agreement import ORIGIN, Agreements
from tests.web.test_texts import DE_CARD, with_a_text

TOKEN: Final = "t0ken-of-forty-three-letters-and-more-of-them"
ASKED: Final = "t0ken-of-somebody-who-asked-a-question-0000000"
AGREED: Final = "t0ken-of-somebody-who-agreed-to-everything-000"
DAY: Final = timedelta(days=1)
ELSEWHERE: Final = (HOSTED, f"{ORIGIN}/oauth/authorize?")
SLACK: Final = "https://hooks.slack.com/services/T1/B1/x1"
ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}")
DAYS: Final = {f"due_{kind}": str(days) for kind, days in TO_BEGIN_WITH.due_days.items()}
# What else stands in a form while one field of it is tried.
BESIDE: Final[dict[str, dict[str, str]]] = {
    "/sign-in": {"email": EMAIL, "password": PASSWORD},
    "/settings/tasks": {"amounts": "1000 EUR", **DAYS},
    "/settings/stripe/disconnect": {"account": "acct_acme"},
    "/settings/in-your-app": {"grace_days": "5", "wall": "soft", "origins": "https://a.example"},
    "/settings/in-your-app/check": {"customer": "cus_1", "signature": "0" * 64},
    "/settings/brand": WHOLE,
    "/settings/brand/check": WHOLE,
    "/settings/brand/preview": WHOLE,
    LETTER: {**GOOD, "do": "use"},
    f"{LETTER}/check": GOOD,
    f"{LETTER}/preview": GOOD,
    "/r/{}/problem": {"about": "amount"},
    "/r/{}/texts": {"number": "0171 3920055", "agree": "yes"},
    "/r/{}/backup": {"card": choice_of(AMEX)},
}


class House(Site):
    """The site with all its desks, and with the real reader of Stripe's envelopes."""

    def _given(self) -> dict[str, Any]:
        self.services, self.agreements = Services(), Agreements()
        self.sending, self.stripe_desk = SendingDesk(self), StripeDesk(offered=(offer(29_00),))
        return {
            **super()._given(),
            "sending_desk": self.sending,
            "stripe_desk": self.stripe_desk,
            "agreement_desk": self.agreements,
            "mail_services": self.services,
            "read_envelope": read_envelope,
            "stream_s": 0.001,
        }

    async def furnish(self) -> Browser:
        """Cases, tasks, links and settings of each kind; Mara is signed in."""
        await self.open_house()
        self.world.policies[ACME, POLICY.version] = replace(with_a_text(), use_backup=True)
        self.case_id = await self._ines()
        self.asked_id = await self._case("in_0004", ASKED)
        await self._case("in_0007", AGREED)
        await noticed(self)
        await self._lose("in_0005")
        self.task_id = await self.ask(TaskKind.LARGE_AMOUNT, self.case_id)
        self.done_id = await self.ask(TaskKind.COMPLAINT, self.case_id)
        self.address_hash = await self._dead_address()
        mara = Browser(self)
        await mara.sign_in()
        await self._set(mara)
        return mara

    def fill(self, at: str) -> str:
        """The address with ids that are there."""
        token, letter = TOKEN, "payment_failed/en"
        for begins, found in {
            "/cases/": self.case_id,
            "/tasks/at-risk/": self.address_hash,
            "/tasks/": self.task_id,
            "/settings/letters/": letter,
            "/r/": token,
            "/u/": token,
        }.items():
            if at.startswith(begins):
                return at.replace("{}/{}", "{}").replace("{}", str(found))
        return at

    def forget_words(self) -> None:
        """As many versions and keys as one likes: their limits are tried elsewhere."""
        self.world.wordings.clear()
        self.world.uses.clear()
        self.world.api_keys.clear()
        self.world.tests.clear()

    def forget_case(self, case_id: UUID, task_id: UUID) -> None:
        """As if it and its task had never been."""
        del self.world.cases[ACME, case_id], self.world.tasks[ACME, task_id]

    async def _ines(self) -> UUID:
        """Who owes two invoices, has a second card, and may be texted."""
        first = Story(invoice_id="in_0001", opened_at=NOW - 3 * DAY, person="ines", card=DE_CARD)
        case_id = await self.tell(first)
        await self.tell(replace(first, invoice_id="in_0002", opened_at=NOW - DAY))
        self.payments.wallets[first.customer().customer_id] = (AMEX,)
        await self.link(TOKEN, case_id)
        return case_id

    async def _case(self, invoice_id: str, token: str) -> UUID:
        story = Story(invoice_id=invoice_id, opened_at=NOW - 3 * DAY, card=DE_CARD)
        case_id = await self.tell(story)
        self.payments.wallets[story.customer().customer_id] = (AMEX,)
        await self.link(token, case_id)
        return case_id

    async def _lose(self, invoice_id: str) -> None:
        self.lost_id = await self.tell(Story(invoice_id=invoice_id, opened_at=NOW - DAY))
        why, then = e.LossReason.WINDOW_OVER, EndAction.VOID_INVOICE
        lost = e.CaseLost(at=NOW, reason=why, then=then, confirm=True)
        async with units_of_work(self.world)(ACME) as work:
            history = (*await work.cases.load(self.lost_id), lost)
            await work.cases.append(self.lost_id, len(history) - 1, (lost,), replay(history))

    async def _dead_address(self) -> str:
        await self.tell(Story(invoice_id="in_0006", opened_at=NOW - DAY, email="dead@example.com"))
        return await self.silence("dead@example.com", Suppression.BOUNCED)

    async def _set(self, mara: Browser) -> None:
        letter = LetterRef(LetterKind.PAYMENT_FAILED, "en")
        kept = await self.parts.edit_letter.save(
            ACME, letter, LetterText(**{**GOOD, "body": "Ours."}), "user:1"
        )
        assert kept.version == 1
        await self.parts.set_brand.logo(ACME, written(drawn()), "user:1")
        await self.parts.api_keys.make(ACME, uuid4(), "Billing", "user:1")
        await mara.post(f"/tasks/{self.done_id}/done")
        await mara.post("/settings/tasks/slack", {"url": SLACK})
        await mara.post("/settings/in-your-app/secret", {"before": ""})
        await mara.post("/settings/links/host", {"host": "pay.acme.example"})
        await mara.post("/settings/sending/address", {"address": "billing@acme.example"})
        await mara.post(f"/r/{ASKED}/problem", {"about": "amount", "words": "Anna"})
        for deed in ("texts", "backup"):
            await mara.post(f"/r/{AGREED}/{deed}", BESIDE[f"/r/{{}}/{deed}"])

    @property
    def pages(self) -> tuple[str, ...]:
        """One of each kind, with all the forms that it can have."""
        settings = "tasks tasks/slack stripe sending links in-your-app api-keys brand letters"
        return (
            "/sign-in",
            "/cases",
            *(f"/cases/{case_id}" for case_id in (self.case_id, self.asked_id, self.lost_id)),
            "/tasks",
            "/tasks?show=done",
            "/tasks/at-risk",
            *(f"/settings/{name}" for name in settings.split()),
            "/settings/letters/payment_failed/en",
            *(f"/r/{token}" for token in (TOKEN, ASKED, AGREED, NOTICE, "nobodys")),
            f"/u/{TOKEN}",
        )
