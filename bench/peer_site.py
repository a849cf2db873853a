"""A Django site with nothing but dj-stripe's webhook view; runs in the peer's own environment.

`python peer_site.py` makes its tables and its endpoint; gunicorn serves `application`.
"""

import os
import sys
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

ENDPOINT = os.environ["PEER_ENDPOINT"]

settings.configure(
    SECRET_KEY=os.environ["PEER_SECRET"],
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="djstripe.urls",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "djstripe"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PEER_DATABASE"],
            "USER": os.environ["PEER_USER"],
            "HOST": os.environ["PEER_HOST"],
            "CONN_MAX_AGE": None,  # connections are kept, as ours are
        }
    },
    STRIPE_LIVE_SECRET_KEY="sk_live_" + "0" * 24,
    STRIPE_LIVE_MODE=True,
    # Tables straight from the models: replaying the migrations takes a minute, and ends the same.
    MIGRATION_MODULES={"contenttypes": None, "auth": None, "djstripe": None},
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
    DJSTRIPE_WEBHOOK_EVENT_CALLBACK="peer_site.store",
    LOGGING_CONFIG=None,
)


def store(trigger: Any, api_key: str) -> None:
    """Store the event as dj-stripe does, once, and leave out its handlers: they would ask Stripe
    for the invoice, the customer and all the rest, and ours does not do that here either."""
    from djstripe.models import Event  # noqa: PLC0415 - Django must be set up first

    if not Event.objects.filter(id=trigger.json_body["id"]).exists():
        trigger.event = Event._create_from_stripe_object(trigger.json_body, api_key=api_key)
        trigger.processed = True


def prepare() -> None:
    """Tables, an account whose key is known, so that Stripe is not asked whose it is, and an
    endpoint with the secret that the sender signs with."""
    from djstripe.models import Account, APIKey, WebhookEndpoint  # noqa: PLC0415

    call_command("migrate", run_syncdb=True, verbosity=0)
    account, _ = Account.objects.get_or_create(id="acct_bench", livemode=True)
    APIKey.objects.get_or_create(
        secret=settings.STRIPE_LIVE_SECRET_KEY,
        defaults={"type": "secret", "livemode": True, "djstripe_owner_account": account},
    )
    WebhookEndpoint.objects.update_or_create(
        id="we_bench",
        defaults={
            "djstripe_uuid": ENDPOINT,
            "djstripe_owner_account": account,
            "secret": os.environ["PEER_SECRET"],
            "livemode": True,
            "url": "https://127.0.0.1/",
            "api_version": "2026-10-28.endive",
            "enabled_events": ["*"],
            "status": "enabled",
        },
    )


if __name__ == "__main__":
    sys.modules["peer_site"] = sys.modules["__main__"]  # where dj-stripe looks for `store`
    django.setup()
    prepare()
else:
    application = get_wsgi_application()
