"""Which mail server, and how it is spoken to, read from `smtp://user:password@host:587`."""

import contextlib
import ipaddress
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

POSTMARK: Final = ".postmarkapp.com"
WITHOUT_TLS: Final = "off"  # `?tls=off`: a relay that the operator trusts, on a wire of theirs


def services_headers(smtp_url: str) -> dict[str, str]:
    """What a mail service reads off a letter, by the address of its server: `?stream=` names a
    message stream of Postmark's, `?configuration-set=` one of Amazon SES'."""
    asked = parse_qs(urlsplit(smtp_url).query)
    headers = {"stream": "X-PM-Message-Stream", "configuration-set": "X-SES-CONFIGURATION-SET"}
    return {header: asked[word][0] for word, header in headers.items() if word in asked}


def is_postmark(smtp_url: str) -> bool:
    """Postmark gives letters ids of its own, and ours back only as what it calls metadata."""
    host = urlsplit(smtp_url).hostname or ""
    return host.endswith(POSTMARK) or "stream" in parse_qs(urlsplit(smtp_url).query)


def arguments(smtp_url: str) -> dict[str, Any]:
    """SMTP's. TLS is asked for, and nothing is sent where it is not offered, unless the server is
    this machine or the address says `?tls=off`; a password never leaves this machine without."""
    url = urlsplit(smtp_url)
    host = url.hostname or "localhost"
    return {
        "hostname": host,
        "port": url.port,
        "username": unquote(url.username) if url.username else None,
        "password": unquote(url.password) if url.password else None,
        "use_tls": url.scheme == "smtps",
        "start_tls": _start_tls(smtp_url),
    }


def _start_tls(smtp_url: str) -> bool | None:
    """None: where it is offered."""
    url = urlsplit(smtp_url)
    if url.scheme != "smtp" or is_here(url.hostname or "localhost"):
        return None
    return bool(url.username) or parse_qs(url.query).get("tls") != [WITHOUT_TLS]


def is_here(host: str) -> bool:
    """Whether it is this machine."""
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
