"""Everything the double knows: plain JSON documents in the current shape, found by id or by owner.

A key that starts with an underscore is the double's own and never leaves it.
"""

import gc
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from rehearsal.stripe_double.journal import Journal

Document = dict[str, Any]

# What lists can be narrowed by without reading everything of the account.
INDEXED: Final[dict[str, tuple[str, ...]]] = {
    "payment_method": ("customer",),
    "subscription": ("customer",),
    "invoice": ("customer", "_subscription"),
    "checkout.session": ("customer", "setup_intent"),
    "payment_intent": ("customer",),
    "setup_intent": ("customer",),
    "charge": ("customer", "payment_intent"),
    "refund": ("charge",),
    "dispute": ("charge",),
    "invoice_payment": ("invoice", "_payment_intent"),
    "event": ("_about",),
}
_Place = tuple[str, str, str, Any]


class Store:
    """Documents in memory, written through to SQLite when a file is given."""

    def __init__(self, path: Path | None = None) -> None:
        self._by_id: dict[str, dict[str, Document]] = {}
        self._places: dict[_Place, list[Document]] = {}
        self._placed: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._changed: dict[tuple[str, str], Document] = {}
        self._dropped: dict[tuple[str, str], None] = {}
        self._seq = 0
        self._journal = Journal(path) if path else None
        gc.disable()  # what is read back is all alive
        for document in self._journal.load() if self._journal else ():
            self._add(document)
            self._seq = max(self._seq, int(document["_seq"]))
        gc.enable()

    def insert(self, document: Document) -> Document:
        """Take in a new document and number it; its `object`, `id` and `_account` stay for ever."""
        self._seq += 1
        document["_seq"] = self._seq
        self._add(document)
        self.touch(document)
        return document

    def touch(self, document: Document) -> None:
        """Note that a document changed: its indexes follow and it will be written."""
        key = (document["object"], document["id"])
        if document["object"] in INDEXED:
            self._place(document)
        if self._journal:
            self._changed[key] = document

    def drop(self, document: Document) -> None:
        """Forget a document."""
        key = (document["object"], document["id"])
        self._by_id[key[0]].pop(key[1], None)
        for place in _places_of(document, self._placed.pop(key, ())):
            _remove(self._places[place], document)
        self._changed.pop(key, None)
        if self._journal:
            self._dropped[key] = None

    def get(self, kind: str, key: str | None) -> Document | None:
        """A document of any account, or None."""
        return self._by_id.get(kind, {}).get(key) if key else None

    def all(self, kind: str) -> list[Document]:
        """Every document of a kind, oldest first."""
        return list(self._by_id.get(kind, {}).values())

    def count(self, kind: str) -> int:
        """How many documents of a kind there are."""
        return len(self._by_id.get(kind, {}))

    def newest_first(
        self, kind: str, account: str, field: str = "", value: Any = None, after: int | None = None
    ) -> Iterator[Document]:
        """An account's documents, the newest first, only those numbered below `after`."""
        found = self._places.get((kind, account, field, value), [])
        end = len(found) if after is None else bisect_left(found, after, key=_seq_of)
        for position in range(end - 1, -1, -1):
            yield found[position]

    def flush(self) -> None:
        """Write what changed since the last time."""
        if self._journal and (self._changed or self._dropped):
            self._journal.write(list(self._changed.values()), list(self._dropped))
            self._changed.clear()
            self._dropped.clear()

    def close(self) -> None:
        """Write the rest and give the file back."""
        self.flush()
        if self._journal:
            self._journal.close()

    def _add(self, document: Document) -> None:
        self._by_id.setdefault(document["object"], {})[document["id"]] = document
        self._place(document)

    def _place(self, document: Document) -> None:
        key = (document["object"], document["id"])
        values = tuple([document.get(name) for name in INDEXED.get(key[0], ())])
        known = self._placed.get(key)
        if known == values:
            return
        present = _places_of(document, known) if known is not None else ()
        wanted = _places_of(document, values)
        for place in present:
            if place not in wanted:
                _remove(self._places[place], document)
        for place in wanted:
            if place not in present:
                _add_in_order(self._places.setdefault(place, []), document)
        self._placed[key] = values


def _seq_of(document: Document) -> int:
    return int(document["_seq"])


def _places_of(document: Document, values: tuple[Any, ...]) -> tuple[_Place, ...]:
    kind, account = document["object"], document["_account"]
    named = zip(INDEXED.get(kind, ()), values, strict=True)
    owned = [(kind, account, name, value) for name, value in named if value]
    return ((kind, account, "", None), *owned)


def _add_in_order(found: list[Document], document: Document) -> None:
    if not found or _seq_of(found[-1]) < _seq_of(document):
        found.append(document)
    else:
        found.insert(bisect_left(found, _seq_of(document), key=_seq_of), document)


def _remove(found: list[Document], document: Document) -> None:
    position = bisect_left(found, _seq_of(document), key=_seq_of)
    if position < len(found) and found[position] is document:
        del found[position]
