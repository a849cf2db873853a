"""What the page of the hand-off says back."""

from typing import Final

from domain.tasks import MOST_DAYS

SAID: Final = {
    "saved": "Saved. Tasks that are open keep their dates.",
    "connected": "New tasks are posted to Slack from now on. Send a test post to see where.",
    "posted": "Posted. Look into the channel.",
    "dropped": "Nothing is posted to Slack any more, and its address is forgotten.",
}
FAULTS: Final = {
    "amounts": (
        "Nothing was saved: the large amounts cannot be read.",
        "Write each as a number and a currency, like 1000 EUR, 600.50 USD; each currency once.",
    ),
    "days": (
        "Nothing was saved: a number of days cannot be read.",
        f"Choose whole numbers from 1 to {MOST_DAYS}.",
    ),
    "slack_url": (
        "This is not the address of an incoming webhook.",
        "It begins with https://hooks.slack.com/services/ and has three parts behind that.",
    ),
    "cannot_seal": (
        "The address cannot be kept.",
        "This installation has no key to seal secrets with; ask whoever runs it.",
    ),
    "slack_off": ("Nothing was posted.", "Paste the address of a webhook first."),
    "slack_gone": (
        "Slack says that this webhook is no more.",
        "It was removed, or its channel is archived. Make a new one and paste its address.",
    ),
    "slack_refused": (
        "Slack did not take the post.",
        "See in Slack whether the app may write to this channel.",
    ),
    "slack_deferred": ("Slack does not answer just now.", "Nothing was changed. Try again."),
}
