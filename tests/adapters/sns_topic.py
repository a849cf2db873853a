"""A topic of SNS' as its receivers see it: a certificate at an address, and signed messages."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from application.errors import Unavailable
from application.ports.mail_news import NotGenuine

TOPIC = "arn:aws:sns:eu-central-1:123456789012:letters"
HOST = "https://sns.eu-central-1.amazonaws.com"
CERTIFICATE = f"{HOST}/SimpleNotificationService-0123456789abcdef.pem"
CONFIRM = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc"


class Topic:
    """Signs as SNS does, and answers for SNS' addresses."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65_537, 2048)
        self.pages = {CERTIFICATE: self._certificate(), CONFIRM: b"<ConfirmSubscriptionResponse/>"}
        self.fetched: list[str] = []
        self.is_away = False

    async def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        if self.is_away:
            raise Unavailable("SNS")
        if url not in self.pages:
            raise NotGenuine("no such page")
        return self.pages[url]

    def notification(self, message: str, version: str = "2", **changes: Any) -> dict[str, Any]:
        names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        told = {"Type": "Notification", "Message": message, **changes}
        return self._signed(told, names, version)

    def confirmation(self, **changes: Any) -> dict[str, Any]:
        names = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
        told = {
            "Type": "SubscriptionConfirmation",
            "Message": "You have chosen to subscribe",
            "Token": "abc",
            "SubscribeURL": CONFIRM,
            **changes,
        }
        return self._signed(told, names, "1")

    def _signed(self, told: dict[str, Any], names: tuple[str, ...], version: str) -> dict[str, Any]:
        whole = {
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Timestamp": "2026-03-02T10:00:00.000Z",
            "SignatureVersion": version,
            "SigningCertURL": CERTIFICATE,
            **told,
        }
        text = "".join(f"{name}\n{whole[name]}\n" for name in names if name in whole)
        hashed = hashes.SHA256() if version == "2" else hashes.SHA1()
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashed)
        return {**whole, "Signature": base64.b64encode(signature).decode()}

    def _certificate(self) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=30))
            .sign(self._key, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)


def ses(kind: str = "Bounce", message_id: str = "<one@mail>", **of: Any) -> str:
    """A notification of SES' about a letter."""
    return json.dumps(
        {
            "notificationType": kind,
            "mail": {"messageId": "0100-ses", "commonHeaders": {"messageId": message_id}},
            kind.lower(): of,
        }
    )
