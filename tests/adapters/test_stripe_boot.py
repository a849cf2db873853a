"""What a process pays for Stripe before it calls Stripe: nothing."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from adapters.stripe.client import StripeAccess, StripeConnection
from adapters.stripe.events import StripeEventReader, read_envelope
from adapters.stripe.payments import StripePayments
from adapters.stripe.signature import SignatureCheck
StripePayments(StripeConnection(StripeAccess(api_key="sk_test_bakery")))
loaded = {"stripe", "aiohttp"} & set(sys.modules)
assert not loaded, loaded
"""


def test_neither_stripe_nor_aiohttp_is_imported_before_the_first_call() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
