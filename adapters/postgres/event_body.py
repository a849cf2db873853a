"""Raw events, small: zlib with a preset dictionary of what every invoice event says.

A body costs more to store than its commit, and most of it is field names. The dictionary's number
stands beside each body: dictionaries are added, never changed.
"""

import zlib
from pathlib import Path
from typing import Final

CURRENT: Final = 1
_LEVEL: Final = 3  # with the dictionary smaller than level 4 makes it, and as quick as level 1
_WINDOW_BITS: Final = 14  # 16 kB hold the dictionary and an event
_MEMORY_LEVEL: Final = 6  # 80 kB of state instead of 260, for every event anew
_DICTIONARIES: Final = {
    CURRENT: (Path(__file__).parent / "event_dictionary_1.txt").read_bytes(),
}
# Reading the dictionary in takes longer than packing an event: it is done once, and copied.
_PRIMED: Final = zlib.compressobj(
    _LEVEL, wbits=_WINDOW_BITS, memLevel=_MEMORY_LEVEL, zdict=_DICTIONARIES[CURRENT]
)


def pack(raw: bytes) -> bytes:
    """The body as it is stored, under the dictionary CURRENT."""
    packer = _PRIMED.copy()
    return packer.compress(raw) + packer.flush()


def unpack(dictionary: int, body: bytes) -> bytes:
    """The bytes exactly as they came."""
    return zlib.decompressobj(zdict=_DICTIONARIES[dictionary]).decompress(body)
