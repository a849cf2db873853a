"""Whom Postgres runs as. It refuses root, so root lends it another account.

Root's folders are often closed to everybody else (`mktemp -d`, `/root`). The lent account
needs to pass through them, not to look into them: only the traverse bit (o+x) is added, only
on the way to the data folder and to the wheel's programs.
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

LENT_ACCOUNT = "pgserver"  # the name the wheel itself would choose: one stranger less
EVERYWHERE_PRESENT = "nobody"


class EmbeddedError(Exception):
    """Postgres or Redis cannot run here; the text is one line for the person who tried."""


@dataclass(frozen=True, slots=True)
class Account:
    """A system user to run a program as."""

    name: str
    uid: int
    gid: int


def account_for_postgres() -> Account | None:
    """None: the current user will do. As root: another account, made if need be."""
    if os.geteuid() != 0:
        return None
    return _known(LENT_ACCOUNT) or _added(LENT_ACCOUNT) or _known(EVERYWHERE_PRESENT) or _none()


def _known(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _added(name: str) -> Account | None:
    useradd = shutil.which("useradd")
    if useradd is None:
        return None
    subprocess.run(
        [useradd, "--system", "--no-create-home", "--shell", "/bin/sh", name],
        check=False,  # a read-only /etc/passwd is fine: `nobody` is next
        capture_output=True,
    )
    return _known(name)


def _none() -> Account:
    raise EmbeddedError("Postgres refuses to run as root, and there is no other user to run it as.")


def hand_over(folder: Path, account: Account | None) -> None:
    """Give an empty folder to the account that will fill it."""
    if account is None:
        return
    try:
        os.chown(folder, account.uid, account.gid)
    except OSError as error:
        raise EmbeddedError(
            f"Postgres cannot own {folder} ({error.strerror}): "
            "put CHARGECHASE_DATA_DIR on a disk that knows owners."
        ) from error


def open_the_way(target: Path, account: Account | None) -> None:
    """Let the lent account pass through each folder above `target`; reading stays forbidden."""
    if account is None:
        return
    for folder in target.resolve().parents:
        _allow(folder, stat.S_IXOTH)


def open_programs(folder: Path, account: Account | None) -> None:
    """Let the lent account read and run an installed tree (a strict umask closes wheels)."""
    if account is None:
        return
    open_the_way(folder, account)
    for path in (folder, *folder.rglob("*")):
        runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        _allow(path, stat.S_IROTH | (stat.S_IXOTH if runs else 0))


def _allow(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & bits == bits:
        return
    try:
        path.chmod(mode | bits)
    except OSError as error:
        raise EmbeddedError(
            f"Postgres refuses to run as root, and no other user may pass through {path} "
            f"({error.strerror}). Run as an ordinary user."
        ) from error
