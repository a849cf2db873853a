"""A whole web app over the shipped memory adapters, for tests and for looking at pages."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
from litestar import Litestar

from adapters.email.brief import BriefTexts
from adapters.email.render import JinjaLetters
from adapters.memory.accounts import MemorySessionStore, MemoryUserStore
from adapters.memory.connections import MemoryEndpoints
from adapters.memory.hand_off import MemorySlackDoors, MemoryTeams
from adapters.memory.in_app import MemoryDebts, MemoryKeyHolders, MemorySigners
from adapters.memory.letter_pages import MemoryLetterPages
from adapters.memory.link_hosts import MemoryHostProbe, MemoryLinkHosts
from adapters.memory.mailer import MemoryMailer
from adapters.memory.pages import MemoryPages
from adapters.memory.payments import MemoryPayments
from adapters.memory.registry import MemoryRegistry
from adapters.memory.renewals import MemoryRenewals
from adapters.memory.sending import MemoryNames
from adapters.memory.slack import MemorySlack
from adapters.memory.task_pages import MemoryHandOffPages
from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import MemoryWorld
from adapters.phones import read_mobile
from adapters.pictures.logo import read_logo
from adapters.secrets.host_answers import SignedHostAnswers
from adapters.secrets.signed_links import SignedLinks
from adapters.sms.news import TwilioNews
from application.case_ids import case_id_for
from application.change_case import CaseRef, Cases
from application.customer_links import CustomerLinks
from application.entitlements import Entitlements
from application.owed import owed_with
from application.ports.accounts import UserRecord
from application.ports.conveyor import IncomingEvent
from application.ports.payments import Ended, MalformedEvent
from application.ports.registry import MerchantProfile
from application.ports.stores import NewMessage
from application.ports.suppressions import Suppression, hash_of
from application.ports.team_news import Slack
from application.ports.wordings import WordsUsed
from application.tasks import Cause, raise_task
from application.use_cases.agree_to_texts import AgreeToTexts
from application.use_cases.answer_end import AnswerEnd, EndAnswer
from application.use_cases.ask_fresh_link import AskFreshLink
from application.use_cases.backup_cards import BackupCards
from application.use_cases.card_pages import CardPages
from application.use_cases.choose_link_host import ChooseLinkHost
from application.use_cases.edit_letter import EditLetter
from application.use_cases.give_card import GiveCard
from application.use_cases.hear_texts import HearTexts
from application.use_cases.keep_api_keys import KeepApiKeys
from application.use_cases.lift_bounce import LiftBounce
from application.use_cases.note_visit import NoteVisit
from application.use_cases.pick_day import PickDay
from application.use_cases.report_problem import ReportProblem
from application.use_cases.set_brand import SetBrand
from application.use_cases.set_hand_off import SetHandOff
from application.use_cases.set_up_in_app import SetUpInApp
from application.use_cases.show_in_app import ShowInApp
from application.use_cases.try_letter import TryLetter
from application.use_cases.unsubscribe import Unsubscribe
from application.use_cases.work_task import WorkTask
from domain.recovery.actions import next_action
from domain.recovery.case import replay
from domain.tasks import TaskKind
from tests.web.compiled import COMPILED
from tests.web.stories import ACCOUNT, POLICY, Story
from web.app import furnish, routed
from web.parts import TextDesk, WebParts

NOW = datetime(2026, 7, 10, 8, 30, tzinfo=UTC)
ACME = UUID("00000000-0000-4000-8000-00000000000a")
OTHER = UUID("00000000-0000-4000-8000-00000000000b")
EMAIL, PASSWORD = "mara@acme.example", "correct horse battery"
STRANGER = "otto@other.example"
TEAMLESS = "nobody@acme.example"
BASE_URL = "http://127.0.0.1:8000"
TEXT_TOKEN = "0123456789abcdef0123456789abcdef"
HOSTED = "https://invoice.stripe.com/i/acct_1/test_1"


FREE: list[Litestar] = []  # apps that no site has just now: a new one costs a fifth of a second


class FakePasswords:
    """Costs nothing; notes what it was asked to compare with."""

    def __init__(self) -> None:
        self.compared: list[str] = []

    async def hash(self, password: str) -> str:
        return f"fake:{password}"

    async def matches(self, password_hash: str, password: str) -> bool:
        self.compared.append(password_hash)
        return password_hash == f"fake:{password}"


class FakeIntake:
    """Keeps events; can be told to fail."""

    def __init__(self) -> None:
        self.kept: list[IncomingEvent] = []
        self.fault: Exception | None = None

    async def keep(self, event: IncomingEvent) -> None:
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        self.kept.append(event)


def read_envelope(raw: bytes) -> IncomingEvent:
    """As strict as the real one, as far as the route can tell."""
    try:
        data = msgspec.json.decode(raw)
    except msgspec.MsgspecError as fault:
        raise MalformedEvent from fault
    if not isinstance(data, dict) or not isinstance(data.get("id"), str):
        raise MalformedEvent
    return IncomingEvent(
        event_id=data["id"], account=None, livemode=False, type="invoice.paid", raw=raw
    )


class Site:
    """One app, everything it was given, and verbs to make things happen behind it."""

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: NOW,
        *,
        slack: Slack | None = None,
        texting: bool = True,
        **wishes: Any,
    ) -> None:
        self.now, self.world, self.texting = now, MemoryWorld(), texting
        self.passwords, self.intake = FakePasswords(), FakeIntake()
        self.payments, self.renewals = MemoryPayments(now), MemoryRenewals(now)
        self.registry = MemoryRegistry(self.world, now)
        self.link_hosts = MemoryLinkHosts(self.world)
        self.links = CustomerLinks(wishes.get("base_url", BASE_URL), self.link_hosts)
        self.mailer, self.desk = MemoryMailer(), JinjaLetters()
        self.cases = Cases(open_uow=units_of_work(self.world), clock=now)
        self.slack = slack or MemorySlack()
        self.payment_page: str | None = HOSTED
        self.opened_pages: list[CaseRef] = []
        self.payment_fault: Exception | None = None
        self.ready: dict[str, Callable[[], Awaitable[None]]] = {}
        self.observed: list[tuple[str, int]] = []
        self.asked_for_changes = 0
        self.parts = WebParts(**{**self._given(), **wishes})
        self.app: Litestar = FREE.pop() if FREE else routed()
        self._unfurnished = self.app.asgi_handler
        furnish(self.app, self.parts)
        self.app.state.shared.dependencies.renderer.environment.bytecode_cache = COMPILED

    def close_house(self) -> None:
        """The next site may have the app."""
        self.app.asgi_handler = self._unfurnished
        FREE.append(self.app)

    async def open_house(self) -> None:
        """Two merchants, a person of each, and one of neither."""
        for merchant_id, name in ((ACME, "Acme Books"), (OTHER, "Other Ltd")):
            self.world.merchants[merchant_id] = MerchantProfile(
                merchant_id=merchant_id, name=name, timezone="Europe/Berlin", reply_to=None
            )
            self.world.policies[merchant_id, POLICY.version] = POLICY
        for email, team in ((EMAIL, ACME), (STRANGER, OTHER), (TEAMLESS, None)):
            user = UserRecord(user_id=uuid4(), email=email, password_hash=f"fake:{PASSWORD}")
            self.world.users[email] = user
            if team:
                self.world.roles[team, user.user_id] = "owner"

    async def tell(self, story: Story, merchant_id: UUID = ACME) -> UUID:
        """Bring the case of a story to what it is by now."""
        history = story.until(self.now())
        case_id = case_id_for(str(merchant_id), story.invoice_id)
        async with units_of_work(self.world)(merchant_id) as work:
            known = await work.cases.load(case_id)
            for version in range(len(known), len(history)):
                case = replay(history[: version + 1])
                await work.cases.append(case_id, version, (history[version],), case)
            await work.actions.put(case_id, next_action(replay(history)))
            await work.customers.keep(ACCOUNT, story.customer())
        return case_id

    async def hire(self, email: str, merchant_id: UUID = ACME) -> UUID:
        """One more person of a team."""
        user = UserRecord(user_id=uuid4(), email=email, password_hash=f"fake:{PASSWORD}")
        self.world.users[email] = user
        self.world.roles[merchant_id, user.user_id] = "owner"
        return user.user_id

    async def ask(
        self,
        kind: TaskKind,
        case_id: UUID | None = None,
        *,
        merchant_id: UUID = ACME,
        at: datetime | None = None,
        **cause: Any,
    ) -> UUID:
        """A task, of a case or of something else."""
        async with units_of_work(self.world)(merchant_id) as work:
            if case_id is not None:
                case = replay(await work.cases.load(case_id))
                owed = {"amount_minor": case.amount_minor, "currency": case.currency}
                cause = {"subject": f"case:{case_id}", "case_id": case_id, **owed, **cause}
            raised = Cause(kind=kind, **cause)
            assert await raise_task(work, raised, actor="worker", at=at or self.now())
            task = await work.tasks.open_of(kind, raised.subject)
        assert task is not None
        return task.task_id

    async def silence(
        self, email: str, why: Suppression, merchant_id: UUID = ACME, at: datetime | None = None
    ) -> str:
        """No letter goes to that address; its hash, as it stands in addresses of ours."""
        async with units_of_work(self.world)(merchant_id) as work:
            await work.suppressions.add(hash_of(email), why, at or self.now())
        return hash_of(email).hex()

    async def link(self, token: str, case_id: UUID, lasts: timedelta = timedelta(days=30)) -> None:
        """A customer's link to a case of Acme's."""
        async with units_of_work(self.world)(ACME) as work:
            digest = sha256(token.encode()).digest()
            address = hash_of("ines@example.com")
            await work.links.keep(digest, case_id, self.now() + lasts, address)

    async def wrote(self, token: str, case_id: UUID, text: WordsUsed) -> None:
        """A letter of Acme's with this link has gone out."""
        digest = sha256(token.encode()).digest()
        message = NewMessage(
            step=1,
            message_id=f"{case_id}@mail",
            subject="s",
            at=self.now(),
            token_hash=digest,
            words=text,
        )
        async with units_of_work(self.world)(ACME) as work:
            await work.messages.begin(case_id, message)
            await work.messages.sent(message.message_id, self.now())

    async def changes(self, merchant_id: UUID) -> str:
        """How many events there are: another text after each change."""
        self.asked_for_changes += 1
        held = [h for (owner, _), h in self.world.cases.items() if owner == merchant_id]
        return str(sum(h.state.version for h in held))

    def _given(self) -> dict[str, Any]:
        return {
            **self._in_app(),
            "pages": MemoryPages(self.world),
            "users": MemoryUserStore(self.world),
            "sessions": MemorySessionStore(self.world),
            "passwords": self.passwords,
            "registry": self.registry,
            "intake": self.intake,
            "verify_webhook": self._verify,
            "read_envelope": read_envelope,
            "open_payment_page": self._open_payment_page,
            "card_pages": CardPages(
                renewals=self.renewals, open_uow=units_of_work(self.world), clock=self.now
            ),
            "backup_cards": BackupCards(
                cases=Cases(open_uow=units_of_work(self.world), clock=self.now),
                payments=self.payments,
            ),
            "pick_day": PickDay(cases=self.cases),
            "owed": partial(owed_with, self.cases),
            "give_card": GiveCard(cases=self.cases, payments=self.payments, renewals=self.renewals),
            "ask_fresh_link": AskFreshLink(
                registry=self.registry, open_uow=self.cases.open_uow, clock=self.now
            ),
            "report_problem": ReportProblem(cases=self.cases),
            "agree_to_texts": AgreeToTexts(
                cases=self.cases, read_mobile=read_mobile, is_possible=self.texting
            ),
            "texts": TextDesk(
                carrier=TwilioNews((TEXT_TOKEN,)),
                hear=HearTexts(
                    cases=self.cases,
                    registry=MemoryRegistry(self.world, self.now),
                    renderer=BriefTexts(),
                    clock=self.now,
                ),
            ),
            "unsubscribe": Unsubscribe(open_uow=units_of_work(self.world), clock=self.now),
            "hand_off_pages": MemoryHandOffPages(self.world),
            "teams": MemoryTeams(self.world),
            "work_task": WorkTask(open_uow=units_of_work(self.world), clock=self.now),
            "lift_bounce": LiftBounce(open_uow=units_of_work(self.world), clock=self.now),
            "set_hand_off": SetHandOff(
                open_uow=units_of_work(self.world),
                slack=self.slack,
                doors=MemorySlackDoors(self.world),
                clock=self.now,
            ),
            **self._of_letters(),
            **self._of_hosts(),
            "answer_end": self._answer_end,
            "changes": self.changes,
            "endpoints": MemoryEndpoints(self.world),
            "clock": self.now,
            "base_url": BASE_URL,
            "secret": "a secret of at least thirty-two characters",
            "metrics_text": self._metrics,
            "ready_checks": self.ready,
            "observe": lambda route, status, _: self.observed.append((route, status)),
            "poll_s": 0.02,
        }

    def _in_app(self) -> dict[str, Any]:
        signers, links = MemorySigners(self.world), SignedLinks(("a secret key of the site" * 2,))
        entitlement = Entitlements(debts=MemoryDebts(self.world, self.now), links=links)
        shared = {"open_uow": units_of_work(self.world), "clock": self.now, "wall": self.now}
        return {
            "key_holders": MemoryKeyHolders(self.world),
            "entitlement": entitlement,
            "show_in_app": ShowInApp(signers=signers, entitlement=entitlement, wall=self.now),
            "api_keys": KeepApiKeys(
                **shared, new_secret=lambda: secrets.token_bytes(32), livemode=False
            ),
            "set_up_in_app": SetUpInApp(
                **shared, signers=signers, new_secret=lambda: secrets.token_urlsafe(32)
            ),
            "signed_links": links,
        }

    def _of_letters(self) -> dict[str, Any]:
        shared: dict[str, Any] = {"open_uow": units_of_work(self.world), "clock": self.now}
        return {
            "set_brand": SetBrand(**shared, read_logo=read_logo),
            "edit_letter": EditLetter(**shared, desk=self.desk),
            "try_letter": TryLetter(
                **shared,
                pages=MemoryPages(self.world),
                registry=self.registry,
                desk=self.desk,
                new_token=lambda: uuid4().hex,
                mailer=self.mailer,
                links=self.links,
                mail_domain="mail.acme.example",
            ),
            "letter_desk": self.desk,
            "letters": MemoryLetterPages(self.world),
            "visited": NoteVisit(**shared),
        }

    def _of_hosts(self) -> dict[str, Any]:
        answers = SignedHostAnswers(("a secret key of the site" * 2,))
        self.names, self.probe = MemoryNames(), MemoryHostProbe()
        return {
            "links": self.links,
            "link_hosts": self.link_hosts,
            "host_answers": answers,
            "link_host_desk": ChooseLinkHost(
                open_uow=units_of_work(self.world),
                names=self.names,
                probe=self.probe,
                answers=answers,
                new_proof=lambda: secrets.token_hex(16),
                clock=self.now,
                own_host="chase.example",
            ),
        }

    def _verify(self, raw: bytes, signature: str, secrets: tuple[str, ...] | None) -> bool:
        """ "good" is the installation's; an endpoint's own secret is good for itself."""
        return signature in (("good",) if secrets is None else secrets)

    async def _open_payment_page(self, case: CaseRef) -> str | None:
        if self.payment_fault is not None:
            raise self.payment_fault
        self.opened_pages.append(case)
        return self.payment_page

    async def _answer_end(self, ref: CaseRef, answer: EndAnswer, user_id: UUID) -> Ended:
        if self.payment_fault is not None:
            raise self.payment_fault
        cases = Cases(open_uow=units_of_work(self.world), clock=self.now)
        return await AnswerEnd(cases=cases, payments=self.payments)(ref, answer, user_id)

    async def _metrics(self) -> bytes:
        return b"chargechase_up 1\n"


@asynccontextmanager
async def running(site: Site) -> AsyncIterator[Site]:
    """The app's lifespan, in a task of its own: it must be left by the task that entered it."""
    up, down = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with site.app.lifespan():
            up.set()
            await down.wait()

    task = asyncio.create_task(live())
    await asyncio.wait((task, asyncio.create_task(up.wait())), return_when="FIRST_COMPLETED")
    if task.done():
        task.result()
    try:
        yield site
    finally:
        down.set()
        await task
        site.close_house()


def visitor(site: Site, address: str = "127.0.0.1", **changes: Any) -> httpx.AsyncClient:
    """A browser without JavaScript: keeps cookies, follows nothing by itself."""
    transport = httpx.ASGITransport(
        app=site.app,  # type: ignore[arg-type]
        raise_app_exceptions=False,
        client=(address, 50_000),
    )
    return httpx.AsyncClient(**{"transport": transport, "base_url": site.parts.base_url, **changes})


async def sign_in(
    client: httpx.AsyncClient, email: str = EMAIL, password: str = PASSWORD, **more: str
) -> httpx.Response:
    """Fill the form in and send it."""
    page = await client.get("/sign-in")
    form = {"email": email, "password": password, "form_token": form_token(page.text), **more}
    return await client.post("/sign-in", data=form)


def form_token(page: str) -> str:
    """The hidden field of a page's form."""
    return page.split('name="form_token" value="')[1].split('"', maxsplit=1)[0]
