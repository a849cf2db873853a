"""A recovery case: what happened to one failed invoice, and what happens next."""
