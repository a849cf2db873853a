"""Amazon SNS over HTTPS: what it signs, by which certificate, and how a subscription is confirmed.

Source: docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import aiohttp
import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from msgspec import Meta, Struct

from application.errors import Unavailable
from application.ports.mail_news import MalformedNews, NotGenuine

ARN: Final = re.compile(r"arn:aws(?:-cn|-us-gov)?:sns:([a-z0-9-]{5,30}):\d{12}:[\w.-]{1,256}")
CERTIFICATE: Final = "https://sns.{}.amazonaws.com{}/SimpleNotificationService-"
CERTIFICATE_NAME: Final = re.compile(r"[0-9a-f]{8,64}\.pem")
CONFIRM: Final = "https://sns.{}.amazonaws.com{}/?Action=ConfirmSubscription&"
NOTIFICATION: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION: Final = (
    "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
)  # fmt: skip
SIGNED: Final = {
    "Notification": NOTIFICATION,
    "SubscriptionConfirmation": CONFIRMATION,
    "UnsubscribeConfirmation": CONFIRMATION,
}
# Version 1 is what a topic signs with unless it is told otherwise.
HASHES: Final = {"1": hashes.SHA1, "2": hashes.SHA256}
TIMEOUT_S: Final = 5.0
MOST_BYTES: Final = 20_000
MOST_CERTIFICATES: Final = 20

Short = Annotated[str, Meta(max_length=2_000)]
Fetch = Callable[[str], Awaitable[bytes]]


class Message(Struct, frozen=True):
    """What comes, as it comes; names as SNS has them."""

    type: Short = msgspec.field(name="Type")
    message_id: Short = msgspec.field(name="MessageId")
    topic_arn: Short = msgspec.field(name="TopicArn")
    message: str = msgspec.field(name="Message")
    timestamp: Short = msgspec.field(name="Timestamp")
    signature: Short = msgspec.field(name="Signature")
    signature_version: Short = msgspec.field(name="SignatureVersion")
    certificate_url: Short = msgspec.field(name="SigningCertURL")
    subject: Short | None = msgspec.field(name="Subject", default=None)
    token: Short | None = msgspec.field(name="Token", default=None)
    subscribe_url: Short | None = msgspec.field(name="SubscribeURL", default=None)


_decode: Final = msgspec.json.Decoder(Message).decode


class SnsMessages:
    """Messages of one topic. Certificates are kept: they are few, and change once a year."""

    def __init__(self, topic_arn: str, fetch: Fetch | None = None) -> None:
        self._topic = topic_arn
        found = ARN.fullmatch(topic_arn)
        assert found is not None, "the settings know a topic when they see one"
        region = found[1]
        ending = ".cn" if region.startswith("cn-") else ""
        self._certificates_at = CERTIFICATE.format(region, ending)
        self._confirm_at = CONFIRM.format(region, ending)
        self._fetch = fetch or fetched
        self._keys: dict[str, rsa.RSAPublicKey] = {}
        self._fetching = asyncio.Lock()

    async def verified(self, raw: bytes) -> Message:
        """Raises MalformedNews, NotGenuine, Unavailable (no certificate can be had just now)."""
        try:
            message = _decode(raw)
        except (msgspec.MsgspecError, RecursionError) as fault:
            raise MalformedNews("not a message of SNS'") from fault
        if message.topic_arn != self._topic:
            raise NotGenuine("another topic")
        names, hashed = SIGNED.get(message.type), HASHES.get(message.signature_version)
        if names is None or hashed is None:
            raise MalformedNews("a type or a version that we do not know")
        key = await self._key(message.certificate_url)
        try:
            signature = base64.b64decode(message.signature, validate=True)
            text = _text_to_sign(message, names)
            key.verify(signature, text, padding.PKCS1v15(), hashed())
        except (InvalidSignature, binascii.Error, ValueError):
            raise NotGenuine("the signature does not fit") from None
        return message

    async def confirm(self, message: Message) -> None:
        """Say yes to the subscription. Raises NotGenuine, Unavailable."""
        address = message.subscribe_url or ""
        if not address.startswith(self._confirm_at) or not address.isascii():
            raise NotGenuine("a confirmation somewhere else")
        await self._fetch(address)

    async def _key(self, url: str) -> rsa.RSAPublicKey:
        """One at a time: whoever sends rubbish makes us ask, and should not make us ask much."""
        name = url.removeprefix(self._certificates_at)
        if name == url or not CERTIFICATE_NAME.fullmatch(name):
            raise NotGenuine("a certificate from somewhere else")
        async with self._fetching:
            if url not in self._keys:
                if len(self._keys) >= MOST_CERTIFICATES:
                    self._keys.clear()
                self._keys[url] = _key_of(await self._fetch(url))
            return self._keys[url]


async def fetched(url: str) -> bytes:
    """A small page of Amazon's. Raises NotGenuine if there is none, Unavailable."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            body = await answer.content.read(MOST_BYTES)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unavailable(f"SNS: {type(error).__name__}") from error
    if answer.status >= 500:
        raise Unavailable(f"SNS: {answer.status}")
    if answer.status != 200:
        raise NotGenuine("no such page")
    return body


def _key_of(pem: bytes) -> rsa.RSAPublicKey:
    try:
        key = x509.load_pem_x509_certificate(pem).public_key()
    except ValueError:
        raise NotGenuine("no certificate") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise NotGenuine("no certificate")
    return key


def _text_to_sign(message: Message, names: tuple[str, ...]) -> bytes:
    """Each name and its value on a line; what is absent is left out."""
    values = {
        "Message": message.message,
        "MessageId": message.message_id,
        "Subject": message.subject,
        "SubscribeURL": message.subscribe_url,
        "Timestamp": message.timestamp,
        "Token": message.token,
        "TopicArn": message.topic_arn,
        "Type": message.type,
    }
    lines = (f"{name}\n{values[name]}\n" for name in names if values[name] is not None)
    return "".join(lines).encode()
