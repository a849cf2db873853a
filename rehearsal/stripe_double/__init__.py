"""A stateful Stripe over HTTP that runs on this machine: objects, events, clock, ledger, faults."""

from rehearsal.stripe_double.double import DoubleOptions, StripeDouble, serve

__all__ = ["DoubleOptions", "StripeDouble", "serve"]
