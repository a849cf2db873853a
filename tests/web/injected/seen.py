"""What a browser and a mail program make of what they are given: its structure, not its words.

`css_inline` brings the one parser here that reads HTML as browsers do (html5ever), whatever is
wrong with it. It writes down what it understood, and that is read by two patterns.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from typing import Final
from urllib.parse import urlsplit

from css_inline import CSSInliner
from msgspec import Struct

from tests.web.injected.asking import Answer

ORIGIN: Final = "http://127.0.0.1:8000"
_understood: Final = CSSInliner(
    inline_style_tags=False,
    keep_style_tags=True,
    keep_link_tags=True,
    load_remote_stylesheets=False,
).inline
# Of the second kind the content is letters, whatever it looks like.
TAG: Final = re.compile(
    r"<!--.*?-->|<!doctype[^>]*>"
    r'|<(script|style|xmp|iframe|noembed|noframes|noscript)((?: [^\s=>]+="[^"]*")*)>.*?</\1>'
    r'|<(/?)([a-z][^\s/>]*)((?: [^\s=>]+="[^"]*")*)\s*/?>',
    re.DOTALL | re.IGNORECASE,
)
ATTRIBUTE: Final = re.compile(r'([^\s=>]+)="([^"]*)"')
VOID: Final = frozenset(
    "comment area base br col embed hr img input link meta param source track wbr".split()
)
# What may differ from one value to the next: people's words, ids, and how full a drawing is.
LOOSE: Final = frozenset(
    "value title alt aria-label placeholder datetime content data-events hx-headers d x y x1 x2 y1"
    " y2 cx cy points id for aria-describedby aria-labelledby lang rows max".split()
)
LEADS: Final = frozenset(
    "href src action formaction xlink:href data poster srcset ping background hx-get"
    " hx-post".split()
)
BLANK: Final = re.compile(r"[\x00-\x20]")
ARITHMETIC: Final = re.compile(r"(?<![\w.,:/-])49(?![\w.,:/%-])|1787569|7777777")
# Control, and what turns a line round or hides in it; a tab and a line's end are no mischief.
UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\U000e0000-\U000e007f\ud800-\udfff\ufff9-\ufffb]"
)


class Page(Struct, frozen=True):
    """A page as a browser has understood it."""

    kinds: frozenset[str]  # elements with ancestors and attributes, and where they would lead
    text: str


def page_of(html: str) -> Page:
    """Elements of the same kind at the same place are one kind, however many there are."""
    understood = _understood(html)
    found: set[str] = set()
    above: list[tuple[str, str]] = [("", "")]  # each open element, and the way to it
    for tag in TAG.finditer(understood):
        letters, of_letters, ends, name, attributes = tag.groups()
        if ends:
            open_at = next((n for n in range(len(above) - 1, 0, -1) if above[n][0] == name), 0)
            del above[open_at or len(above) :]
            continue
        name = name or letters or "comment"
        way, kinds = _element(above[-1][1], name, attributes or of_letters or "")
        found |= kinds
        if name not in VOID and not letters:
            above.append((name, way))
    return Page(frozenset(found), unescape(TAG.sub("", understood)))


@lru_cache(maxsize=50_000)
def _element(way: str, name: str, attributes: str) -> tuple[str, frozenset[str]]:
    """The way to what is in it, and what there is to tell of it."""
    shown, leads = [], set()
    for each, value in ATTRIBUTE.findall(attributes):
        if each in LEADS:
            leads.add(f"leads by {each} to {leads_to(unescape(value))}")
            shown.append(each)
        else:
            shown.append(each if each in LOOSE else f"{each}={value}")
    here = f"{way} {name}"
    return here, frozenset({f"{here}[{' '.join(sorted(shown))}]", *leads})


def leads_to(address: str) -> str:
    """Scheme and host, as browsers read an address: they drop what they do not see, and take a
    backslash for a slash. "here" is our own host."""
    clean = BLANK.sub("", address).replace("\\", "/")
    try:
        parts = urlsplit(clean)
    except ValueError:
        return "nowhere"
    if not parts.scheme and not parts.netloc:
        return "here"
    if f"{parts.scheme}://{parts.netloc}" == ORIGIN:
        return "here"
    return f"{parts.scheme.lower()}:{parts.netloc.lower()}"


# All that our answers ever carry.
NAMES: Final = frozenset(
    "access-control-allow-origin allow cache-control connection content-encoding content-length"
    " content-security-policy content-type cross-origin-opener-policy cross-origin-resource-policy"
    " etag hx-redirect hx-reswap hx-retarget location permissions-policy referrer-policy"
    " retry-after set-cookie vary www-authenticate x-accel-buffering x-content-type-options"
    " x-frame-options x-request-id x-robots-tag".split()
)
COOKIES: Final = ("cc_session_8000=", "cc_form_8000=")
TYPES: Final = frozenset(
    ("", "text/html", "text/plain", "text/css", "application/json", "application/problem+json")
) | {
    *("application/xml", "text/event-stream", "image/png", "text/javascript"),
    "application/vnd.oai.openapi+json",
}


def faults_of(answer: Answer, elsewhere: tuple[str, ...] = ()) -> list[str]:
    """What no answer of ours does, whatever it was asked; `elsewhere` is where it may lead."""
    faults = [f"status {answer.status}"] if answer.status >= 500 or answer.status == 429 else []
    faults += [f"header {name!r}" for name, _ in answer.headers if name.decode() not in NAMES]
    told = [name for name, _ in answer.headers if name != b"set-cookie"]
    faults += [f"twice {name!r}" for name in set(told) if told.count(name) > 1]
    for name, value in answer.headers:
        if re.search(rb"[\x00-\x1f\x7f-\xff]", value):
            faults.append(f"{name!r} holds {value!r}")
        if name == b"set-cookie" and not value.decode().startswith(COOKIES):
            faults.append(f"cookie {value!r}")
        # "//evil.example" in the query of an address of ours, or in a policy, leads nowhere.
        if b"evil" in value and name != b"location":
            faults.append(f"{name!r} says {value!r}")
    faults += _faults_of_place(answer, elsewhere)
    if answer.header("content-type").partition(";")[0] not in TYPES:
        faults.append(f"content type {answer.header('content-type')}")
    return faults


def _faults_of_place(answer: Answer, elsewhere: tuple[str, ...]) -> list[str]:
    place = answer.header("location")
    if not place or place.startswith(elsewhere or ("\0",)):
        return []
    return [] if place.startswith("/") and leads_to(place) == "here" else [f"leads to {place!r}"]


class Known:
    """What pages are made of when nobody means harm, and what comes through besides."""

    def __init__(self, elsewhere: tuple[str, ...] = ()) -> None:
        self._elsewhere = elsewhere
        self._kinds: set[str] = set()
        self._told: set[str] = set()

    def learn(self, answer: Answer) -> None:
        """That it may look like this."""
        assert faults_of(answer, self._elsewhere) == []
        if is_page(answer):
            page = page_of(answer.text)
            self._kinds |= page.kinds
            self._told |= set(ARITHMETIC.findall(page.text))

    def faults(
        self, answer: Answer, *, leads: tuple[str, ...] = (), unseen: bool = False
    ) -> Iterator[str]:
        """What is in it that was never there. New elements that begin with `leads` are in order;
        and if `unseen` what nobody sees is, for who wrote it reads it again."""
        yield from faults_of(answer, self._elsewhere)
        if answer.body and answer.header("content-type").partition(";")[0].endswith("json"):
            json.loads(answer.body)
        if not is_page(answer):
            return
        page = page_of(answer.text)
        yield from (
            f"has {each}" for each in page.kinds - self._kinds if not each.startswith(leads)
        )
        if set(ARITHMETIC.findall(page.text)) - self._told:
            yield "has counted"
        if not unseen and UNSEEN.search(page.text):
            yield "shows what nobody sees"


def is_page(answer: Answer) -> bool:
    """Whether a browser would draw it."""
    return bool(answer.body) and answer.header("content-type").startswith("text/html")
