"""Every field that somebody outside can write: how it comes to us, and where it shows.

A form's field, a query's name or a path's part that is not here makes `test_injected_fields` fail.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

from domain.tasks import TaskKind


class How(StrEnum):
    """By which way it comes."""

    FORM = "a form's field"
    QUERY = "a parameter of an address"
    PATH = "a part of a path"
    HEADER = "a request's header"
    STRIPE = "a field of Stripe's objects"
    LETTER = "a value in a letter or a text"
    DELIVERY = "a field of a webhook"


class Written(Struct, frozen=True):
    """One field."""

    how: How
    at: str  # the address; {…} stands for an id
    name: str
    shows: str


LETTER: Final = "/settings/letters/{}/{}"
WORDS: Final = "subject preview opening body button after case as width"
LOOKS: Final = (
    "colour display_name sender_name reply_to footer legal_address support_email support_url"
    " as width"
)
DUE: Final = " ".join(f"due_{kind}" for kind in TaskKind)
FORMS: Final = (
    ("/sign-in", "email password next", "the form again; where one is sent"),
    ("/sign-out", "", "nowhere"),
    ("/cases/{}/end", "answer", "nowhere: a choice"),
    ("/cases/{}/report", "answer", "nowhere: a choice"),
    ("/tasks/{}/assign", "assignee show case", "where one is sent"),
    ("/tasks/{}/done", "show case", "where one is sent"),
    ("/tasks/{}/reopen", "show case", "where one is sent"),
    ("/tasks/at-risk/{}/lift", "", "nowhere"),
    ("/settings/tasks", f"amounts {DUE} hears_{{}}", "the form again"),
    ("/settings/tasks/slack", "url", "nowhere: it is sealed"),
    ("/settings/tasks/slack/test", "", "Slack"),
    ("/settings/tasks/slack/drop", "", "nowhere"),
    ("/settings/stripe/connect", "key secret", "nowhere: they are sealed"),
    ("/settings/stripe/import", "account", "nowhere: a choice"),
    ("/settings/stripe/take-up", "account", "nowhere: a choice"),
    ("/settings/stripe/disconnect", "account typed", "nowhere: a choice"),
    ("/settings/stripe/agree", "", "Stripe's address"),
    ("/settings/sending/address", "address", "the page; From of letters"),
    ("/settings/sending/check", "", "nowhere"),
    ("/settings/sending/key", "", "nowhere"),
    ("/settings/sending/remove", "", "nowhere"),
    ("/settings/links/host", "host", "the page; links of letters"),
    ("/settings/links/check", "", "nowhere"),
    ("/settings/links/remove", "", "nowhere"),
    ("/settings/in-your-app", "shown grace_days banner wall origins", "the page; CORS headers"),
    ("/settings/in-your-app/secret", "before", "nowhere"),
    ("/settings/in-your-app/check", "customer expires signature", "the form again"),
    ("/settings/api-keys", "key_id name", "the list of keys"),
    ("/settings/api-keys/revoke", "key_id", "nowhere"),
    ("/settings/brand", LOOKS, "the page, customers' pages, letters"),
    ("/settings/brand/check", LOOKS, "beside the form"),
    ("/settings/brand/preview", LOOKS, "the preview"),
    ("/settings/brand/logo", "logo none", "nowhere: the picture is drawn anew"),
    (LETTER, f"{WORDS} do", "the page, letters, a test's mail"),
    (f"{LETTER}/check", WORDS, "beside the form"),
    (f"{LETTER}/preview", WORDS, "the preview"),
    (f"{LETTER}/put", "version rival percent", "where one is sent"),
    ("/r/{}", "invoice fresh", "nowhere: a choice"),
    ("/r/{}/card", "", "Stripe's page"),
    ("/r/{}/now", "", "nowhere"),
    ("/r/{}/day", "day", "nowhere: a choice"),
    ("/r/{}/problem", "about words back", "the case's page, to the team"),
    ("/r/{}/texts", "number agree withdraw", "its last two digits; To of texts"),
    ("/r/{}/backup", "card withdraw", "nowhere: a choice"),
    ("/u/{}", "letters", "nowhere: a choice"),
)
QUERIES: Final = (
    ("/cases", "phase after", "links of the page"),
    ("/cases/{}", "refused", "a sentence of the page"),
    ("/tasks", "show after", "links of the page"),
    ("/tasks/at-risk", "after", "links of the page"),
    ("/settings/tasks", "said refused", "a sentence of the page"),
    ("/settings/stripe", "refused", "a sentence of the page"),
    ("/settings/stripe/agreed", "state code error", "where one is sent"),
    ("/settings/sending", "refused", "a sentence of the page"),
    ("/settings/links", "refused", "a sentence of the page"),
    ("/settings/in-your-app", "refused", "a sentence of the page"),
    ("/settings/brand", "refused kept", "a sentence of the page"),
    ("/settings/letters", "language", "nowhere: a choice"),
    (LETTER, "version case done", "nowhere: a choice"),
    ("/sign-in", "next", "the form; where one is sent"),
    ("/events", "since", "the stream"),
    ("/r/{}", "number", "a sentence of the page"),
    ("/tls/ask", "domain", "nowhere"),
    ("/static/app.css", "v", "nowhere"),
    (
        "/snippet/v1/standing",
        "merchant customer signature expires preview language",
        "the answer",
    ),
    ("/webhooks/sms/twilio/status", "merchant case step", "nowhere"),
)
PATHS: Final = (
    ("GET /r/<>", "the forms of the page"),
    ("POST /r/<>", "where one is sent"),
    ("POST /r/<>/card", "where one is sent"),
    ("GET /r/<>/back", "where one is sent"),
    ("POST /r/<>/problem", "where one is sent"),
    ("POST /r/<>/day", "where one is sent"),
    ("POST /r/<>/now", "where one is sent"),
    ("POST /r/<>/backup", "where one is sent"),
    ("POST /r/<>/texts", "where one is sent"),
    ("GET /u/<>", "the form of the page"),
    ("POST /u/<>", "the form of the page"),
    ("GET /settings/letters/<>/<>", "nowhere"),
    ("POST /settings/letters/<>/<>", "nowhere"),
    ("POST /settings/letters/<>/<>/preview", "nowhere"),
    ("POST /settings/letters/<>/<>/check", "nowhere"),
    ("POST /settings/letters/<>/<>/put", "nowhere"),
    ("GET /settings/in-your-app/preview/<>", "nowhere"),
    ("POST /tasks/at-risk/<>/lift", "nowhere"),
    ("GET /brand/colours/<>", "the stylesheet"),
    ("GET /brand/{}/<>", "nowhere"),
    ("GET /api/v1/customers/<>/entitlement", "the answer"),
    ("GET /static/<>", "nowhere"),
    ("GET /vendor/<>", "nowhere"),
    ("GET /api/<>", "nowhere"),
    ("POST /webhooks/mail/postmark/<>", "nowhere"),
    ("POST /webhooks/stripe/<>", "nowhere"),
    ("GET /cases/<>", "nowhere"),
    ("GET /<>", "where one is sent after the sign-in"),
)
HEADERS: Final = (
    "host x-forwarded-host x-forwarded-proto x-forwarded-for forwarded origin referer"
    " accept-language accept accept-encoding cookie user-agent authorization idempotency-key"
    " if-none-match last-event-id x-request-id x-form-token content-type hx-request hx-current-url"
    " hx-target hx-trigger hx-history-restore-request sec-fetch-site sec-fetch-mode sec-fetch-dest"
    " sec-purpose stripe-signature x-twilio-signature"
)
STRIPE: Final = (
    ("customer name", "lists, the case's page, tasks, mails, Slack"),
    ("customer email", "lists, the case's page"),
    ("customer phone", "nowhere: it is read as a number"),
    ("customer locale", "the language of letters"),
    ("customer metadata", "nowhere: a day is read"),
    ("customer country", "nowhere: a choice"),
    ("invoice number", "lists, customers' pages, letters, the API"),
    ("invoice currency", "amounts everywhere"),
    ("invoice line", "nowhere"),
    ("subscription", "links into Stripe"),
    ("decline code", "the timeline"),
    ("decline message", "nowhere"),
    ("advice code", "the timeline"),
    ("card brand", "customers' pages, the case's page"),
    ("card last4", "customers' pages, letters"),
    ("card funding", "nowhere: a choice"),
    ("card country", "nowhere: a choice"),
    ("bank name", "nowhere"),
    ("account name", "the page about Stripe"),
)
LETTERS: Final = (
    ("merchant", "subject, From, both texts, text messages, answers to HELP"),
    ("customer", "To, both texts"),
    ("invoice", "subject, both texts"),
    ("other invoice", "both texts"),
    ("last4", "both texts"),
    ("locale", "the language"),
    ("reply to", "Reply-To, answers to HELP"),
    ("to", "To"),
    ("footer", "both texts"),
    ("legal address", "both texts"),
    ("support", "both texts"),
    ("merchant's own words", "subject, both texts"),
)
DELIVERIES: Final = (
    (
        "/webhooks/stripe",
        "id type account api_version created livemode idempotency_key object.id object.customer",
    ),
    ("/webhooks/sms/twilio", "From To Body OptOutType MessageSid"),
    ("/webhooks/sms/twilio/status", "MessageStatus To ErrorCode MessageSid"),
    ("/webhooks/mail/postmark", "RecordType Type Email Description Metadata.letter"),
    (
        "/webhooks/mail/ses",
        "Type MessageId TopicArn Subject Message SubscribeURL SigningCertURL Signature"
        " mail.messageId bounce.bounceType",
    ),
)


def _each(how: How, rows: tuple[tuple[str, str, str], ...]) -> Iterator[Written]:
    for at, names, shows in rows:
        for name in names.split():
            yield Written(how, at, name, shows)


TABLE: Final = (
    *_each(How.FORM, FORMS),
    Written(How.FORM, "every form of the team", "form_token", "nowhere"),
    *_each(How.QUERY, QUERIES),
    *(Written(How.PATH, at, "<>", shows) for at, shows in PATHS),
    *(Written(How.HEADER, "any", name, "nowhere") for name in HEADERS.split()),
    *(Written(How.STRIPE, "Stripe's API", name, shows) for name, shows in STRIPE),
    *(Written(How.LETTER, "a letter", name, shows) for name, shows in LETTERS),
    *_each(How.DELIVERY, tuple((at, names, "nowhere") for at, names in DELIVERIES)),
)


def fields(how: How) -> tuple[Written, ...]:
    """Those that come by this way."""
    return tuple(each for each in TABLE if each.how is how)
