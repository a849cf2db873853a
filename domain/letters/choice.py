"""Which version of a letter's words somebody reads: the one in use, or chance between two."""

from hashlib import sha256
from typing import Final

from msgspec import Struct

OURS: Final = 0  # the version that we wrote
DRAWS: Final = 2**64


class InUse(Struct, frozen=True, kw_only=True):
    """What one letter says in one language since somebody decided so for the `use`-th time; 0:
    nobody has."""

    use: int = 0
    version: int = OURS
    rival: int | None = None  # the version it is compared with
    rival_percent: int = 0  # who reads that one, from 1 to 99

    def drawn(self, letter: str, person: str) -> int:
        """The version for `person` (any stable key): the same at every call and in every step, so
        that whatever they pay belongs to one of the two; random across people.

        Drawn from the letter, the number of the use and the person: a new comparison draws anew.
        """
        if self.rival is None:
            return self.version
        digest = sha256(f"{len(letter)}:{letter}{self.use}:{person}".encode()).digest()
        falls_to_rival = int.from_bytes(digest[:8]) * 100 < self.rival_percent * DRAWS
        return self.rival if falls_to_rival else self.version
