"""The REST API, `/api/v1`: for the merchant's own programs, which show a key."""

from datetime import UTC, datetime
from hashlib import blake2s
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, NotAuthorizedException
from litestar.openapi import ResponseSpec
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import PathParameter
from msgspec import Meta, Struct

from application.customer_signature import CUSTOMER
from application.entitlements import Answer
from application.ports.api_keys import KeyHolder, Scope, hash_of_key, is_spelled_right
from domain.entitlement import Reason, State
from web.attempts import address_of
from web.parts import WebParts
from web.rates import PER_ADDRESS_WITHOUT_KEY, PER_API_KEY, Rates
from web.security import Check

BEARER: Final = "Bearer "
FRESH_S: Final = 30  # how old an answer may be
LONGEST_HEADER: Final = 100
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)

AnyRequest = Request[Any, Any, Any]


class Owed(Struct, frozen=True, kw_only=True):
    """One invoice that is open."""

    amount_minor: Annotated[int, Meta(description="In the currency's smallest unit.")]
    currency: Annotated[str, Meta(description="ISO 4217, lower case, as Stripe writes it.")]
    invoice_number: str | None


class EntitlementAnswer(Struct, frozen=True, kw_only=True):
    """How one customer stands just now."""

    customer: str
    in_good_standing: Annotated[bool, Meta(description="Nothing is owed: state is `good`.")]
    state: Annotated[
        State,
        Meta(
            description="good: nothing is owed. grace: something is, and it is early or there is a"
            " reason to wait. overdue: the days of grace are over. Lock nobody out before that."
        ),
    ]
    grace_until: Annotated[
        datetime | None,
        Meta(description="Past if overdue; null if good, or if nobody can say."),
    ]
    reason: Reason | None
    owed: Annotated[list[Owed], Meta(description="The oldest first, at most ten.")]
    link: Annotated[
        str | None,
        Meta(description="The customer's page, without a login. Good for three days."),
    ]
    as_of: Annotated[datetime, Meta(description="At most 30 seconds ago.")]


class Problem(Struct, frozen=True, kw_only=True):
    """RFC 9457."""

    type: str
    status: int
    title: str
    detail: str


class Gate:
    """Who may ask, and how often."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts
        self._keys = Rates(PER_API_KEY, parts.monotonic)
        self._strangers = Rates(PER_ADDRESS_WITHOUT_KEY, parts.monotonic)

    async def enter(self, request: AnyRequest, scope: Scope) -> KeyHolder:
        """Whose program asks. Whatever is wrong with the key, the answer is the same. Raises
        NotAuthorizedException, TooManyRequestsException, Unavailable."""
        holder = await self._holder(request.headers.get("authorization", ""))
        if holder is None or scope not in holder.scopes:
            self._strangers.take(address_of(request, self._parts))
            raise NotAuthorizedException(headers={"WWW-Authenticate": 'Bearer realm="api"'})
        self._keys.take(str(holder.key_id))
        return holder

    async def _holder(self, header: str) -> KeyHolder | None:
        key = header.removeprefix(BEARER)
        if not header.startswith(BEARER) or not is_spelled_right(key[:LONGEST_HEADER]):
            return None
        return await self._parts.key_holders.find(hash_of_key(key))


@get(
    "/customers/{stripe_customer:str}/entitlement",
    operation_id="readEntitlement",
    summary="How a customer stands",
    tags=["Entitlement"],
    security=[{"key": []}],
    responses={
        200: ResponseSpec(
            EntitlementAnswer,
            generate_examples=False,
            description="Also for customers nobody knows: they owe nothing, and are in good"
            " standing.",
        ),
        304: ResponseSpec(None, description="As If-None-Match says.", generate_examples=False),
        **{
            status: ResponseSpec(
                Problem,
                description=words,
                media_type="application/problem+json",
                generate_examples=False,
            )
            for status, words in {
                400: "This cannot be the id of a customer.",
                401: "The key opens nothing, for whatever reason.",
                429: "Too many questions; Retry-After says how many seconds to wait.",
                503: "Our records cannot be reached just now.",
            }.items()
        },
    },
)
async def read_entitlement(
    request: AnyRequest,
    stripe_customer: Annotated[
        str, PathParameter(description="Stripe's id of the customer, cus_…", max_length=255)
    ],
    gate: NamedDependency[Gate],
    parts: NamedDependency[WebParts],
) -> Response[bytes]:
    """Whether a customer may go on using what they pay for, and the page on which they settle it.

    Needs a key with the scope `entitlement:read`.
    """
    holder = await gate.enter(request, Scope.ENTITLEMENT_READ)
    if CUSTOMER.fullmatch(stripe_customer) is None:
        raise ClientException("This cannot be the id of a customer.")
    known = await parts.entitlement(holder.merchant_id, stripe_customer)
    answer = _written(known, await link_of(known, holder.merchant_id, parts))
    tag = _tag(answer)
    headers = {
        "ETag": tag,
        "Cache-Control": f"private, max-age={FRESH_S}",
        "Vary": "Authorization",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    body = msgspec.json.encode(answer)
    return Response(body, media_type="application/json", headers=headers)


def api(check: Check) -> Router:
    """All of version 1."""
    return Router(
        path="/api/v1",
        route_handlers=[read_entitlement],
        before_request=check,
        include_in_schema=True,
    )


def description() -> OpenAPIConfig:
    """What `/api/openapi.json` says."""
    return OpenAPIConfig(
        title="ChargeChase",
        version="1",
        path="/api",
        servers=[],
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        components=Components(
            security_schemes={
                "key": SecurityScheme(
                    type="http", scheme="bearer", description="cc_live_… or cc_test_…"
                )
            }
        ),
    )


async def link_of(answer: Answer, merchant_id: UUID, parts: WebParts) -> str | None:
    """Where the customer settles it."""
    return (await parts.links.of(merchant_id)).page(answer.token) if answer.token else None


def _written(answer: Answer, link: str | None) -> EntitlementAnswer:
    how = answer.how
    return EntitlementAnswer(
        customer=answer.customer,
        in_good_standing=how.state is State.GOOD,
        state=how.state,
        grace_until=how.grace_until,
        reason=how.reason,
        owed=[
            Owed(amount_minor=case.amount_minor, currency=case.currency, invoice_number=case.number)
            for case in how.debts
        ],
        link=link,
        as_of=answer.as_of,
    )


def _tag(answer: EntitlementAnswer) -> str:
    """The same for answers that say the same, whenever they were asked for: so it is a weak one."""
    said = msgspec.json.encode(msgspec.structs.replace(answer, as_of=BEGINNING))
    return f'W/"{blake2s(said, digest_size=12).hexdigest()}"'
