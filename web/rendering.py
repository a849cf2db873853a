"""From a template's name and values to an answer: a page, or the fragment an htmx swap wants."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response
from litestar.enums import MediaType

from application.ports.accounts import Principal
from domain.access import may
from web import icons, money, times
from web.assets import Assets
from web.parts import WebParts
from web.places import Guide, absent_from
from web.security import FormTokens
from web.visible import visible

TEMPLATES: Final = Path(__file__).parent / "templates"
NO_STORE: Final = {"Cache-Control": "no-store", "Vary": "HX-Request"}

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Renderer:
    """Templates and what all of them may use."""

    environment: Environment
    tokens: FormTokens
    absent: frozenset[str]  # addresses of places that are not here

    def text(self, template: str, values: Mapping[str, Any]) -> str:
        """A template's text."""
        return self.environment.get_template(template).render(values)

    def page(
        self,
        template: str,
        status: int = 200,
        /,
        *,
        headers: Mapping[str, str] = NO_STORE,
        **values: Any,
    ) -> Response[str]:
        """A page for somebody who is not signed in."""
        return _html(self.text(template, values), status, headers)

    def page_or_fragment(
        self, request: AnyRequest, principal: Principal, *, page: str, fragment: str, **values: Any
    ) -> Response[str]:
        """The fragment for an htmx swap; the page for a visit or for «back»."""
        is_fragment = wants_fragment(request)
        shown = {
            **values,
            "is_fragment": is_fragment,
            "principal": principal,
            "zone": principal.timezone,
            "may": partial(may, principal.role),
            "guide": Guide.for_(principal.role, request.url.path, self.absent),
            "form_token": self.tokens.token(request),
        }
        return _html(self.text(fragment if is_fragment else page, shown), 200, NO_STORE)


def wants_fragment(request: AnyRequest) -> bool:
    """True for an htmx swap; a restored history entry wants the whole page."""
    headers = request.headers
    return "hx-request" in headers and "hx-history-restore-request" not in headers


def build_renderer(parts: WebParts, assets: Assets, tokens: FormTokens) -> Renderer:
    """The environment: everything escaped, an unknown name is an error and not an empty string."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {
        "asset": assets.url,
        "icon": icons.icon,
        "badge": icons.badge,
        "money": money.html,
        "times": times,
        "clock": parts.clock,
        "rehearsal": parts.rehearsal,
        "has_mailbox": parts.mailbox_url is not None,
    }
    return Renderer(environment, tokens, absent_from(parts))


def _html(text: str, status: int, headers: Mapping[str, str]) -> Response[str]:
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=dict(headers))
