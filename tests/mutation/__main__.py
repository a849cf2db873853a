"""`make mutation`: change the domain everywhere, one change at a time, and see a test notice.

    python -m tests.mutation                            all of it (an hour or two)
    python -m tests.mutation "domain.network*"          what matches
    python -m tests.mutation --told "domain.network*"   only tell again what was found

What was found once is not looked for again while its module stays as it is; mutants that survived
are judged anew, so that a new test shows at once. The quickest tests are asked, as many as take
four seconds together: what only the slow ones notice, those that draw whole histories, counts as
survived unless more `--seconds` are given. Exit code 1 below the score that is wanted.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.mutation.report import report
from tests.mutation.workshop import furnish

REPOSITORY: Final = Path(__file__).parents[2]
WORKSHOP: Final = REPOSITORY / "mutants"
WANTED_PERCENT: Final = 90.0
MOST_TOLD: Final = 4000  # characters of a session that failed


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("patterns", nargs="*", default=["*"], help="names of mutants")
    parser.add_argument(
        "--seconds", default=4.0, type=float, help="of tests that look at a mutant at most (4)"
    )
    parser.add_argument("--told", action="store_true", help="only tell again what was found")
    parser.add_argument("--anew", action="store_true", help="forget what was found before")
    asked = parser.parse_args()
    if asked.anew:
        shutil.rmtree(WORKSHOP, ignore_errors=True)
    if not asked.told:
        furnish(REPOSITORY, WORKSHOP)
        for session in (["hear"], ["judge", str(asked.seconds), *asked.patterns]):
            print(" ".join(session), file=sys.stderr)
            done = subprocess.run(
                [sys.executable, "-m", "tests.mutation.session", *session],
                cwd=WORKSHOP,
                check=False,
                stdout=subprocess.PIPE,
                text=True,
            )
            if done.returncode:
                print(done.stdout[-MOST_TOLD:], file=sys.stderr)
                return done.returncode
    lines = list(report(WORKSHOP, tuple(asked.patterns)))
    print("\n".join(lines))
    return 0 if float(lines[-1].split()[-2]) >= WANTED_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
