"""What an installation says when it is asked by a host's name who it is: nobody else can say it.

HMAC-SHA256 of the name by keys that HKDF-SHA256 derives from the installation's secret keys under a
label of their own: the first answers, all are known.
"""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LABEL: Final = b"chargechase: hosts for links"


class SignedHostAnswers:
    """The HostAnswers port."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        self._keys = tuple(_derived(key) for key in secret_keys)

    def answer(self, host: str) -> str:
        return self._signed(self._keys[0], host)

    def known(self, host: str) -> frozenset[str]:
        return frozenset(self._signed(key, host) for key in self._keys)

    def _signed(self, key: bytes, host: str) -> str:
        return hmac.new(key, host.encode(), sha256).hexdigest()


def _derived(secret_key: str) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=LABEL)
    return derive.derive(secret_key.encode())
