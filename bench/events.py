"""Signed deliveries as Stripe sends them: invoice events of 6 kB with their own ids and links.

What differs from event to event is random, so that no event is smaller to store than a real one.
"""

import hmac
import random
import re
import string
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

TEMPLATE: Final = Path(__file__).with_name("invoice_payment_failed.template")
SLOT: Final = re.compile(r"@(\w+)@")
LETTERS: Final = string.ascii_letters + string.digits
DAY_S: Final = 86_400
TYPE: Final = "invoice.payment_failed"


def bodies(seed: int) -> Iterator[bytes]:
    """Events without end; another seed gives other events."""
    parts = SLOT.split(TEMPLATE.read_text())  # text, the name of a slot, text, …
    slots = parts[1::2]
    draw = random.Random(seed)
    while True:
        values = {name: make(draw) for name, make in MAKERS.items()}
        parts[1::2] = [values[name] for name in slots]
        yield "".join(parts).encode()


def signed(body: bytes, secret: str, now_s: int) -> str:
    """The Stripe-Signature header of a body. docs.stripe.com/webhooks#verify-manually"""
    digest = hmac.digest(secret.encode(), b"%d.%b" % (now_s, body), "sha256").hex()
    return f"t={now_s},v1={digest}"


def request(body: bytes, path: str, secret: str) -> bytes:
    """The whole HTTP request of a delivery, signed now."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\nAccept: */*\r\n"
        f"Stripe-Signature: {signed(body, secret, int(time.time()))}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _word(length: int, draw: random.Random, prefix: str = "") -> str:
    return prefix + "".join(draw.choices(LETTERS, k=length))


def _after(seconds: int, draw: random.Random) -> str:
    return str(int(time.time()) + seconds + draw.randrange(60))


def _digits(length: int, draw: random.Random) -> str:
    return str(draw.randrange(10 ** (length - 1), 10**length))


MAKERS: Final[dict[str, Callable[[random.Random], str]]] = {
    "event": partial(_word, 24, prefix="evt_"),
    "invoice": partial(_word, 24, prefix="in_"),
    "line": partial(_word, 24, prefix="il_"),
    "subscription": partial(_word, 24, prefix="sub_"),
    "customer": partial(_word, 14, prefix="cus_"),
    "item": partial(_word, 14, prefix="si_"),
    "token": partial(_word, 150),
    "email": lambda draw: f"{_word(9, draw).lower()}@example.com",
    "name": lambda draw: f"{_word(6, draw).title()} {_word(8, draw).title()}",
    "street": lambda draw: f"{_word(9, draw).title()} {draw.randrange(1, 99)}",
    "postcode": partial(_digits, 5),
    "order": partial(_digits, 8),
    "number": lambda draw: f"{_word(8, draw).upper()}-{draw.randrange(1, 99):04}",
    "amount": lambda draw: str(draw.randrange(500, 20_000)),
    "now": partial(_after, 0),
    "month": partial(_after, 30 * DAY_S),
    "retry": partial(_after, 3 * DAY_S),
}
