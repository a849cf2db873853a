"""The web app: routes and what they share. Everything from outside comes in as `WebParts`."""

import time
from typing import Any

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from web import (
    accounts,
    api,
    api_keys,
    assets,
    backup_card,
    brand_look,
    brand_page,
    cases,
    customer,
    given_card,
    health,
    in_app,
    letter_list,
    letter_page,
    link_hosts,
    live,
    mail_webhooks,
    picked_day,
    problem,
    sending,
    settings_home,
    snippet,
    stripe_account,
    stripe_agreement,
    task_settings,
    tasks,
    text_webhooks,
    texts,
    unsubscribe,
)
from web.assets import Assets
from web.attempts import AttemptLimiter, WrongLinks
from web.customer_pages import visit_of
from web.edge import Edge, security_headers
from web.errors import error_handler
from web.forms import MOST_BYTES as MOST_FORM_BYTES
from web.parts import WebParts
from web.rendering import Renderer, build_renderer
from web.security import FormTokens, customers_check, form_check
from web.sessions import CookieNames, Sessions, require_owner, require_principal
from web.stripe_webhooks import StripeWebhooks
from web.wording.customer import speech_of


def create_app(parts: WebParts) -> Litestar:
    """An ASGI app; opening pools and the like is `parts.on_startup`'s."""
    sessions = Sessions(parts, CookieNames.of(parts))
    tokens = FormTokens(parts.secret, sessions)
    files = Assets()
    renderer = build_renderer(parts, files, tokens)
    on_error = error_handler(parts, renderer)
    app = Litestar(
        route_handlers=[
            health.live,
            health.ready,
            health.metrics,
            assets.serve_asset,
            text_webhooks.answer,
            text_webhooks.status,
            mail_webhooks.postmark,
            mail_webhooks.postmark_with_password,
            mail_webhooks.ses,
            link_hosts.who,
            link_hosts.may_have_certificate,
            brand_look.colours,
            brand_look.logo,
            _pages(parts, tokens),
            _customers_pages(parts),
            api.api(parts),
            snippet.snippet(parts),
        ],
        dependencies=_shared(parts, sessions, files, renderer),
        exception_handlers={Exception: on_error, HTTPException: on_error},
        on_startup=list(parts.on_startup),
        on_shutdown=list(parts.on_shutdown),
        request_max_body_size=MOST_FORM_BYTES,
        openapi_config=api.description(),
        include_in_schema=False,  # but for what says so itself: the API
        logging_config=None,
    )
    edge = Edge(app.asgi_handler, parts)
    app.asgi_handler = StripeWebhooks(edge, parts, security_headers(parts))
    return app


def _pages(parts: WebParts, tokens: FormTokens) -> Router:
    """For people of a merchant's team: behind host, origin and form token."""
    return Router(
        path="/",
        route_handlers=[
            accounts.sign_in_page,
            accounts.sign_in,
            accounts.sign_out,
            cases.home,
            cases.list_cases,
            cases.show_case,
            cases.answer_end,
            cases.answer_report,
            cases.mailbox,
            tasks.list_tasks,
            tasks.list_at_risk,
            tasks.assign,
            tasks.done,
            tasks.reopen,
            tasks.lift,
            task_settings.show,
            task_settings.save,
            task_settings.connect_slack,
            task_settings.test_slack,
            task_settings.drop_slack,
            live.events,
            settings_home.show,
            stripe_account.show,
            stripe_account.connect,
            stripe_account.ask,
            stripe_account.disconnect,
            sending.show,
            sending.choose,
            sending.check,
            sending.rotate,
            sending.remove,
            link_hosts.show,
            link_hosts.choose,
            link_hosts.check,
            link_hosts.remove,
            stripe_agreement.agree,
            stripe_agreement.agreed,
            in_app.show,
            in_app.save,
            in_app.make_secret,
            in_app.check,
            in_app.preview,
            api_keys.show,
            api_keys.make,
            api_keys.revoke,
            brand_page.show,
            brand_page.keep,
            brand_page.keep_logo,
            brand_page.preview,
            brand_page.check,
            letter_list.show,
            letter_page.show,
            letter_page.write,
            letter_page.preview,
            letter_page.check,
            letter_page.put,
        ],
        dependencies={
            "principal": Provide(require_principal),
            "owner": Provide(require_owner),
            "door": _given(accounts.Door(parts)),
            "watches": _given(live.Watches(parts)),
            "letter": Provide(letter_page.letter_of, sync_to_thread=False),
        },
        before_request=form_check(parts, tokens),
    )


def _customers_pages(parts: WebParts) -> Router:
    """No cookie stands behind these, so no token either: the link itself is the key."""
    return Router(
        path="/",
        route_handlers=[
            customer.open_link,
            customer.go_to_payment,
            given_card.give,
            given_card.back,
            problem.report,
            picked_day.pick,
            picked_day.charge_now,
            backup_card.answer,
            texts.answer,
            unsubscribe.show,
            unsubscribe.answer,
        ],
        dependencies={
            "speech": Provide(speech_of, sync_to_thread=False),
            "wrong_links": _given(WrongLinks(AttemptLimiter(time.monotonic))),
            "visit": Provide(visit_of),
        },
        before_request=customers_check(parts),
    )


def _shared(
    parts: WebParts, sessions: Sessions, files: Assets, renderer: Renderer
) -> dict[str, Provide]:
    return {
        "parts": _given(parts),
        "sessions": _given(sessions),
        "assets": _given(files),
        "renderer": _given(renderer),
    }


def _given(value: Any) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)
