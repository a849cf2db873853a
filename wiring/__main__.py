"""`python -m wiring` is `chargechase`."""

import sys

from wiring.cli import main

sys.exit(main())
