"""RegisterMerchant: a merchant, its first person, its account and the policy to start with."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from msgspec import Struct

from application.ports.accounts import PasswordHasher
from application.ports.registration import NewMerchant, Registration
from domain.policy import balanced

_NAMESPACE = UUID("0a5d7a0e-54b1-5a2e-8a4e-1c6a9f1f2d10")


class Wish(Struct, frozen=True, kw_only=True):
    """What somebody says of the merchant to be. The account is the API key's own."""

    name: str
    timezone: str
    email: str
    password: str
    account: str
    livemode: bool
    shares_lessons: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterMerchant:
    """Doing it twice is harmless: ids follow from the account and the address."""

    registration: Registration
    passwords: PasswordHasher

    async def __call__(self, wish: Wish) -> None:
        await self.registration.register(
            NewMerchant(
                merchant_id=uuid5(_NAMESPACE, f"merchant/{wish.account}/{wish.livemode}"),
                name=wish.name,
                timezone=wish.timezone,
                reply_to=wish.email,
                user_id=uuid5(_NAMESPACE, f"user/{wish.email.lower()}"),
                email=wish.email,
                password_hash=await self.passwords.hash(wish.password),
                account=wish.account,
                livemode=wish.livemode,
                own=True,
                policy=balanced(wish.timezone),
                shares_lessons=wish.shares_lessons,
            )
        )
