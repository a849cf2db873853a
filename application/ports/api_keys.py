"""Keys by which the merchant's programs ask: made once, shown once, kept as a hash."""

import re
from binascii import crc32
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

MOST_KEYS: Final = 20  # that work, of one merchant
LONGEST_NAME: Final = 60
SECRET_BYTES: Final = 32

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BODY: Final = 43  # letters: the fewest of 62 that hold 256 bits
CHECK: Final = 6  # letters: the fewest that hold 32 bits
SHAPE: Final = re.compile(rf"(cc_(?:live|test)_[0-9A-Za-z]{{{BODY}}})([0-9A-Za-z]{{{CHECK}}})")


class Scope(StrEnum):
    """What a key may be used for."""

    ENTITLEMENT_READ = "entitlement:read"


class ApiKey(Struct, frozen=True, kw_only=True):
    """One key, without itself."""

    key_id: UUID
    name: str
    hint: str  # how it begins and ends, so that people recognise it
    scopes: tuple[Scope, ...]
    created_at: datetime
    last_used_at: datetime | None = None  # to the minute
    revoked_at: datetime | None = None


class KeyHolder(Struct, frozen=True, kw_only=True):
    """Whose key it is, and what it may do."""

    merchant_id: UUID
    key_id: UUID
    scopes: frozenset[Scope]


class ApiKeyStore(Protocol):
    """Those of one merchant, inside one unit of work."""

    async def add(self, key: ApiKey, key_hash: bytes) -> bool:
        """False if it is there already, or MOST_KEYS work."""
        ...

    async def revoke(self, key_id: UUID, at: datetime) -> bool:
        """From now on it opens nothing; False if there is none that works."""
        ...

    async def all(self) -> tuple[ApiKey, ...]:
        """The newest first, revoked ones too, at most 5 * MOST_KEYS."""
        ...


class KeyHolders(Protocol):
    """Across merchants: a key is found before it is known whose it is."""

    async def find(self, key_hash: bytes) -> KeyHolder | None:
        """None if it is not known or revoked. Notes the use, at most once a minute. Raises
        Unavailable."""
        ...


def spelled(secret: bytes, *, livemode: bool) -> str:
    """A key: what it is, 256 bits, and a checksum over both, by which a typo, and a scanner of
    public code, need no look-up."""
    assert len(secret) == SECRET_BYTES, "a key holds 256 bits"
    body = f"cc_{'live' if livemode else 'test'}_{_base62(int.from_bytes(secret, 'big'), BODY)}"
    return body + _checksum(body)


def is_spelled_right(key: str) -> bool:
    """Whether it could be a key at all."""
    found = SHAPE.fullmatch(key)
    return found is not None and _checksum(found[1]) == found[2]


def hash_of_key(key: str) -> bytes:
    """What is kept of it. 256 random bits need no slow hash."""
    return sha256(key.encode()).digest()


def hint_of(key: str) -> str:
    """`cc_live_3f…9aZ`: enough to recognise it, and of no use."""
    prefix = key.index("_", 3) + 1
    return f"{key[: prefix + 3]}…{key[-3:]}"


def _checksum(text: str) -> str:
    return _base62(crc32(text.encode()), CHECK)


def _base62(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        letters.append(ALPHABET[digit])
    assert number == 0, "it fits"
    return "".join(reversed(letters))
