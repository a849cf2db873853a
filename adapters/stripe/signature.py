"""Whether a webhook really came from Stripe; our own check, because the library's is slow, lets
timestamps of the future pass and stumbles over headers that are not ASCII.

Scheme: docs.stripe.com/webhooks#verify-manually (`t=…,v1=…[,v1=…]`, HMAC-SHA256 over `t.body`).
"""

import hmac
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

TOLERANCE_S: Final = 300
LONGEST_HEADER: Final = 4096
LONGEST_T: Final = 12
SHORTEST_SECRET: Final = 8
DIGEST_HEX: Final = 64


class SignatureVerdict(StrEnum):
    """Only VALID may pass; the others tell the operator what to look at."""

    VALID = "valid"
    MALFORMED = "malformed"  # no such header, or none that Stripe would send
    STALE = "stale"  # signed too long ago, or in the future
    MISMATCH = "mismatch"  # not signed with any of our secrets


class SignatureCheck:
    """Knows all secrets that are valid now: two while a secret is being rolled, one a mode."""

    def __init__(self, secrets: Sequence[str], tolerance_s: int = TOLERANCE_S) -> None:
        """ValueError without secrets, or with one so short that it must be a mistake: an empty
        secret would accept whatever is signed with the empty key."""
        if not secrets or any(len(secret.strip()) < SHORTEST_SECRET for secret in secrets):
            raise ValueError("a webhook secret is missing, empty or too short")
        self._keys = tuple(secret.strip().encode() for secret in secrets)
        self._tolerance_s = tolerance_s

    def __call__(self, raw: bytes, header: str, now_s: float) -> SignatureVerdict:
        """`header` is Stripe-Signature, empty if absent; `now_s` the wall clock's Unix time."""
        parsed = _parse(header)
        if parsed is None:
            return SignatureVerdict.MALFORMED
        signed_at, offered = parsed
        if abs(now_s - int(signed_at)) > self._tolerance_s:
            return SignatureVerdict.STALE
        payload = signed_at + b"." + raw
        for key in self._keys:
            expected = hmac.digest(key, payload, "sha256").hex().encode()
            if any(hmac.compare_digest(expected, signature) for signature in offered):
                return SignatureVerdict.VALID
        return SignatureVerdict.MISMATCH


def _parse(header: str) -> tuple[bytes, list[bytes]] | None:
    """The one `t` and every `v1`; None if that is not what the header holds."""
    if not header.isascii() or len(header) > LONGEST_HEADER:
        return None
    times, signatures = [], []
    for part in header.encode().split(b","):
        name, _, value = part.partition(b"=")
        if name == b"t":
            times.append(value)
        elif name == b"v1" and len(value) == DIGEST_HEX:
            signatures.append(value)
    if len(times) != 1 or not signatures:
        return None
    signed_at = times[0]
    return (signed_at, signatures) if signed_at.isdigit() and len(signed_at) <= LONGEST_T else None
