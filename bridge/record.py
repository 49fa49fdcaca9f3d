"""Values of named fields: what the rooms hand each other.

In: a class with annotated fields, as for a dataclass. Out: the same class with slots, equality, a
hash and a repr, made in a quarter of the time that a frozen dataclass takes: a daemon loads two
hundred of them whenever it starts, and each instance costs a third.

It *is* a dataclass (`replace`, `asdict`, `fields` work), and frozen in the eyes of the type
checker, which every line of ours passes. What a modder's code is handed stays a frozen dataclass:
nobody checks that code.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def record(kind: type[T]) -> type[T]: ...


@overload
def record(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(kind: type[Any] | None = None, *, kw_only: bool = False) -> Any:
    """Make a class a value of its fields; nothing of it is assigned to after it was made."""

    def made(kind: type[Any]) -> type[Any]:
        # Python writes and compiles each method that it makes; of these, only `__init__` must be.
        plain = dataclass(repr=False, eq=False, slots=True, kw_only=kw_only)(kind)
        for name, method in _methods(plain).items():
            if kind.__dict__.get(name) is None:  # what the class says itself stands
                setattr(plain, name, method)
        return plain

    return made if kind is None else made(kind)


def _methods(kind: type[Any]) -> dict[str, Callable[..., Any]]:
    """Return what a frozen dataclass would have; all of it reads the fields through one getter."""
    compared = [each.name for each in fields(kind) if each.compare]
    shown = [each.name for each in fields(kind) if each.repr]
    read: Callable[[Any], Any] = attrgetter(*compared) if compared else lambda _: ()

    def equals(self: Any, other: object) -> Any:
        return read(self) == read(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(read(self))

    @recursive_repr()
    def shows(self: Any) -> str:
        told = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({told})"

    return {"__eq__": equals, "__hash__": hashed, "__repr__": shows}
