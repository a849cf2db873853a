"""What may be written down: named fields only, and even in those no secret, address or card."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

MAX_TEXT_CHARS: Final = 1_000
MAX_TRACE_CHARS: Final = 16_000
MAX_ITEMS: Final = 20
MAX_SEARCHED_CHARS: Final = 65_536

# The only fields a log line can carry. A new one is added here, where it is seen in review; a field
# that is not here is logged as its type, so that forgetting costs a clue and not a customer.
ALLOWED_FIELDS: Final = frozenset(
    """
    timestamp level event logger process pid exception error
    correlation_id request_id merchant_id user_id account case_id action_id event_id event_ids
    invoice_id charge_id subscription_id policy_version message_id sentry_id link_id
    kind type phase family code decline_code reason rule outcome result status method route
    endpoint action actor queue job ask currency livemode brand network role leader command child
    variable signal template locale key_number
    attempt number step tries checks version exit_code amount_minor size_bytes
    count rows batch claimed waiting due done dead open recovered lost stopped closed workers
    events actions duplicates orphans accounts went complained domain selector source
    seconds duration_s duration_ms lag_s wait_s lease_s timeout_s interval_s speed
    at due_at started_at now host port build database table file check ms
    """.split()
)

_UUID = r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"
_CARD = r"(?<![\w.])\d(?:[ -]?\d){12,18}(?!\w)"
_UUID_OR_CARD: Final = re.compile(f"(?P<uuid>{_UUID})|(?P<card>{_CARD})")

_MASKS: Final = tuple(
    (re.compile(pattern), mask)
    for pattern, mask in (
        (r"\b(?:sk|rk|pk)_(?:live|test)_\w+", "<stripe key>"),
        (r"\bcc_(?:live|test)_\w+", "<api key>"),
        (r"\bwhsec_[\w+/=-]+", "<webhook secret>"),
        (r"\b(?:pi|seti|cs)_\w{1,80}?_secret_\w+", "<client secret>"),
        (r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}", r"\1 <token>"),
        (r"\beyJ[\w-]+\.[\w-]+\.[\w-]*", "<token>"),
        (r"/(r|u)/[\w-]{16,}", r"/\1/<token>"),
        (r"://[^/\s:@]{0,256}:[^/\s@]{1,256}@", "://<credentials>@"),
        (r"(?<![\w.])\+\d(?:[ ()./-]{0,2}\d){6,14}(?!\w)", "<phone>"),
        (r"[^\s@<>\"'(),;:=]{1,64}@[^\s@<>\"'(),;:]{1,253}\.\w{2,}", "<e-mail>"),
        # Postgres repeats the row that it refused.
        (r"(?m)^(DETAIL|CONTEXT):.*$", r"\1: <hidden>"),
    )
)

# Whatever a mask could find holds one of these; most texts hold none and are done with one look.
_SUSPICIOUS: Final = re.compile(
    r"@|://|\+\d|_secret_|whsec_|(?:[srp]k|cc)_(?:live|test)_|eyJ|/[ru]/|DETAIL|CONTEXT"
    r"|\d(?:[ -]?\d){12}"
    r"|[bB][eE][aA][rR][eE][rR]|[bB][aA][sS][iI][cC]"
)


def redacted(fields: Mapping[str, Any], secrets: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields that may be written; each of the others as its type's name."""
    return {
        name if name in ALLOWED_FIELDS else masked(name, secrets): (
            cleaned(value, secrets) if name in ALLOWED_FIELDS else type_of(value)
        )
        for name, value in fields.items()
    }


def cleaned(value: Any, secrets: tuple[str, ...] = ()) -> Any:
    """A value of an allowed field: scalars and short rows of them; anything else is its type."""
    match value:
        case None | bool() | float():
            return value
        case int():
            text = masked(str(value), secrets)
            return value if text == str(value) else text
        case str():
            return masked(value, secrets)
        case UUID() | date() | Decimal() | timedelta():
            return str(value)
        case tuple() | list() | set() | frozenset():
            return [cleaned_item(item, secrets) for item in list(value)[:MAX_ITEMS]]
        case BaseException():
            return masked(f"{type(value).__name__}: {value}", secrets)
        case _:
            return type_of(value)


def cleaned_item(item: Any, secrets: tuple[str, ...]) -> Any:
    """One element: no rows inside rows."""
    nested = isinstance(item, tuple | list | set | frozenset)
    return type_of(item) if nested else cleaned(item, secrets)


def masked(text: str, secrets: tuple[str, ...] = (), longest: int = MAX_TEXT_CHARS) -> str:
    """Text without anything that looks like a secret, an address or a card number.

    `secrets` are this installation's own, masked wherever they turn up whatever they look like.
    """
    text = text[:MAX_SEARCHED_CHARS]
    if not text.isascii():
        text = text.encode(errors="replace").decode()
    for secret in secrets:
        text = text.replace(secret, "<secret>")
    if _SUSPICIOUS.search(text):
        for pattern, mask in _MASKS:
            text = pattern.sub(mask, text)
        text = _UUID_OR_CARD.sub(_card_masked, text)
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def type_of(value: object) -> str:
    """How a value that may not be written is shown."""
    return f"<{type(value).__name__}>"


def is_card_number(digits: str) -> bool:
    """The Luhn check over 13 to 19 digits. Source: ISO/IEC 7812-1, annex B."""
    if not 13 <= len(digits) <= 19:
        return False
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _card_masked(found: re.Match[str]) -> str:
    card = found["card"]
    if card is None:
        return found[0]
    digits = re.sub(r"\D", "", card)
    return "<card number>" if is_card_number(digits) else card
