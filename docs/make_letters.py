"""Every letter in every language, for looking.

    python docs/make_letters.py FOLDER [brand]

Renders them as they are sent, a sheet a language, and takes a picture of each in the light of a
desktop and in the dark of a phone; with `brand` as a merchant with a brand sends them.
"""

import sys
from base64 import b64encode
from html import escape
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any, Final

from make_screenshots import launched
from msgspec.structs import replace
from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright

from adapters.email.render import JinjaLetters
from adapters.email.words import LANGUAGES
from adapters.pictures.logo import read_logo
from application.ports.letters import (
    Dress,
    ExpiryText,
    FreshLinkText,
    OtherInvoice,
    ReminderText,
    Rendered,
)
from domain.brand import Brand
from domain.decline.telling import Tellable
from domain.policy import Template

LINK: Final = "https://pay.nordlicht.example/r/Zt3kVb0pQ"
OTHERS: Final = (
    OtherInvoice(amount_minor=9_50, currency="eur", number="NL-2026-0431"),
    OtherInvoice(amount_minor=12_00, currency="usd", number=None),
)
SIZES: Final = (("light", 620, 3), ("dark", 390, 4))
OF_BILLS: Final = (Template.INVOICE_DUE, Template.INVOICE_OVERDUE)


def branded() -> Dress:
    """A brand with all that there is, its logo drawn here."""
    drawn = Image.new("RGBA", (480, 144), (0, 0, 0, 0))
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((12, 12, 132, 132), fill="#0b5fa5")
    pen.polygon([(72, 30), (90, 72), (72, 114), (54, 72)], fill="#ffffff")
    pen.rectangle((168, 60, 440, 84), fill="#0b5fa5")
    file = BytesIO()
    drawn.save(file, "PNG")
    made = read_logo(file.getvalue())
    brand = Brand(
        colour="#0b5fa5",
        footer="Bücher seit 1987",
        legal_address="Nordlicht Verlag GmbH\nHafenstr. 1, 20457 Hamburg\nHRB 12345",
        support_email="hilfe@nordlicht.example",
        support_url="https://nordlicht.example/hilfe",
        logo=made.logo,
    )
    shown = f"data:image/png;base64,{b64encode(made.picture).decode()}"
    return Dress(brand=brand, logo=shown)


def letters(tag: str, dress: Dress) -> list[Rendered]:
    """All letters of one language, as much filled in as can be."""
    words, known = JinjaLetters(), [_reminder(tag, *each) for each in product(Template, (1, 2))]
    once = (Template.FINAL_NOTICE, Template.RECOVERED, *OF_BILLS)
    reminders = [about for about in known if about.step == 1 or about.template not in once]
    notices = [_notice(tag, is_over=is_over) for is_over in (False, True)]
    return [
        *(words.reminder(replace(about, dress=dress)) for about in reminders),
        *(words.expiry(replace(about, dress=dress)) for about in notices),
        words.fresh_link(replace(_fresh_link(tag), dress=dress)),
    ]


def _reminder(tag: str, template: Template, step: int) -> ReminderText:
    bill = template in OF_BILLS
    return ReminderText(
        merchant_name="Nordlicht Verlag",
        customer_name="Anna Bauer",
        amount_minor=29_00,
        currency="eur",
        invoice_number="NL-2026-0417",
        template=template,
        reason=Tellable.GENERIC if bill else Tellable.FUNDS,
        step=step,
        next_attempt_on=None if bill or template is Template.RECOVERED else "2026-07-03",
        last4=None if bill else "4242",
        link=LINK,
        locale=tag,
        is_bill=bill,
        due_on="2026-06-30" if bill else None,
        others=OTHERS if step == 1 else (),
    )


def _fresh_link(tag: str) -> FreshLinkText:
    return FreshLinkText(
        merchant_name="Nordlicht Verlag",
        customer_name="Anna Bauer",
        amount_minor=29_00,
        currency="eur",
        invoice_number="NL-2026-0417",
        link=LINK,
        locale=tag,
    )


def _notice(tag: str, *, is_over: bool) -> ExpiryText:
    return ExpiryText(
        merchant_name="Nordlicht Verlag",
        customer_name="Anna Bauer",
        last4="4242",
        expires="2026-06",
        is_over=is_over,
        renews_on="2026-07-03",
        link=LINK,
        locale=tag,
    )


def sheet(tag: str, width: int, columns: int, dress: Dress) -> str:
    """One page with all letters of a language side by side."""
    cells = "".join(
        f"<figure><figcaption>{escape(letter.subject)}</figcaption>"
        f'<iframe srcdoc="{escape(letter.html)}" width="{width}" height="640"></iframe></figure>'
        for letter in letters(tag, dress)
    )
    style = (
        f"body{{display:grid;grid-template-columns:repeat({columns},{width}px);gap:16px;margin:16px}}"
        ":root{color-scheme:light dark}figure{margin:0}iframe{border:0}"
        "figcaption{font:600 14px system-ui;padding:4px 0}"
    )
    return f'<meta charset="utf-8"><style>{style}</style>{cells}'


def photograph(folder: Path, dress: Dress) -> None:
    """Two pictures a language."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launched(playwright)
        for tag, (scheme, width, columns) in product(LANGUAGES, SIZES):
            given: dict[str, Any] = {
                "viewport": {"width": columns * (width + 16) + 16, "height": 900},
                "color_scheme": scheme,
            }
            page = browser.new_page(**given)
            page.set_content(sheet(tag, width, columns, dress))
            page.screenshot(path=folder / f"{tag}-{scheme}.png", full_page=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    photograph(Path(sys.argv[1]), branded() if "brand" in sys.argv[2:] else Dress())
