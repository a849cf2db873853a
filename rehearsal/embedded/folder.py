"""The data folder: one run at a time, and a place for sockets that is short enough."""

import fcntl
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rehearsal.embedded.account import EmbeddedError

SOCKET_PATH_MAX_BYTES = 100  # Linux allows 107, macOS 103, both with the file name
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"


@dataclass(frozen=True, slots=True)
class FolderLock:
    """Held while the descriptor is open: a killed run lets go by dying."""

    descriptor: int

    def release(self) -> None:
        os.close(self.descriptor)


def lock_folder(folder: Path) -> FolderLock:
    """Claim a data folder, making it if need be; EmbeddedError when that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EmbeddedError(f"Cannot write to {folder}: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise EmbeddedError(
            f"{folder} is in use by another run; stop it, or set CHARGECHASE_DATA_DIR."
        ) from error
    return FolderLock(descriptor)


def socket_folder(folder: Path) -> Path:
    """Where the sockets of a data folder lie: inside it if its path will do, else elsewhere."""
    inside = folder / "sockets"
    if _will_do(inside):
        return _private(inside)
    name = f"chargechase-{os.getuid()}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"
    outside = Path(tempfile.gettempdir(), name)
    return _private(outside if _will_do(outside) else Path("/tmp", name))  # noqa: S108 - private


def _will_do(folder: Path) -> bool:
    """Short enough for the kernel; and without a comma, which separates hosts in a database URL."""
    path = os.fsencode(folder / LONGEST_SOCKET_NAME)
    return len(path) <= SOCKET_PATH_MAX_BYTES and b"," not in path


def _private(folder: Path) -> Path:
    """Ours, and closed to the others: in a shared temp folder anybody could have made it first."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or os.getuid() not in (0, found.st_uid):
        raise EmbeddedError(f"{folder} belongs to somebody else; remove it, or set TMPDIR.")
    folder.chmod(0o700)
    return folder
