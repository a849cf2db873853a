"""Keys that sign letters: RSA of 2048 bits, which every receiver knows."""

import base64
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from application.ports.sending import NewKey
from domain.sending import DkimKey

BITS: Final = 2048  # a longer key does not fit into one answer over UDP. Source: RFC 8301, 3.2
EXPONENT: Final = 65_537


def new_dkim_key(selector: str, at: datetime) -> NewKey:
    """Takes a good part of a second: not on an event loop."""
    private = rsa.generate_private_key(EXPONENT, BITS)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    der = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    public = DkimKey(selector=selector, public_key=base64.b64encode(der).decode(), made_at=at)
    return NewKey(public=public, private_pem=pem.decode())
