"""The merchant's word on who is using the app: an HMAC over the customer's id, and until when it is
good."""

import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final

# No dot: where an expiry is signed too, a dot stands behind it.
CUSTOMER: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
EXPIRES: Final = re.compile(r"[1-9][0-9]{0,10}")


def signed_text(customer: str, expires: str) -> str:
    """What the merchant's backend signs: the id, or "<unix seconds>.<id>"."""
    return f"{expires}.{customer}" if expires else customer


def signature_of(secret: str, customer: str, expires: str = "") -> str:
    """HMAC-SHA256 in lower-case hexadecimal."""
    return hmac.new(secret.encode(), signed_text(customer, expires).encode(), sha256).hexdigest()


def is_signed(
    secrets: Iterable[str], customer: str, signature: str, expires: str, now: datetime
) -> bool:
    """Whether one of the secrets signed this id, and for longer than until `now`."""
    if CUSTOMER.fullmatch(customer) is None:
        return False
    if expires and (EXPIRES.fullmatch(expires) is None or int(expires) <= now.timestamp()):
        return False
    given = signature.encode()
    fits = [
        hmac.compare_digest(given, signature_of(each, customer, expires).encode())
        for each in secrets
    ]
    return any(fits)
