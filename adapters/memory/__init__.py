"""The same stores as dicts: for simulations and tests, with the same promises and refusals."""
