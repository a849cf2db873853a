"""Refusals that a caller may show. Anything else that is raised is a bug."""


class Unavailable(Exception):
    """Something outside does not answer just now; trying again later is right, and no fault."""


class NotFound(Exception):
    """No such thing, or not yours: the two are never told apart."""


class NetworkLimitReached(Exception):
    """The last line held: Postgres refused to record one more charge of this card."""
