"""Secrets that merchants entrust to us, sealed with AES-256-GCM.

A sealed value is: version (1 byte), key id (8), nonce (12), ciphertext with its tag (16). The place
it was sealed for is its associated data, so a row that is copied to another merchant, column or row
opens nothing there. Keys and their ids are derived from the installation's secret keys by
HKDF-SHA256 (RFC 5869), each under a label of its own, so that no other use of those keys meets
this one.
"""

import os
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from application.ports.sealing import CannotOpen, CannotSeal, Place

VERSION: Final = b"\x01"
KEY_BYTES: Final = 32
ID_BYTES: Final = 8
NONCE_BYTES: Final = 12  # NIST SP 800-38D, 5.2.1.1
TAG_BYTES: Final = 16
HEAD_BYTES: Final = len(VERSION) + ID_BYTES
KEY_LABEL: Final = b"chargechase: sealed secrets, key"
ID_LABEL: Final = b"chargechase: sealed secrets, key id"


class SecretBox:
    """Seals with the first of the secret keys and opens with any; without keys it does neither."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        self._ciphers = {
            _derived(key, ID_LABEL, ID_BYTES): AESGCM(_derived(key, KEY_LABEL, KEY_BYTES))
            for key in secret_keys
        }
        self._first = next(iter(self._ciphers), None)

    def seal(self, place: Place, value: str) -> bytes:
        """Never the same bytes twice. Raises CannotSeal."""
        if self._first is None:
            raise CannotSeal("no secret key is set to seal with")
        nonce = os.urandom(NONCE_BYTES)
        head = VERSION + self._first
        closed = self._ciphers[self._first].encrypt(nonce, value.encode(), _bound(head, place))
        return head + nonce + closed

    def open(self, place: Place, sealed: bytes) -> str:
        """Raises CannotOpen."""
        if len(sealed) < HEAD_BYTES + NONCE_BYTES + TAG_BYTES or not sealed.startswith(VERSION):
            raise CannotOpen(f"{place.column}: not a sealed value")
        head, rest = sealed[:HEAD_BYTES], sealed[HEAD_BYTES:]
        key_id = head[len(VERSION) :]
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise CannotOpen(f"{place.column}: sealed by the key {key_id.hex()}, which is not set")
        try:
            opened = cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], _bound(head, place))
        except InvalidTag:
            raise CannotOpen(f"{place.column}: damaged, or sealed for another place") from None
        return opened.decode()

    def is_current(self, sealed: bytes) -> bool:
        """Whether the first key sealed it."""
        return self._first is not None and sealed.startswith(VERSION + self._first)


def _derived(secret_key: str, label: bytes, length: int) -> bytes:
    """No salt: the secret keys are random already, and each label makes another key."""
    derive = HKDF(algorithm=SHA256(), length=length, salt=None, info=label)
    return derive.derive(secret_key.encode())


def _bound(head: bytes, place: Place) -> bytes:
    """Injective: a fixed length, then a column's name, which has no zero byte, then the row."""
    return head + place.merchant_id.bytes + place.column.encode() + b"\0" + place.row.encode()
