"""The web process: granian serves what `create` composes, inside the event loop that it runs in."""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from adapters.email.brief import BriefTexts
from adapters.email.render import JinjaLetters
from adapters.phones import read_mobile
from adapters.pictures.logo import read_logo
from adapters.postgres.connections import PostgresEndpoints
from adapters.postgres.hand_off import PostgresSlackDoors, PostgresTeams
from adapters.postgres.intake import open_intake
from adapters.postgres.letter_pages import PostgresLetterPages
from adapters.postgres.link_hosts import PostgresLinkHosts
from adapters.postgres.pages import PostgresPages
from adapters.postgres.session_store import PostgresSessionStore
from adapters.postgres.task_pages import PostgresHandOffPages
from adapters.postgres.user_store import PostgresUserStore
from adapters.secrets.host_answers import SignedHostAnswers
from adapters.secrets.passwords import Argon2Passwords
from adapters.slack.webhook import SlackWebhook
from adapters.sms.news import TwilioNews
from adapters.stripe.events import read_envelope
from adapters.stripe.signature import SignatureCheck, SignatureVerdict
from application.owed import owed_with
from application.use_cases.agree_to_texts import AgreeToTexts
from application.use_cases.answer_end import AnswerEnd
from application.use_cases.ask_fresh_link import AskFreshLink
from application.use_cases.backup_cards import BackupCards
from application.use_cases.card_pages import CardPages
from application.use_cases.edit_letter import EditLetter
from application.use_cases.give_card import GiveCard
from application.use_cases.hear_texts import HearTexts
from application.use_cases.lift_bounce import LiftBounce
from application.use_cases.note_visit import NoteVisit
from application.use_cases.open_payment_page import OpenPaymentPage
from application.use_cases.pick_day import PickDay
from application.use_cases.report_problem import ReportProblem
from application.use_cases.set_brand import SetBrand
from application.use_cases.set_hand_off import SetHandOff
from application.use_cases.try_letter import TryLetter
from application.use_cases.unsubscribe import Unsubscribe
from application.use_cases.work_task import WorkTask
from web.app import create_app
from web.parts import TextDesk, WebParts
from wiring.composition import (
    Ground,
    box_of,
    ground,
    links_of,
    mail_domain,
    new_token,
    payments_of,
    renewals_of,
)
from wiring.errors import report_errors_to
from wiring.in_app import in_app_parts
from wiring.letters import mailer_of
from wiring.logs import GRANIAN_LOGS, configure_logs
from wiring.mail_services import Services
from wiring.sending import SendingDesk, link_host_of
from wiring.settings import Need, Settings, load
from wiring.standing import standing_of
from wiring.stripe_desk import StripeDesk

App = Callable[[Any, Any, Any], Awaitable[None]]
CONNECTIONS = 10
NEW_OBJECTS = 20_000  # between two looks of the garbage collector
STOP_WITHIN_S = 3  # an open page's stream is simply ended: the browser comes back
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux's prctl


def serve(settings: Settings) -> int:
    """Until SIGTERM or SIGINT."""
    from granian import Granian  # noqa: PLC0415 - only the master needs it
    from granian.constants import Interfaces, Loops  # noqa: PLC0415

    configure_logs("web", settings.log_level, settings.secrets())
    server = Granian(
        "wiring.web:create",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        websockets=False,
        workers=1,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_WITHIN_S,
        log_access=False,
        log_dictconfig=GRANIAN_LOGS,
    )
    server.serve()
    return 0


def create() -> App:
    """The application of one granian worker."""
    settings = load(os.environ, Need.WEB)
    configure_logs("web", settings.log_level, settings.secrets())
    report_errors_to(settings, "web")
    _die_with_parent()
    return LateApp(settings)


class LateApp:
    """Composed when its event loop runs: pools and locks belong to the loop that made them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._app: App | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            assert self._app is not None, "requests come after the start"
            await self._app(scope, receive, send)
            return
        async with AsyncExitStack() as opened:
            here = await opened.enter_async_context(
                ground(self._settings, app_connections=CONNECTIONS)
            )
            self._app = create_app(await _parts(here, opened))
            if self._settings.metrics_port:
                here.metrics.serve(self._settings.metrics_port, self._settings.host)
            _spare_the_collector()
            await self._app(scope, receive, send)


def _spare_the_collector() -> None:
    """What the start made stays until the end: walking it again and again would hold up requests
    for tens of milliseconds at a time, and so does looking after every 700 new objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 100)


async def _parts(here: Ground, opened: AsyncExitStack) -> WebParts:
    settings, pools = here.settings, here.pools
    pages = PostgresPages(pools.app)
    intake = await opened.enter_async_context(open_intake(settings.database_url))
    payments, connection = payments_of(here)  # reached when somebody clicks first
    opened.push_async_callback(connection.close)
    desk = StripeDesk(here)
    renewals = renewals_of(here, connection)
    return WebParts(
        pages=pages,
        users=PostgresUserStore(pools.system),
        sessions=PostgresSessionStore(pools.system),
        passwords=Argon2Passwords(),
        registry=here.registry,
        intake=intake,
        verify_webhook=_signature_check(here),
        read_envelope=read_envelope,
        open_payment_page=OpenPaymentPage(cases=here.cases, payments=payments),
        card_pages=CardPages(renewals=renewals, open_uow=here.open_uow, clock=here.clock),
        agree_to_texts=AgreeToTexts(
            cases=here.cases, read_mobile=read_mobile, is_possible=settings.texts
        ),
        texts=_text_desk(here),
        **in_app_parts(here),
        unsubscribe=Unsubscribe(open_uow=here.open_uow, clock=here.clock),
        hand_off_pages=PostgresHandOffPages(pools.app),
        teams=PostgresTeams(pools.system),
        work_task=WorkTask(open_uow=here.open_uow, clock=here.clock),
        lift_bounce=LiftBounce(open_uow=here.open_uow, clock=here.clock),
        set_hand_off=SetHandOff(
            open_uow=here.open_uow,
            slack=SlackWebhook(settings.slack_base),
            doors=PostgresSlackDoors(pools.system, box_of(settings)),
            clock=here.clock,
        ),
        backup_cards=BackupCards(cases=here.cases, payments=payments),
        pick_day=PickDay(cases=here.cases),
        owed=partial(owed_with, here.cases),
        give_card=GiveCard(cases=here.cases, payments=payments, renewals=renewals),
        links=links_of(here),
        link_hosts=PostgresLinkHosts(pools.system),
        host_answers=SignedHostAnswers(settings.secret_keys),
        link_host_desk=link_host_of(here),
        ask_fresh_link=AskFreshLink(
            registry=here.registry, open_uow=here.open_uow, clock=here.clock
        ),
        report_problem=ReportProblem(cases=here.cases),
        answer_end=AnswerEnd(cases=here.cases, payments=payments),
        **_of_letters(here, pages, opened),
        changes=pages.changes,
        endpoints=PostgresEndpoints(pools.system, box_of(settings)),
        stripe_desk=desk,
        sending_desk=SendingDesk(here),
        mail_services=Services(here),
        agreement_desk=desk.agreements(),
        clock=here.clock,
        base_url=settings.base_url,
        secret=settings.secret_keys[0],
        metrics_text=lambda: here.metrics.scrape(standing_of(here)),
        ready_checks={"postgres": _check_postgres(here)},
        metrics_token=settings.metrics_token or None,
        rehearsal=bool(settings.clock),
        mailbox_url=settings.mailbox_url or None,
        payment_origins=_payment_origins(settings),
        observe=here.metrics.request,
    )


def _text_desk(here: Ground) -> TextDesk | None:
    """What is done with what comes back of texts; None where none go."""
    settings = here.settings
    if not settings.texts:
        return None
    hear = HearTexts(
        cases=here.cases, registry=here.registry, renderer=BriefTexts(), clock=here.clock
    )
    return TextDesk(carrier=TwilioNews(settings.twilio_auth_token), hear=hear)


def _of_letters(here: Ground, pages: PostgresPages, opened: AsyncExitStack) -> dict[str, Any]:
    """What the pages about letters and brand need. Without a mail server nothing is sent from
    them."""
    settings, desk = here.settings, JinjaLetters()
    mailer = None
    if settings.smtp_url and settings.mail_from:
        mailer = mailer_of(here)
        opened.push_async_callback(mailer.close)
    return {
        "set_brand": SetBrand(open_uow=here.open_uow, clock=here.clock, read_logo=read_logo),
        "edit_letter": EditLetter(open_uow=here.open_uow, clock=here.clock, desk=desk),
        "try_letter": TryLetter(
            open_uow=here.open_uow,
            pages=pages,
            registry=here.registry,
            desk=desk,
            clock=here.clock,
            new_token=new_token,
            mailer=mailer,
            links=links_of(here),
            mail_domain=mail_domain(settings),
        ),
        "letter_desk": desk,
        "letters": PostgresLetterPages(here.pools.app),
        "visited": NoteVisit(open_uow=here.open_uow, clock=here.clock),
    }


def _signature_check(here: Ground) -> Callable[[bytes, str, tuple[str, ...] | None], bool]:
    """By the installation's secrets, or those of the endpoint that was called; one that has none
    (yet) lets nothing in."""
    ours = SignatureCheck(here.settings.stripe_webhook_secrets)

    def check(raw: bytes, header: str, secrets: tuple[str, ...] | None) -> bool:
        if secrets == ():
            return False
        known = ours if secrets is None else SignatureCheck(secrets)
        return known(raw, header, here.wall_time()) is SignatureVerdict.VALID

    return check


def _check_postgres(here: Ground) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        async with here.pools.system.acquire(timeout=2) as connection:
            await connection.fetchval("select 1")

    return check


def _payment_origins(settings: Settings) -> tuple[str, ...]:
    """Where a customer may be sent to pay: Stripe's pages, and in rehearsal the double's."""
    if not settings.clock:
        return ("https:",)
    base = urlsplit(settings.stripe_api_base)
    return ("https:", f"{base.scheme}://{base.netloc}")


def _die_with_parent() -> None:
    """A worker whose master was killed would keep the port from the next one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)
