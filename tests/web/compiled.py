"""Templates are compiled once in a process, however many apps there are."""

from jinja2.bccache import Bucket, BytecodeCache


class Compiled(BytecodeCache):
    """Templates as Python reads them, for all sites of a process."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """As Jinja asks; a bucket that was not seen stays empty."""
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """As Jinja asks."""
        self._code[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()
