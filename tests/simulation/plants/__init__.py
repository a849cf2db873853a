"""Bugs to plant: each replaces one part of an installation by one that forgets a promise.

They prove that the judges can see. A bug that no seed finds would mean that nobody looks there.
"""

from collections.abc import Mapping
from typing import Final

from tests.simulation.installation import Installation
from tests.simulation.laws import Law
from tests.simulation.plants import keys, letters, money, rows, rules

# Each bug, and the law that the judges must see broken.
PLANTS: Final[Mapping[type[Installation], Law]] = {
    **keys.PLANTS,
    **money.PLANTS,
    **letters.PLANTS,
    **rows.PLANTS,
    **rules.PLANTS,
}
