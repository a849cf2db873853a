"""How each kind of setting is read. A reader returns the value or raises Unfit with what is wanted.

No message ever repeats what it was given.
"""

import re
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from wiring.logs import LEVELS

LIVE_KEYS: Final = ("sk_live_", "rk_live_")
STRIPE_KEY: Final = re.compile(r"[sr]k_(?:live|test)_[A-Za-z0-9_]{8,250}")
WEBHOOK_SECRET: Final = re.compile(r"whsec_[A-Za-z0-9+/=_-]{16,250}")
SMTP_WISH: Final = r"(tls=off|(stream|configuration-set)=[\w-]{1,64})"
SMTP_WISHES: Final = f"({SMTP_WISH}(&{SMTP_WISH})*)?"
SHORTEST_KEY: Final = 32
FEWEST_DIFFERENT_CHARACTERS: Final = 8
PLACEHOLDERS: Final = re.compile(
    r"change[-_ ]?(me|this)|replace|placeholder|example|your[-_ ]|x{6}|\.\.\.|<.*>|\$\{|\{\{", re.I
)


class Unfit(ValueError):
    """The value will not do; the text says what is wanted, and never what was given."""


def one_line(text: str) -> str:
    """Without the white space around it; a break inside would split a header or a log line."""
    text = text.strip()
    if not text.isprintable():
        raise Unfit("must be one line of printable UTF-8 text")
    return text


def postgres_url(text: str) -> str:
    """`postgresql://user:password@host:port/name`, or with `?host=/folder` for a socket."""
    url = _url(text, ("postgresql", "postgres"))
    if not url.path.strip("/"):
        raise Unfit("must name a database: postgresql://user:password@host:5432/name")
    if not url.hostname and "host=" not in url.query:
        raise Unfit("must name a host: postgresql://user:password@host:5432/name")
    return text


def redis_url(text: str) -> str:
    """`redis://`, `rediss://` or `unix:///path`."""
    url = _url(text, ("redis", "rediss", "unix"))
    if url.scheme == "unix" and not url.path.strip("/"):
        raise Unfit("must name a socket: unix:///path/to/redis.sock")
    if url.scheme != "unix" and not url.hostname:
        raise Unfit("must name a host: redis://host:6379/0")
    return text


def web_url(text: str) -> str:
    """`https://host` or `http://host:port`, without path, query or login; no slash at its end."""
    url = _url(text, ("http", "https"))
    if not url.hostname:
        raise Unfit("must name a host: https://host")
    if url.path.strip("/") or url.query or url.fragment:
        raise Unfit("must be scheme and host alone: https://host")
    if "@" in url.netloc:
        raise Unfit("must not hold a login")
    return text.rstrip("/")


def smtp_url(text: str) -> str:
    """`smtp://user:password@host:port`, or `smtps://` for TLS from the first byte. `?tls=off` does
    without, for a relay that asks for no password; the others name what a mail service sorts by."""
    url = _url(text, ("smtp", "smtps"))
    if not url.hostname:
        raise Unfit("must name a host: smtp://user:password@host:587")
    if not re.fullmatch(SMTP_WISHES, url.query):
        raise Unfit("may end in ?tls=off, ?stream=name or ?configuration-set=name, joined by &")
    if "tls=off" in url.query and (url.username or url.scheme == "smtps"):
        raise Unfit("has a password or smtps, and so cannot say tls=off")
    return text


def sentry_dsn(text: str) -> str:
    """`https://key@host/project`, as Sentry shows it."""
    url = _url(text, ("https", "http"))
    if not (url.hostname and url.username and url.path.strip("/")):
        raise Unfit("must be a Sentry DSN: https://key@host/project")
    return text


def password_of(url: str) -> str:
    """The password inside a URL as it is written there; empty if there is none."""
    _, _, rest = url.partition("://")
    login, at, _ = rest.rpartition("@")
    return login.partition(":")[2] if at else ""


def secret_keys(text: str) -> tuple[str, ...]:
    """Comma-separated; the first signs, the others are still honoured."""
    return _each(text, _secret_key)


def token(text: str) -> str:
    """A random string of at least 32 characters."""
    return _secret_key(text)


def webhook_secrets(text: str) -> tuple[str, ...]:
    """Comma-separated signing secrets of Stripe's webhook endpoints."""
    return _each(text, _webhook_secret)


def stripe_key(text: str) -> str:
    """A secret or restricted key of Stripe."""
    if not STRIPE_KEY.fullmatch(text):
        raise Unfit(
            "must be a Stripe key that starts with sk_live_, rk_live_, sk_test_ or rk_test_"
        )
    return _no_placeholder(text)


def connect_client(text: str) -> str:
    """The client id of a Stripe Connect platform."""
    if not re.fullmatch(r"ca_\w{8,250}", text):
        raise Unfit("must be a Connect client id that starts with ca_")
    return _no_placeholder(text)


def twilio_account(text: str) -> str:
    """The SID of a Twilio account."""
    if not re.fullmatch(r"AC[0-9a-f]{32}", text):
        raise Unfit("must be a Twilio account SID: AC and 32 more characters")
    return _no_placeholder(text)


def twilio_tokens(text: str) -> tuple[str, ...]:
    """Comma-separated auth tokens; the first logs in, the others are still honoured."""
    return _each(text, _twilio_token)


def text_sender(text: str) -> str:
    """What texts come from, and can be answered: a name cannot, so that no STOP would arrive."""
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|MG[0-9a-f]{32}", text):
        raise Unfit("must be a number (+15005550006), a short code, or a messaging service (MG…)")
    return text


def mail_address(text: str) -> str:
    """`name@host`, or `Some Name <name@host>`."""
    name, address = parseaddr(text)
    local, _, domain = address.rpartition("@")
    only_one = text in (address, f"{name} <{address}>", f'"{name}" <{address}>')
    if not (local and domain and only_one) or re.search(r"[\s,;]", address):
        raise Unfit("must be one address: mail@host, or Name <mail@host>")
    return text


def topic_arn(text: str) -> str:
    """`arn:aws:sns:region:account:name`."""
    if not re.fullmatch(r"arn:aws(-cn|-us-gov)?:sns:[a-z0-9-]{5,30}:\d{12}:[\w.-]{1,256}", text):
        raise Unfit("must be a topic's ARN: arn:aws:sns:eu-central-1:123456789012:name")
    return text


def host(text: str) -> str:
    """An address to listen on."""
    if not re.fullmatch(r"[\w.:-]{1,253}", text):
        raise Unfit("must be an address to listen on, such as 127.0.0.1 or 0.0.0.0")
    return text


def port(text: str) -> int:
    """1 to 65535."""
    return _whole(text, 1)


def port_or_none(text: str) -> int:
    """1 to 65535, or 0 for none."""
    return _whole(text, 0)


def folder(text: str) -> Path:
    """A folder's path; `~` is the home folder."""
    return Path(text).expanduser()


def log_level(text: str) -> str:
    """One of four, in any letter case."""
    if text.lower() not in LEVELS:
        raise Unfit(f"must be one of {', '.join(LEVELS)}")
    return text.lower()


def number(least: float, most: float, unit: str) -> Callable[[str], float]:
    """A reader for a number within bounds."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not least <= value <= most:  # false for NaN as well
            raise Unfit(f"must be a number of {unit}, from {least:g} to {most:g}")
        return value

    return read


def count(most: int, of: str) -> Callable[[str], int]:
    """A reader of whole numbers from 1 to `most`."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= most:
            raise Unfit(f"must be a whole number of {of} from 1 to {most}")
        return int(text)

    return read


def clock(text: str) -> str:
    """A rehearsal clock, as `RehearsalClock.spec` writes it."""
    try:
        from rehearsal.clock import InvalidClock, RehearsalClock  # noqa: PLC0415 - not in images
    except ImportError:
        raise Unfit("needs the rehearsal package, which is not installed here") from None
    try:
        return RehearsalClock.parse(text).spec()
    except InvalidClock:
        raise Unfit("must be the specification of a rehearsal clock") from None


def _url(text: str, schemes: tuple[str, ...]) -> SplitResult:
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        url = urlsplit(text)
        in_range = url.port is None or 1 <= url.port <= 65535  # raises beyond 65535
    except ValueError:
        raise Unfit(f"must be a URL that starts with {wanted}") from None
    if url.scheme not in schemes or not text.startswith(f"{url.scheme}://") or " " in text:
        raise Unfit(f"must be a URL that starts with {wanted}")
    if not in_range:
        raise Unfit("must have a port from 1 to 65535")
    if PLACEHOLDERS.search(unquote(password_of(text))):
        raise Unfit("still holds a placeholder for the password")
    return url


def _each(text: str, reader: Callable[[str], str]) -> tuple[str, ...]:
    """Reads a comma-separated list; says which entry will not do."""
    read: list[str] = []
    for place, part in enumerate(text.split(","), start=1):
        try:
            read.append(reader(part.strip()))
        except Unfit as unfit:
            raise Unfit(f"entry {place} {unfit}") from None
    if len(set(read)) < len(read):
        raise Unfit("names the same secret twice")
    return tuple(read)


def _secret_key(text: str) -> str:
    if not text:
        raise Unfit("is empty")
    if len(text) < SHORTEST_KEY:
        raise Unfit(f"must have at least {SHORTEST_KEY} characters: openssl rand -hex 32")
    if len(set(text)) < FEWEST_DIFFERENT_CHARACTERS:
        raise Unfit("must be random: openssl rand -hex 32")
    return _no_placeholder(text)


def _twilio_token(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise Unfit("must be a Twilio auth token of 32 characters")
    return _no_placeholder(text)


def _webhook_secret(text: str) -> str:
    if not text:
        raise Unfit("is empty")
    if not WEBHOOK_SECRET.fullmatch(text):
        raise Unfit("must start with whsec_ and have at least 16 more characters")
    return _no_placeholder(text)


def _no_placeholder(text: str) -> str:
    secret_part = re.sub(r"^([sr]k_(live|test)|whsec|ca)_", "", text)
    if PLACEHOLDERS.search(text) or len(set(secret_part)) < 3:
        raise Unfit("is still a placeholder")
    return text


def _whole(text: str, least: int) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not least <= int(text) <= 65535:
        raise Unfit(f"must be a whole number from {least} to 65535")
    return int(text)
