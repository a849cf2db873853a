"""`chargechase admin rotate-keys`: what an older secret key sealed, the first seals anew."""

import sys
from typing import Final

from adapters.postgres.sealed_secrets import Rotated, rotate
from wiring.composition import box_of
from wiring.settings import Settings
from wiring.upkeep import FAILED, OK, desk

TOLD_EVERY: Final = 100


async def rotate_keys(settings: Settings) -> int:
    """Exit code 1 if something would not open: its key is missing, or it is damaged."""
    if not settings.secret_keys:
        print("chargechase: CHARGECHASE_SECRET_KEYS is missing", file=sys.stderr)
        return FAILED
    last = Rotated(done=0, of=0)
    async with desk(settings) as here:
        async for last in rotate(here.pools.system, box_of(settings)):
            if last.done and last.done % TOLD_EVERY == 0:
                print(f"{last.done} of {last.of} secrets looked at.")
    print(f"{last.of} secrets, {last.renewed} sealed anew.")
    for why in last.closed:
        print(f"chargechase: not opened: {why}", file=sys.stderr)
    return FAILED if last.closed else OK
