"""How much is tried: `python -m tests.web.injected` counts.

`CHARGECHASE_INJECTIONS=all python -m pytest tests/web/test_injected_*` tries it all, a run of the
whole suite a quarter of it.
"""

from tests.web.injected.table import How, fields
from tests.web.injections import ALL

for how in How:
    print(f"{len(fields(how)):5} x {len(ALL)} = {len(fields(how)) * len(ALL):7,}  {how.value}")
