"""Properties here are pure: how long an example takes says nothing about it."""

from hypothesis import settings

settings.register_profile("domain", deadline=None, print_blob=True)
settings.load_profile("domain")
