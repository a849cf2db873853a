"""What a judge needs: a way to say no, and tables that say what changed."""

from collections.abc import MutableMapping
from typing import Any, Generic, TypeVar

from tests.simulation.laws import Law

Key = TypeVar("Key")
Value = TypeVar("Value")


class Broken(BaseException):
    """A law does not hold. Not an Exception: no job may take it for a failure of its own."""


class Rows(dict[Key, Value], Generic[Key, Value]):
    """A table that remembers which of its rows were touched since it was asked last."""

    def __init__(self, rows: MutableMapping[Key, Value]) -> None:
        super().__init__(rows)
        self._touched: dict[Key, None] = {}

    def __setitem__(self, key: Key, value: Value) -> None:
        self._touched[key] = None
        super().__setitem__(key, value)

    def pop(self, key: Key, *default: Any) -> Any:
        self._touched[key] = None
        return super().pop(key, *default)

    def touched(self) -> dict[Key, None]:
        """The keys, in their order; forgotten by asking."""
        keys, self._touched = self._touched, {}
        return keys


def demand(holds: bool, law: Law, sentence: str, *about: object) -> None:
    """Raises Broken, naming the law and what it says here."""
    if not holds:
        raise Broken(f"{law}: {sentence}: {', '.join(map(str, about))}")
