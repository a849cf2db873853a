"""What connecting an account, looking at it and letting it go take, for page and worker alike."""

import secrets
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from adapters.postgres.connections import PostgresAgreements, PostgresCredentials
from adapters.postgres.partings import PostgresPartings
from adapters.stripe.accounts import StripeKeyCheck
from adapters.stripe.oauth import StripeOAuth
from application.ports.agreeing import Parted
from application.ports.chores import ChoreKind
from application.ports.stripe_accounts import Holder
from application.use_cases.ask_of_account import AskOfAccount
from application.use_cases.begin_agreement import BeginAgreement
from application.use_cases.check_permissions import CheckPermissions
from application.use_cases.connect_with_key import Connected, ConnectWithKey, Pasted
from application.use_cases.finish_agreement import Answer, FinishAgreement
from application.use_cases.let_go import LetGo
from web.merchant_parts import AccountStanding
from wiring.composition import Ground, box_of, new_token, stripe_base
from wiring.settings import Settings

CONNECT: Final = "https://connect.stripe.com"
ENDPOINT_ID_BYTES: Final = 18
MOST_OFFERED: Final = 10_000  # counted; more are said to be more


class StripeDesk:
    """The accounts of any merchant. Nothing of Stripe's library is loaded before it is needed."""

    def __init__(self, here: Ground) -> None:
        settings, system = here.settings, here.pools.system
        self._here = here
        self._base = settings.base_url
        self._credentials = PostgresCredentials(system, box_of(settings), settings.livemode)
        self._check = StripeKeyCheck(stripe_base(settings))
        self._oauth = oauth_of(settings)
        self.check_permissions = CheckPermissions(
            check=self._check,
            credentials=self._credentials,
            open_uow=here.open_uow,
            clock=here.clock,
        )
        self.let_go = LetGo(
            check=self._check,
            oauth=self._oauth,
            credentials=self._credentials,
            open_uow=here.open_uow,
            clock=here.clock,
        )

    async def accounts(self, merchant_id: UUID) -> Sequence[AccountStanding]:
        """Those of the merchant, each with its chores and with what is offered."""
        async with self._here.open_uow(merchant_id) as uow:
            return [
                AccountStanding(
                    connection=each,
                    chores=await uow.chores.of_account(each.account),
                    offered=await uow.past.offers(each.account, MOST_OFFERED),
                )
                for each in await uow.connections.all()
            ]

    async def connect(self, merchant_id: UUID, pasted: Pasted, actor: str) -> Connected:
        """Raises WrongKey, AccountTaken, Unavailable."""
        connect = ConnectWithKey(
            check=self._check,
            open_uow=self._here.open_uow,
            clock=self._here.clock,
            new_endpoint_id=lambda: secrets.token_urlsafe(ENDPOINT_ID_BYTES),
            address=self.address,
            livemode=self._here.settings.livemode,
        )
        return await connect(merchant_id, pasted, actor)

    async def ask(self, merchant_id: UUID, account: str, kind: ChoreKind, actor: str) -> None:
        """Raises NotFound."""
        ask = AskOfAccount(open_uow=self._here.open_uow, clock=self._here.clock)
        await ask(merchant_id, account, kind, actor)

    def address(self, endpoint_id: str) -> str:
        """Where the events of an endpoint go."""
        return f"{self._base}/webhooks/stripe/{endpoint_id}"

    def agreements(self) -> "AgreementDesk | None":
        """None without Connect."""
        if self._oauth is None:
            return None
        return AgreementDesk(self._here, self._oauth, self._credentials, self._check)


class AgreementDesk:
    """Connecting by agreement."""

    def __init__(
        self,
        here: Ground,
        oauth: StripeOAuth,
        credentials: PostgresCredentials,
        check: StripeKeyCheck,
    ) -> None:
        settings = here.settings
        agreements = PostgresAgreements(here.pools.system, here.clock)
        self.origins = _origin(stripe_base(settings) or CONNECT)
        self._partings = PostgresPartings(here.pools.app)
        self._begin = BeginAgreement(
            oauth=oauth,
            agreements=agreements,
            clock=here.clock,
            new_state=new_token,
            redirect_uri=f"{settings.base_url}/settings/stripe/agreed",
            livemode=settings.livemode,
        )
        self._finish = FinishAgreement(
            oauth=oauth,
            agreements=agreements,
            credentials=credentials,
            check=check,
            open_uow=here.open_uow,
            clock=here.clock,
            livemode=settings.livemode,
        )

    async def begin(self, merchant_id: UUID, session: str) -> str:
        """Where to send the browser."""
        return await self._begin(merchant_id, session)

    async def finish(self, merchant_id: UUID, session: str, answer: Answer, actor: str) -> Holder:
        """Raises NotAgreed, AccountTaken, Unavailable."""
        return await self._finish(merchant_id, session, answer, actor)

    async def parted(self, merchant_id: UUID) -> Sequence[Parted]:
        """Accounts that took their agreement back in Stripe."""
        return await self._partings.in_stripe(merchant_id)


def oauth_of(settings: Settings) -> StripeOAuth | None:
    """None for an installation that is no platform of Connect."""
    if not settings.stripe_connect_client_id:
        return None
    return StripeOAuth(
        settings.stripe_api_key, settings.stripe_connect_client_id, stripe_base(settings)
    )


def _origin(address: str) -> str:
    split = urlsplit(address)
    return f"{split.scheme}://{split.netloc}"
