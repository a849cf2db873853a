"""Reading a web page as a customer does: is there a form, and what does it send?"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

MAX_FIELDS = 100


@dataclass(frozen=True, slots=True)
class WebForm:
    """A form that posts: where to, and the values it already holds (hidden inputs, defaults)."""

    action: str
    values: dict[str, str] = field(default_factory=dict)


def first_post_form(page_url: str, html: str) -> WebForm | None:
    """None when the page asks nothing of its reader."""
    reader = _FormReader(page_url)
    reader.feed(html)
    return reader.form


class _FormReader(HTMLParser):
    def __init__(self, page_url: str) -> None:
        super().__init__()
        self._page_url = page_url
        self._inside = self._button_pressed = False
        self.form: WebForm | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.form is None and given.get("method", "").lower() == "post":
            self.form = WebForm(urljoin(self._page_url, given.get("action", "")))
            self._inside = True
        elif self._inside and self._is_sent(tag, given):
            self._send(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False

    def _send(self, name: str, value: str) -> None:
        if self.form is not None and len(self.form.values) < MAX_FIELDS:
            self.form.values.setdefault(name, value)

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
