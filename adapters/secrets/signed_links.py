"""Links for answers that may be asked for again and again: signed, so that no row is written when
somebody only reads.

A token is base64url of: version (1 byte), merchant (16), case (16), the last day it opens on (days
since 1970, 4), HMAC-SHA256 over all of that (32). Its keys are derived from the installation's
secret keys by HKDF-SHA256 under a label of its own: the first signs, all are honoured.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from application.ports.in_app import LINK_DAYS
from application.ports.stores import LinkTarget

VERSION: Final = b"\x01"
ID_BYTES: Final = 16
DAY_BYTES: Final = 4
MAC_BYTES: Final = 32
SAID_BYTES: Final = len(VERSION) + 2 * ID_BYTES + DAY_BYTES
LETTERS: Final = 92  # of a token: 69 bytes, and 69 divides by 3
LABEL: Final = b"chargechase: links in answers"
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)


class SignedLinks:
    """Signs with the first of the secret keys, which there must be."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        assert secret_keys, "the web process does not start without a secret key"
        self._keys = tuple(_derived(key) for key in secret_keys)

    def sign(self, merchant_id: UUID, case_id: UUID, at: datetime) -> str:
        """The same token for the whole day of `at`."""
        last = (_day(at) + LINK_DAYS - 1).to_bytes(DAY_BYTES, "big")
        said = VERSION + merchant_id.bytes + case_id.bytes + last
        return urlsafe_b64encode(said + _mac(self._keys[0], said)).decode()

    def read(self, token: str, now: datetime) -> LinkTarget | None:
        """What it opens, if one of our keys signed it and its last day is not over."""
        raw = _decoded(token)
        if raw is None:
            return None
        said, mac = raw[:SAID_BYTES], raw[SAID_BYTES:]
        if not any(hmac.compare_digest(mac, _mac(key, said)) for key in self._keys):
            return None
        if _day(now) > int.from_bytes(said[-DAY_BYTES:], "big"):
            return None
        merchant, case = said[1 : 1 + ID_BYTES], said[1 + ID_BYTES : 1 + 2 * ID_BYTES]
        return LinkTarget(merchant_id=UUID(bytes=merchant), case_id=UUID(bytes=case))


def _decoded(token: str) -> bytes | None:
    """A link of a letter has another length, and is not looked at any further."""
    if len(token) != LETTERS or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token)
    except ValueError:
        return None
    fits = len(raw) == SAID_BYTES + MAC_BYTES and raw.startswith(VERSION)
    return raw if fits and urlsafe_b64encode(raw).decode() == token else None


def _day(at: datetime) -> int:
    return (at - BEGINNING) // DAY


def _derived(secret_key: str) -> bytes:
    """As the box's keys: no salt, for the secret keys are random already."""
    derive = HKDF(algorithm=SHA256(), length=MAC_BYTES, salt=None, info=LABEL)
    return derive.derive(secret_key.encode())


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.new(key, said, sha256).digest()
