"""Our own static files and htmx's, held in memory, with their content's hash in the address."""

import gzip
from hashlib import blake2s
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter
from msgspec import Struct

STATIC: Final = Path(__file__).parent / "static"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
FOREVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "public, no-cache"


class Asset(Struct, frozen=True):
    """One file as it is sent."""

    body: bytes
    gzipped: bytes
    media_type: str
    digest: str


class Assets:
    """All files we serve, by address."""

    def __init__(self) -> None:
        htmx = _package_dir("django_htmx") / "static/django_htmx/htmx-2.min.js"
        self._files = {f"/static/{path.name}": _read(path) for path in sorted(STATIC.iterdir())}
        self._files["/vendor/htmx.js"] = _read(htmx)

    def url(self, address: str) -> str:
        """The address with its content's hash: cached for ever, fetched anew once it changes."""
        return f"{address}?v={self._files[address].digest}"

    def find(self, address: str) -> Asset | None:
        """None if there is no such file; nothing is looked up on the disk."""
        return self._files.get(address)


@get(["/static/{name:str}", "/vendor/{name:str}"], name="assets", sync_to_thread=False)
def serve_asset(
    request: Request[object, object, object],  # type: ignore[type-var]
    assets: NamedDependency[Assets],
    name: Annotated[str, PathParameter()],  # noqa: ARG001  (the whole path is the key)
) -> Response[bytes]:
    """A file, or 304 if the browser has it."""
    asset = assets.find(request.scope["path"])
    if asset is None:
        raise NotFoundException
    fresh = request.query_params.get("v") == asset.digest
    headers = {
        "ETag": f'"{asset.digest}"',
        "Cache-Control": FOREVER if fresh else ASK_AGAIN,
        "Vary": "Accept-Encoding",
    }
    if asset.digest in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.gzipped, headers=headers, media_type=asset.media_type)
    return Response(asset.body, headers=headers, media_type=asset.media_type)


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    digest = blake2s(body, digest_size=8).hexdigest()
    return Asset(body, gzip.compress(body, 9, mtime=0), TYPES[path.suffix], digest)


def _package_dir(name: str) -> Path:
    """Where an installed package lies, without importing it: this one would import Django."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"{name} is not installed: run `make setup`")
    return Path(next(iter(spec.submodule_search_locations)))
