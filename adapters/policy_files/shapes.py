"""Plain TOML values to the shapes of a policy, with every mismatch noted by its path."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Final

from msgspec import Struct, inspect

from domain.policy import PolicyFault
from domain.policy.durations import read

# Of the right kind, and no more: it only keeps a place until the faults are told.
PLACES: Final[Mapping[type[inspect.Type], Any]] = {
    inspect.IntType: 1,
    inspect.StrType: "place",
    inspect.BoolType: False,
    inspect.TimeDeltaType: timedelta(hours=1),
    inspect.VarTupleType: (),
}


class Reader:
    """Reads values as the types of msgspec's own description say; `faults` holds what was wrong."""

    def __init__(self) -> None:
        self.faults: list[PolicyFault] = []
        self._kinds: dict[type[inspect.Type], Callable[[Any, Any, str], Any]] = {
            inspect.IntType: self._number,
            inspect.StrType: self._text,
            inspect.BoolType: self._truth,
            inspect.TimeDeltaType: self._duration,
            inspect.EnumType: self._word,
            inspect.VarTupleType: self._list,
            inspect.DictType: self._by_key,
            inspect.StructType: self._shape,
            inspect.UnionType: self._one_of,
        }

    def fields(
        self, shape: type[Struct], table: Mapping[str, Any], path: str, stand_in: Any = None
    ) -> dict[str, Any]:
        """What to make a `shape` of; fields that cannot be read are as in `stand_in`, or a place
        of their kind."""
        known = inspect.type_info(shape)
        assert isinstance(known, inspect.StructType)
        self._strangers(known, table, path)
        made: dict[str, Any] = {}
        for field in known.fields:
            at = _under(path, field.name)
            before = len(self.faults)
            if field.name in table:
                made[field.name] = self._read(field.type, table[field.name], at)
            elif field.required:
                self._fault(at, "This field is missing.")
                made[field.name] = _place(field.type)
            if stand_in is not None and len(self.faults) > before and _is_plain(field.type):
                made[field.name] = getattr(stand_in, field.name)
        return made

    def _fault(self, path: str, message: str) -> None:
        self.faults.append(PolicyFault(path, message))

    def _strangers(self, known: inspect.StructType, table: Mapping[str, Any], path: str) -> None:
        names = [field.name for field in known.fields]
        for name in table:
            if name not in (*names, known.tag_field):
                near = get_close_matches(name, names, 1)
                hint = f"; did you mean {near[0]}?" if near else "."
                self._fault(_under(path, name), f"There is no such field{hint}")

    def _read(self, kind: inspect.Type, value: Any, path: str) -> Any:
        return self._kinds[type(kind)](kind, value, path)

    def _refused(self, kind: inspect.Type, path: str, message: str) -> Any:
        self._fault(path, message)
        return _place(kind)

    def _number(self, kind: inspect.Type, value: Any, path: str) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        return self._refused(kind, path, "Write a whole number.")

    def _text(self, kind: inspect.Type, value: Any, path: str) -> Any:
        if isinstance(value, str):
            return value
        return self._refused(kind, path, "Write a text in quotes.")

    def _truth(self, kind: inspect.Type, value: Any, path: str) -> Any:
        if isinstance(value, bool):
            return value
        return self._refused(kind, path, "Write true or false.")

    def _duration(self, kind: inspect.Type, value: Any, path: str) -> Any:
        try:
            return read(value if isinstance(value, str) else "")
        except ValueError as error:
            return self._refused(kind, path, str(error))

    def _word(self, kind: inspect.EnumType, value: Any, path: str) -> Any:
        words = [str(word) for word in kind.cls]
        if isinstance(value, str) and value in words:
            return kind.cls(value)
        return self._refused(kind, path, f"Choose one of {', '.join(words)}.")

    def _list(self, kind: inspect.VarTupleType, value: Any, path: str) -> Any:
        if not isinstance(value, list):
            return self._refused(kind, path, "Write a list in square brackets.")
        return tuple(
            self._read(kind.item_type, one, f"{path}[{index}]") for index, one in enumerate(value)
        )

    def _by_key(self, kind: inspect.DictType, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return self._refused(kind, path, "Write a table.")
        made = {}
        for name, one in value.items():
            before = len(self.faults)
            key = self._read(kind.key_type, name, f"{path}.{name}")
            if len(self.faults) == before:
                made[key] = self._read(kind.value_type, one, f"{path}.{name}")
        return made

    def _shape(self, kind: inspect.StructType, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return self._refused(kind, path, "Write a table.")
        return kind.cls(**self.fields(kind.cls, value, path))

    def _one_of(self, kind: inspect.UnionType, value: Any, path: str) -> Any:
        """A value that may be left out, or one of several tables told apart by a field."""
        before = len(self.faults)
        real = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        if len(real) == 1:
            made = self._read(real[0], value, path)
            return made if len(self.faults) == before else None
        tables = {one.tag: one for one in real if isinstance(one, inspect.StructType)}
        if not isinstance(value, dict):
            return self._refused(kind, path, "Write a table.")
        tag_field = next(iter(tables.values())).tag_field
        told = value.get(tag_field)
        if not isinstance(told, str) or told not in tables:
            words = f"Choose one of {', '.join(str(tag) for tag in tables)}."
            return self._refused(kind, f"{path}.{tag_field}", words)
        return self._shape(tables[told], value, path)


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _is_plain(kind: inspect.Type) -> bool:
    return not isinstance(
        kind, (inspect.StructType, inspect.DictType, inspect.VarTupleType, inspect.UnionType)
    )


def _place(kind: inspect.Type) -> Any:
    match kind:
        case inspect.EnumType():
            return next(iter(kind.cls))
        case inspect.DictType():
            return {}
        case inspect.UnionType():
            return None
        case inspect.StructType():
            required = (field for field in kind.fields if field.required)
            return kind.cls(**{field.name: _place(field.type) for field in required})
        case _:
            return PLACES[type(kind)]
