"""A letter inside a page of ours: a document of its own, that may do nothing at all."""

import re
from html import escape
from typing import Final

from litestar import Response
from litestar.enums import MediaType

from application.ports.letters import Rendered
from web.edge import CONTENT_POLICY
from web.rendering import NO_STORE

# The letter brings its own styles, as mail programs have them; no script, no form, nothing fetched.
POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
HEADERS: Final = {
    **NO_STORE,
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
}
PLAIN: Final = """<!doctype html>
<html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><style>
body {{ margin: 0; padding: 24px; font: 14px/1.5 ui-monospace, monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }}
</style></head><body>{text}</body></html>
"""


BODY: Final = re.compile(r"<body[^>]*>")
SUBJECT: Final = (
    '<div style="padding: 12px 16px; border-bottom: 1px solid #8888; '
    'font: 600 14px/20px system-ui, sans-serif">{subject}</div>'
)


def framed(letter: Rendered, *, as_text: bool) -> Response[str]:
    """As mail programs show it, beneath its subject; or as those without HTML do."""
    head = SUBJECT.format(subject=escape(letter.subject))
    shown = BODY.sub(lambda body: body[0] + head, letter.html, count=1)
    if as_text:
        shown = PLAIN.format(text=escape(f"Subject: {letter.subject}\n\n{letter.text}"))
    return Response(shown, media_type=MediaType.HTML, headers=dict(HEADERS))


def with_frames(page: Response[str]) -> Response[str]:
    """A page of ours that holds such a frame, and no other."""
    policy = CONTENT_POLICY.format(form_action="'self'")
    page.headers["Content-Security-Policy"] = f"{policy}; frame-src 'self'"
    return page
