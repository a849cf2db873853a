"""The web app: routes and what they share. Everything from outside comes in as `WebParts`."""

from collections.abc import Mapping, Sequence
from typing import Final

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from domain.access import Permission
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
from web.customer_pages import visit_of
from web.edge import Edge, security_headers
from web.forms import MOST_BYTES as MOST_FORM_BYTES
from web.parts import WebParts
from web.sessions import NEEDS, admitted
from web.shared import (
    answer_fault,
    check_customer,
    check_form,
    check_host,
    check_team,
    share,
    shared_dependencies,
)
from web.stripe_webhooks import StripeWebhooks
from web.wording.customer import speech_of


def create_app(parts: WebParts) -> Litestar:
    """An ASGI app; opening pools and the like is `parts.on_startup`'s."""
    app = routed()
    furnish(app, parts)
    return app


def furnish(app: Litestar, parts: WebParts) -> None:
    """Give a routed app what its routes work with."""
    app.state.shared = share(parts)
    app.on_startup, app.on_shutdown = list(parts.on_startup), list(parts.on_shutdown)
    edge = Edge(app.asgi_handler, parts)
    app.asgi_handler = StripeWebhooks(edge, parts, security_headers(parts))


def routed() -> Litestar:
    """All routes, and nothing behind them yet. Reading every route's signature takes a fifth of a
    second; who makes apps by the hundred, as tests do, can furnish one again."""
    return Litestar(
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
            _door(),
            *(_team(needs, handlers) for needs, handlers in TEAM.items()),
            _customers_pages(),
            api.api(check_host),
            snippet.snippet(check_host),
        ],
        dependencies=shared_dependencies(),
        exception_handlers={Exception: answer_fault, HTTPException: answer_fault},
        request_max_body_size=MOST_FORM_BYTES,
        openapi_config=api.description(),
        include_in_schema=False,  # but for what says so itself: the API
        logging_config=None,
    )


TEAM: Final[Mapping[Permission, Sequence[HTTPRouteHandler]]] = {
    Permission.SEE_CASES: (
        cases.home,
        cases.list_cases,
        cases.show_case,
        cases.mailbox,
        tasks.list_tasks,
        tasks.list_at_risk,
        live.events,
        settings_home.show,
    ),
    Permission.WORK_CASES: (
        cases.answer_end,
        cases.answer_report,
        tasks.assign,
        tasks.done,
        tasks.reopen,
        tasks.lift,
    ),
    Permission.EDIT_MESSAGES: (
        task_settings.show,
        task_settings.save,
        task_settings.connect_slack,
        task_settings.test_slack,
        task_settings.drop_slack,
        sending.show,
        sending.choose,
        sending.check,
        sending.rotate,
        sending.remove,
        link_hosts.show,
        link_hosts.choose,
        link_hosts.check,
        link_hosts.remove,
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
    ),
    Permission.CONNECT: (
        stripe_account.show,
        stripe_account.connect,
        stripe_account.ask,
        stripe_account.disconnect,
        stripe_agreement.agree,
        stripe_agreement.agreed,
    ),
    Permission.HOLD_SECRETS: (
        in_app.show,
        in_app.save,
        in_app.make_secret,
        in_app.check,
        in_app.preview,
        api_keys.show,
        api_keys.make,
        api_keys.revoke,
    ),
}


def _team(needs: Permission, handlers: Sequence[HTTPRouteHandler]) -> Router:
    """For people of a merchant's team who may do this: behind host, origin, form token and role."""
    return Router(
        path="/",
        route_handlers=handlers,
        dependencies={
            "principal": Provide(admitted, sync_to_thread=False),
            "letter": Provide(letter_page.letter_of, sync_to_thread=False),
        },
        before_request=check_team,
        opt={NEEDS: needs},
    )


def _door() -> Router:
    """For whoever comes and goes."""
    return Router(
        path="/",
        route_handlers=[accounts.sign_in_page, accounts.sign_in, accounts.sign_out],
        before_request=check_form,
    )


def _customers_pages() -> Router:
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
            "visit": Provide(visit_of),
        },
        before_request=check_customer,
    )
