"""Reading a web page as a customer does: what forms are there, and what do they send?"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

MAX_FIELDS = 100


@dataclass(frozen=True, slots=True)
class WebForm:
    """A form that posts: where to, and the values it already holds (hidden inputs, defaults)."""

    action: str
    values: dict[str, str] = field(default_factory=dict)


def post_forms(page_url: str, html: str) -> tuple[WebForm, ...]:
    """In their order; empty when the page asks nothing of its reader."""
    reader = _FormReader(page_url)
    reader.feed(html)
    return tuple(reader.forms)


class _FormReader(HTMLParser):
    def __init__(self, page_url: str) -> None:
        super().__init__()
        self._page_url = page_url
        self._inside = self._button_pressed = False
        self.forms: list[WebForm] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("method", "").lower() == "post"
            self._button_pressed = False
            if self._inside:
                self.forms.append(WebForm(urljoin(self._page_url, given.get("action", ""))))
        elif self._inside and self._is_sent(tag, given):
            self._send(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False

    def _send(self, name: str, value: str) -> None:
        values = self.forms[-1].values
        if len(values) < MAX_FIELDS:
            values.setdefault(name, value)

    def _is_sent(self, tag: str, given: dict[str, str]) -> bool:
        """What a browser sends: named inputs, ticked boxes, and the one button that was pressed."""
        if tag not in ("input", "button") or not given.get("name"):
            return False
        kind = given.get("type", "submit" if tag == "button" else "text")
        if kind in ("checkbox", "radio"):
            return "checked" in given
        if kind == "submit":
            first, self._button_pressed = not self._button_pressed, True
            return first
        return True
