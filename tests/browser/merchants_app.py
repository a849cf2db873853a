"""The merchant's own app, on an origin of its own: a page with as strict a policy as there is, and
the snippet in it."""

from base64 import b64encode
from hashlib import sha384
from html import escape
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

SCRIPT: Final = Path(__file__).parents[2] / "web" / "static" / "snippet-v1.js"
INTEGRITY: Final = f"sha384-{b64encode(sha384(SCRIPT.read_bytes()).digest()).decode()}"
POLICY: Final = (
    "default-src 'none'; script-src {ours}; connect-src {ours}; base-uri 'none'; img-src data:; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
PAGE: Final = """<!doctype html><html lang=en><head><meta charset=utf-8><title>My app</title>
<meta name=viewport content="width=device-width"><link rel=icon href="data:,">{script}</head>
<body><h1>My app</h1><p><a href="/">Home</a> <button type=button>Work</button></p></body></html>"""


class MerchantsApp(BaseHTTPRequestHandler):
    """`/?ours=<our origin>&customer=…`: everything but `ours` becomes a data- attribute."""

    def do_GET(self) -> None:
        said = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        ours = said.pop("ours", "")
        policy = said.pop("policy", POLICY).format(ours=ours)
        integrity = said.pop("integrity", INTEGRITY)
        data = "".join(f' data-{name}="{escape(value)}"' for name, value in said.items())
        script = (
            f'<script async src="{ours}/snippet/v1.js" integrity="{integrity}"'
            f' crossorigin="anonymous"{data}></script>'
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(PAGE.format(script=script if ours else "").encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""
