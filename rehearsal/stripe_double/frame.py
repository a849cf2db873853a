"""The frame of every page that a person sees: one look, phone width, light and dark."""

from decimal import Decimal
from html import escape
from string import Template
from typing import Final

from aiohttp import web

from domain.money import exponent

_FRAME: Final = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>$title</title>
<link rel="icon" href="data:,">
<style>
:root{color-scheme:light dark;--ink:#1a1f36;--dim:#596275;--line:#d8dee4;--paper:#fff;
--wall:#f6f8fa;--go:#5469d4;--bad:#b3093c;--good:#0a7d4c}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--dim:#9aa5b5;--line:#343b49;--paper:#1b2029;
--wall:#12151b;--go:#8593ff;--bad:#ff8fa8;--good:#5fd39b}}
*{box-sizing:border-box}body{margin:0;background:var(--wall);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}main{width:min(28rem,100% - 2rem);margin:6vh auto;padding:2rem;
background:var(--paper);border:1px solid var(--line);border-radius:12px}
h1{font-size:1rem;font-weight:600;margin:0}.sum{font-size:2.25rem;font-weight:650;margin:.25rem 0}
.dim{color:var(--dim);margin:0}main>.dim:last-child{margin-top:1rem;font-size:.875rem}
legend{padding:0}input{flex:none;margin:0}
label{display:flex;align-items:center;gap:.6rem;padding:.6rem 0;
border-bottom:1px solid var(--line)}fieldset{border:0;margin:1.25rem 0;padding:0}
button{width:100%;padding:.8rem;border:0;border-radius:8px;background:var(--go);color:#fff;
font:inherit;font-weight:600;cursor:pointer}button.plain{background:none;color:var(--dim);
margin-top:.75rem;font-weight:400}a{color:var(--go)}.bad{color:var(--bad)}.good{color:var(--good)}
:focus-visible{outline:3px solid var(--go);outline-offset:2px}
@media(prefers-color-scheme:dark){button{color:#12151b}button.plain{color:var(--dim)}}
</style></head><body><main>
$body
<p class="dim">Rehearsal: $small</p>
</main></body></html>""")


def framed(
    title: str, body: str, *, small: str = "no real card, no real money.", status: int = 200
) -> web.Response:
    """`body` is HTML whose text was escaped; `title` and `small` are text."""
    text = _FRAME.substitute(title=escape(title), body=body, small=escape(small))
    return web.Response(text=text, content_type="text/html", status=status)


def choices(legend: str, offered: dict[str, str], name: str = "pm") -> str:
    """Radio buttons, the first of them chosen; keys are ours, labels are text."""
    options = "".join(
        f'<label><input type="radio" name="{name}" value="{key}"{" checked" if not place else ""}>'
        f"{escape(label)}</label>"
        for place, (key, label) in enumerate(offered.items())
    )
    return f'<fieldset><legend class="dim">{escape(legend)}</legend>{options}</fieldset>'


def told(text: str, kind: str = "good") -> str:
    """One sentence about what became of it: `good`, `bad` or `dim`."""
    role = "alert" if kind == "bad" else "status"
    return f'<p class="{kind}" role="{role}">{escape(text)}</p>'


def amount(minor: int, currency: str) -> str:
    """As a person reads it: "19.00 USD"."""
    places = exponent(currency)
    return f"{Decimal(minor).scaleb(-places):,.{places}f} {currency.upper()}"
