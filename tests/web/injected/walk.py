"""Which fields there are: read from the pages themselves, and from the code that takes them."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from tests.web.injected.house import ID
from tests.web.injected.table import LETTER

WEB: Final = Path(__file__).parents[3] / "web"
OF_LETTER: Final = re.compile(r"/settings/letters/[a-z_]+/[a-zA-Z-]+")
OF_CUSTOMER: Final = re.compile(r"^/([ru])/[^/]+")
QUERY: Final = re.compile(r'(?:query_params|said|query)\.get\(\s*"(\w+)"|(\w+): FromQuery')
HEADER: Final = re.compile(
    r'(?:headers|told)\.get\(\s*"([\w-]+)"|"([\w-]+)" (?:not )?in (?:headers|told)'
)
Field = tuple[str, str]  # the form's address, and the name


class Forms(HTMLParser):
    """The fields of all forms of a page, wherever on it they stand."""

    def __init__(self, html: str, here: str) -> None:
        super().__init__()
        self._here, self._open = here, ""
        self._targets: dict[str, list[str]] = {}
        self._named: list[tuple[str, str]] = []  # form, field
        self._deeds: list[tuple[str, str | None, str | None]] = []  # form, its action, its name
        self.feed(html)

    def fields(self) -> set[Field]:
        """Each with the address that it is sent to; an empty name for a form without any."""
        found = {(where, "") for targets in self._targets.values() for where in targets}
        for form, name in self._named:
            found |= {(where, name) for where in self._targets.get(form, ())}
        for form, action, name in self._deeds:
            if action:
                found |= {(action, each) for of, each in self._named if of == form}
            elif name:
                found.add((self._targets[form][0], name))
        return {(place_of(where), ID.sub("{}", name)) for where, name in found}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = said.get("id") or f"#{len(self._targets)}"
            asks = (said.get("action") or self._here, said.get("hx-post", ""))
            self._targets[self._open] = [where for where in asks if where]
        form = said.get("form", self._open)
        if tag in ("input", "select", "textarea") and said.get("name"):
            self._named.append((form, said["name"]))
        if tag == "button" and form:
            self._deeds.append((form, said.get("formaction"), said.get("name")))

    def handle_endtag(self, tag: str) -> None:
        self._open = "" if tag == "form" else self._open


def place_of(address: str) -> str:
    """As the table writes it."""
    path = ID.sub("{}", address.partition("?")[0].partition("#")[0])
    return OF_CUSTOMER.sub(r"/\1/{}", OF_LETTER.sub(LETTER, path))


def queries_of_code() -> set[str]:
    """All names that any page takes from its address."""
    return _named_in(QUERY)


def headers_of_code() -> set[str]:
    """All headers that are looked into."""
    return _named_in(HEADER)


def _named_in(pattern: re.Pattern[str]) -> set[str]:
    texts = [path.read_text() for path in sorted(WEB.rglob("*.py"))]
    return {one or other for text in texts for one, other in pattern.findall(text)}
