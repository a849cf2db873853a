"""The merchant and the login that `chargechase run` prepares, so that nobody has to sign up."""

from typing import Final

from msgspec import Struct

from adapters.postgres.registration import PostgresRegistration
from adapters.secrets.passwords import Argon2Passwords
from adapters.stripe.client import StripeAccess, StripeConnection
from application.use_cases.register_merchant import RegisterMerchant, Wish
from wiring.composition import Ground, ground
from wiring.run_folder import RunFolder
from wiring.settings import STRIPE_API, Settings

REHEARSED_ACCOUNT: Final = "acct_rehearsal"
EMAIL: Final = "demo@chargechase.example"
NAME: Final = "Northwind Coffee"
TIMEZONE: Final = "Europe/Berlin"


class Login(Struct, frozen=True):
    """What the person who started the run signs in with."""

    email: str
    password: str


async def seed(settings: Settings) -> Login:
    """Prepare the merchant; the second time it is there already, with the same login."""
    password = RunFolder(settings.data_dir).secrets().demo_password
    async with ground(settings, app_connections=2) as here:
        account = REHEARSED_ACCOUNT if settings.clock else await _account_of_key(settings)
        register = RegisterMerchant(
            registration=PostgresRegistration(here.pools.app, here.clock),
            passwords=Argon2Passwords(),
        )
        await register(_wish(here, account, password))
    return Login(EMAIL, password)


def _wish(here: Ground, account: str, password: str) -> Wish:
    return Wish(
        name=NAME if here.settings.clock else account,
        timezone=TIMEZONE if here.settings.clock else "UTC",
        email=EMAIL,
        password=password,
        account=account,
        livemode=here.settings.livemode,
    )


async def _account_of_key(settings: Settings) -> str:
    """Whose key it is, asked of Stripe."""
    base = None if settings.stripe_api_base == STRIPE_API else settings.stripe_api_base
    connection = StripeConnection(StripeAccess(api_key=settings.stripe_api_key, base=base))
    try:
        return await connection.account_id()
    finally:
        await connection.close()
