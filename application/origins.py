"""Where a snippet may run: origins as browsers name them, compared letter by letter."""

from typing import Final
from urllib.parse import urlsplit

from application.ports.in_app import LONGEST_ORIGIN

PORTS: Final = {"https": 443, "http": 80}
OWN_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})  # where one may do without TLS


def origin_of(text: str) -> str | None:
    """The origin that a person wrote, as a browser sends it; None if it is none: a wildcard, a
    path, a password, another scheme, or http beyond one's own machine."""
    try:
        said = urlsplit(text.strip())
        host, port = (said.hostname or "").encode("idna").decode(), said.port
    except ValueError:  # UnicodeError is one
        return None
    plain = host and not (said.username or said.password or said.query or said.fragment)
    if not plain or said.path not in ("", "/") or said.scheme not in PORTS or not _is_host(host):
        return None
    if said.scheme == "http" and host not in OWN_MACHINE:
        return None
    shown = f"[{host}]" if ":" in host else host
    suffix = "" if port is None or port == PORTS[said.scheme] else f":{port}"
    origin = f"{said.scheme}://{shown}{suffix}"
    return origin if len(origin) <= LONGEST_ORIGIN else None


def _is_host(host: str) -> bool:
    if host == "::1":
        return True
    return all(each.isascii() and (each.isalnum() or each in ".-_") for each in host)
