"""Twilio's signature of what it posts to us.

Source: twilio.com/docs/usage/security, "Validating signatures from Twilio": HMAC-SHA1, keyed with
the auth token, over the full address and the fields, sorted by name, name and value one after the
other; Base64. There is no instant in it: that something is told again must change nothing.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha1

Fields = Sequence[tuple[str, str]]


def signature_of(token: str, address: str, fields: Iterable[tuple[str, str]]) -> str:
    """What Twilio would write into `X-Twilio-Signature`."""
    signed = address + "".join(name + value for name, value in sorted(set(fields)))
    return b64encode(hmac.new(token.encode(), signed.encode(), sha1).digest()).decode()


class TwilioSignatureCheck:
    """Whether a posting is Twilio's; during a change of the token it may be by either."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self._tokens = tokens

    def __call__(self, address: str, fields: Fields, signature: str) -> bool:
        given = signature.encode(errors="replace")
        known = (signature_of(token, address, fields).encode() for token in self._tokens)
        return any([hmac.compare_digest(each, given) for each in known])  # noqa: C419 - in equal time
